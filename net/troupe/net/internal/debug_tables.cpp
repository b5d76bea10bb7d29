// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/debug_tables.hpp>

#include <troupe/inspect/top.hpp>
#include <troupe/net/internal/request_text.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace troupe::net {

namespace {

using json = nlohmann::ordered_json;
using inspection::actor_kind;
using inspection::row;

constexpr std::string_view initiators[] = {"client", "server", "network"};

std::string text_of(const json& j) {
  return j.dump(2, ' ', false, json::error_handler_t::replace) + "\n"; // names are clients' text
}

std::string utc(std::chrono::system_clock::time_point t) {
  const auto whole = std::chrono::floor<std::chrono::milliseconds>(t);
  const auto ms = whole.time_since_epoch() % std::chrono::seconds{1};
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     ms.count());
}

/// A whole number is shown as one.
json number(double value) {
  if (value >= 0 && value < 9e15 && value == static_cast<double>(static_cast<std::uint64_t>(value)))
    return static_cast<std::uint64_t>(value);
  return value;
}

/// Reads a query's parameters and remembers the first that is wrong.
class query_reader {
public:
  explicit query_reader(std::string_view target) : target_(target) {}

  std::optional<std::string> text(std::string_view name) const { return parameter(target_, name); }

  std::size_t count(std::string_view name, std::size_t by_default, std::size_t most) {
    const auto value = text(name);
    if (!value) return by_default;
    std::size_t n = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), n);
    if (error != std::errc{} || end != value->data() + value->size() || n > most)
      fail(fmt::format("{} takes a number up to {}", name, most));
    return n;
  }

  /// The index of what the parameter names.
  template <class Names>
  std::optional<std::size_t> one_of(std::string_view name, const Names& names) {
    const auto value = text(name);
    if (!value) return std::nullopt;
    const auto found = std::ranges::find(names, *value);
    if (found != std::end(names)) return static_cast<std::size_t>(found - std::begin(names));
    fail(fmt::format("{} takes one of {}", name, fmt::join(names, ", ")));
    return std::nullopt;
  }

  std::optional<client_id> id(std::string_view name) {
    const auto value = text(name);
    if (!value) return std::nullopt;
    const auto parsed_id = client_id::parse(*value);
    if (!parsed_id) fail(fmt::format("{} takes the ID of a connection", name));
    return parsed_id;
  }

  void fail(std::string text) {
    if (!wrong) wrong = bad_query{std::move(text)};
  }

  std::optional<bad_query> wrong;

private:
  std::string_view target_;
};

json row_json(const row& r) {
  json j;
  j["id"] = r.id;
  j["kind"] = inspection::to_string(r.kind);
  j["name"] = r.name;
  j["loop"] = r.where == inspection::place::loop ? json(r.loop) : json(nullptr);
  if (!r.title.empty()) j["title"] = r.title;
  if (r.who) {
    j["client"] = r.who->id.to_string();
    j["user"] = r.who->user;
    j["peer"] = r.who->origin.peer;
    j["transport"] = to_string(r.who->origin.over);
    j["tls"] = r.who->origin.encrypted;
    j["opened"] = utc(r.who->opened);
    j["groups"] = r.who->groups;
    j["labels"] = r.who->labels;
  }
  j["last_message"] = r.last_message_name();
  for (const auto& f : inspection::fields())
    if (has(f, r.kind)) j[std::string{f.name}] = number(f.value(r));
  return j;
}

/// Whether a row is meant by user, id, name and loop of the query.
std::function<bool(const row&)> filter_of(query_reader& query) {
  const auto user = query.text("user");
  const auto id = query.id("id");
  const auto name = query.text("name");
  const auto loop = query.text("loop") ? std::optional{query.count("loop", 0, 65535)} : std::nullopt;
  if (!user && !id && !name && !loop) return {};
  return [=](const row& r) {
    return (!user || (r.who && r.who->user == *user)) && (!id || (r.who && r.who->id == *id)) &&
           (!name || r.title == *name) && (!loop || (r.where == inspection::place::loop && r.loop == *loop));
  };
}

} // namespace

parsed<std::string> actors_json(const inspection::observatory& of, std::optional<actor_kind> kind,
                                std::string_view target) {
  query_reader query{target};
  inspection::top_query wanted{.kind = kind};
  if (!kind)
    if (const auto of_kind = query.one_of("kind", inspection::actor_kind_names))
      wanted.kind = static_cast<actor_kind>(*of_kind);
  std::vector<std::string_view> sortable;
  for (const auto& f : inspection::fields())
    if (!wanted.kind || has(f, *wanted.kind)) sortable.push_back(f.name);
  if (const auto by = query.one_of("sort", sortable)) wanted.by = inspection::find_field(sortable[*by]);
  constexpr std::string_view orders[] = {"desc", "asc"};
  if (query.one_of("order", orders) == 1) wanted.in = inspection::order::ascending;
  wanted.offset = query.count("offset", 0, inspection::max_rows - max_page);
  wanted.limit = query.count("limit", 50, max_page);
  wanted.where = filter_of(query);
  if (query.wrong) return std::move(*query.wrong);
  const auto page = inspection::top(of, wanted);
  json j;
  j["matching"] = page.matching;
  j["offset"] = wanted.offset;
  j["rows"] = json::array();
  for (const auto& r : page.rows) j["rows"].push_back(row_json(r));
  return text_of(j);
}

std::string loops_json(const inspection::observatory& of) {
  json j;
  j["rows"] = json::array();
  const auto seconds = [](std::chrono::nanoseconds t) { return std::chrono::duration<double>{t}.count(); };
  for (const auto& r : of.loops()) {
    json one;
    one["loop"] = r.loop;
    one["age_s"] = seconds(r.age);
    one["cpu_s"] = seconds(r.busy);
    one["load"] = r.age.count() == 0 ? 0 : seconds(r.busy) / seconds(r.age);
    one["turns"] = r.turns;
    one["wake_ups"] = r.wake_ups;
    one["resumes"] = r.resumes;
    one["send_batches"] = r.batches;
    one["sends"] = r.batched_sends;
    one["sends_per_batch"] =
      r.batches == 0 ? 0 : static_cast<double>(r.batched_sends) / static_cast<double>(r.batches);
    one["longest_turn_ms"] = seconds(r.longest_turn) * 1000;
    one["actors"] = r.actors;
    j["rows"].push_back(std::move(one));
  }
  return text_of(j);
}

parsed<closed_query> closed_query_of(std::string_view target, std::chrono::system_clock::time_point now) {
  query_reader query{target};
  closed_query wanted;
  std::vector<std::string_view> reasons;
  for (const auto& info : close_reasons) reasons.push_back(info.name);
  if (const auto reason = query.one_of("reason", reasons))
    wanted.reason = static_cast<close_reason>(*reason);
  if (const auto by = query.one_of("by", initiators)) wanted.by = static_cast<initiator>(*by);
  wanted.user = query.text("user");
  wanted.id = query.id("id");
  if (const auto last = query.text("last")) {
    long n = 0;
    const auto [end, error] = std::from_chars(last->data(), last->data() + last->size(), n);
    const std::string_view unit{end, static_cast<std::size_t>(last->data() + last->size() - end)};
    const auto in_seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
    if (error != std::errc{} || in_seconds == 0 || n < 0 || n > 1'000'000)
      query.fail("last takes a duration such as 90s, 15m or 2h");
    else wanted.since = now - std::chrono::seconds{n * in_seconds};
  }
  wanted.offset = query.count("offset", 0, 1'000'000);
  wanted.limit = query.count("limit", 50, max_page);
  if (query.wrong) return std::move(*query.wrong);
  return wanted;
}

std::string closed_json(const closed_page& page, const closed_counts& counts) {
  const auto ms = [](std::chrono::nanoseconds t) {
    return number(std::chrono::duration<double, std::milli>{t}.count());
  };
  json j;
  j["matching"] = page.matching;
  j["kept"] = page.kept;
  j["ended"] = page.ended;
  j["missed"] = page.missed;
  j["by_reason"] = json::object();
  for (const auto& row : close_reasons)
    if (const auto n = counts.by_reason[static_cast<std::size_t>(row.reason)]; n != 0)
      j["by_reason"][std::string{row.name}] = n;
  j["rows"] = json::array();
  for (const auto& one : page.rows) {
    json r;
    r["client"] = one.who->id.to_string();
    r["user"] = one.who->user;
    r["peer"] = one.who->origin.peer;
    r["transport"] = to_string(one.who->origin.over);
    r["closed"] = utc(one.when);
    r["reason"] = info(one.how.reason).name;
    r["by"] = initiators[static_cast<std::size_t>(info(one.how.reason).by)];
    r["code_sent"] = one.how.code_sent;
    r["code_received"] = one.how.code_received;
    r["text"] = one.how.text;
    r["uptime_ms"] = ms(one.figures.uptime);
    r["queue_bytes"] = one.figures.queue_bytes;
    r["queue_msgs"] = one.figures.queue_messages;
    r["rtt_ms"] = ms(one.figures.rtt);
    r["bytes_in"] = one.figures.bytes_in;
    r["bytes_out"] = one.figures.bytes_out;
    r["msgs_in"] = one.figures.messages_in;
    r["msgs_out"] = one.figures.messages_out;
    r["dropped"] = one.figures.dropped;
    j["rows"].push_back(std::move(r));
  }
  return text_of(j);
}

} // namespace troupe::net
