// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/api/node_text.hpp>

#include <troupe/net/centrifuge/internal/json_object.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace troupe::net::api {

using centrifuge::internal::object;
using centrifuge::internal::output;
using nlohmann::json;

// Found by their types.

static void write(output& out, const disconnect_notice& value) {
  object o(out);
  o.member("code", value.code);
  o.member("reason", value.reason);
}

namespace {

void write_override(object& o, output& out, std::string_view name, const std::optional<bool>& value) {
  if (!value) return;
  o.begin(name);
  object inner(out);
  inner.always("value", *value);
}

// Writes the members of a request.
struct fields_writer {
  object& o;
  output& out;

  template <class T>
  void operator()(std::string_view name, const T& value) const {
    o.member(name, value);
  }
  void operator()(std::string_view name, const std::optional<disconnect_notice>& value) const {
    if (!value) return;
    o.begin(name);
    write(out, *value);
  }
  void operator()(std::string_view name, const std::optional<stream_position>& value) const {
    if (!value) return;
    o.begin(name);
    object inner(out);
    inner.member("offset", value->offset);
    inner.member("epoch", value->epoch);
  }
  void operator()(std::string_view name, const option_overrides& value) const {
    if (!value.any()) return;
    o.begin(name);
    object inner(out);
    write_override(inner, out, "presence", value.presence);
    write_override(inner, out, "join_leave", value.join_leave);
    write_override(inner, out, "force_push_join_leave", value.force_push_join_leave);
    write_override(inner, out, "force_positioning", value.force_positioning);
    write_override(inner, out, "force_recovery", value.force_recovery);
  }
};

template <class Request>
std::string text_of(const Request& r) {
  output out;
  {
    object o(out);
    Request::fields(r, fields_writer{o, out});
  }
  return std::move(out.text);
}

const failure* failure_among(const std::vector<answer>& said) {
  for (const auto& each : said)
    if (const auto* why = std::get_if<failure>(&each)) return why;
  return nullptr;
}

} // namespace

std::string request_text(const subscribe_request& r) { return text_of(r); }
std::string request_text(const unsubscribe_request& r) { return text_of(r); }
std::string request_text(const disconnect_request& r) { return text_of(r); }
std::string request_text(const refresh_request& r) { return text_of(r); }
std::string request_text(const channels_request& r) { return text_of(r); }
std::string request_text(const info_request& r) { return text_of(r); }
std::string request_text(const connections_request& r) { return text_of(r); }

answer answer_of(std::string_view enveloped) {
  const auto parsed = json::parse(enveloped, nullptr, false);
  if (!parsed.is_object()) return error_code::internal;
  if (const auto result = parsed.find("result"); result != parsed.end())
    return result->dump(-1, ' ', false, json::error_handler_t::replace);
  const auto why = parsed.find("error");
  if (why == parsed.end() || !why->is_object()) return error_code::internal;
  return failure{why->value("code", static_cast<std::uint32_t>(error_code::internal)), why->value("message", std::string{})};
}

std::string with_cursor_of_node(const std::string& page, const std::string& uid, const std::string& next) {
  auto all = json::parse(page);
  if (const auto cursor = all.find("cursor"); cursor != all.end()) *cursor = uid + '/' + cursor->get<std::string>();
  else if (!next.empty()) all["cursor"] = next + '/';
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

answer merged(std::string_view method, const std::vector<answer>& said) {
  if (const auto* why = failure_among(said)) return *why;
  if (said.size() == 1) return said.front();
  if (method == channels_request::method) {
    channels_result all;
    for (const auto& each : said) {
      const auto parsed = json::parse(std::get<std::string>(each));
      for (const auto& [channel, figures] : parsed.at("channels").items())
        all.channels[channel].clients += figures.at("num_clients").get<std::uint64_t>();
    }
    return to_json(all);
  }
  if (method == info_request::method) {
    auto all = json::array();
    for (const auto& each : said) {
      const auto parsed = json::parse(std::get<std::string>(each));
      for (const auto& node : parsed.at("nodes")) all.push_back(node);
    }
    return json{{"nodes", std::move(all)}}.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return said.front(); // the same for all: {}
}

} // namespace troupe::net::api
