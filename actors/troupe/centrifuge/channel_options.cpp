// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/channel_options.hpp>

#include <troupe/centrifuge/channel_name.hpp>

#include <fmt/format.h>

#include <regex>

namespace troupe::centrifuge {

history_options channel_options::history() const noexcept {
  history_options result{history_size, history_ttl, {}};
  result.meta_ttl = history_meta_ttl.count() > 0 ? history_meta_ttl : history_options{}.meta_ttl;
  return result;
}

channel_options channel_options::of_patterns() const {
  auto result = *this;
  result.presence = result.join_leave = result.force_push_join_leave = false;
  result.history_size = 0;
  result.history_ttl = result.history_meta_ttl = {};
  result.force_positioning = result.allow_positioning = false;
  result.force_recovery = result.allow_recovery = result.auto_cache_recover = false;
  result.history_persistent = false;
  result.allowed_delta_types.clear();
  result.delta_publish = false;
  return result;
}

std::vector<std::string> validate(const channel_options& o) {
  std::vector<std::string> wrong;
  const auto need = [&](bool holds, std::string_view sentence) {
    if (!holds) wrong.emplace_back(sentence);
  };
  const auto is_negative = [](std::chrono::seconds span) { return span.count() < 0; };

  need(!is_negative(o.history_ttl), "history_ttl must not be negative");
  need(!is_negative(o.history_meta_ttl), "history_meta_ttl must not be negative");
  need(o.history_size == 0 || o.history_ttl.count() != 0, "history_size needs history_ttl");
  need(o.history_ttl.count() <= 0 || o.history_size > 0, "history_ttl needs history_size");
  if (o.has_history() && !is_negative(o.history_meta_ttl))
    need(o.history_ttl <= o.history().meta_ttl, "history_ttl must not exceed history_meta_ttl");

  need(!o.history_persistent || o.has_history(), "history_persistent needs history_size and history_ttl");
  need(!o.force_positioning || o.has_history(),
       "force_positioning needs history_size and history_ttl");
  need(!o.force_recovery || o.has_history(), "force_recovery needs history_size and history_ttl");
  need(!o.auto_cache_recover || (o.force_recovery && o.force_recovery_mode == recovery_mode::cache),
       "auto_cache_recover needs force_recovery and force_recovery_mode \"cache\"");
  for (const auto& type : o.allowed_delta_types)
    need(type == "fossil", fmt::format("allowed_delta_types has unknown type \"{}\"", type));
  need(!o.delta_publish || !o.allowed_delta_types.empty(),
       "delta_publish needs allowed_delta_types");
  // These take out what is queued already, and a later delta may be against it.
  need(!o.delta_publish || (o.slow_consumer != overflow::drop_oldest &&
                            o.slow_consumer != overflow::latest_per_key),
       "delta_publish needs slow_consumer \"disconnect\" or \"drop-newest\"");
  need(!o.force_push_join_leave || o.join_leave, "force_push_join_leave needs join_leave");
  try {
    name_rule rule(o.channel_regex);
  } catch (const std::regex_error& error) {
    wrong.push_back(
        fmt::format("channel_regex \"{}\" is malformed: {}", o.channel_regex, error.what()));
  }
  return wrong;
}

std::optional<recovery_mode> parse_recovery_mode(std::string_view text) {
  if (text == "stream") return recovery_mode::stream;
  if (text == "cache") return recovery_mode::cache;
  return std::nullopt;
}

std::optional<data_format> parse_data_format(std::string_view text) {
  if (text.empty()) return data_format::not_empty;
  if (text == "json") return data_format::json;
  if (text == "json_object") return data_format::json_object;
  if (text == "binary") return data_format::binary;
  return std::nullopt;
}

bool accepts(data_format format, const payload& data) {
  switch (format) {
  case data_format::not_empty: return !data.empty();
  case data_format::json: return data.is_json;
  case data_format::json_object: {
    const auto begin = data.bytes.find_first_not_of(" \t\r\n");
    return data.is_json && begin != std::string::npos && data.bytes[begin] == '{';
  }
  case data_format::binary: return true;
  }
  return false;
}

} // namespace troupe::centrifuge
