// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/events/event_text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace troupe::net::events {

namespace {

using json = nlohmann::ordered_json;
using troupe::centrifuge::channel_vacated;

std::int64_t milliseconds(std::chrono::system_clock::time_point t) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

json begin(const char* type, std::chrono::system_clock::time_point when, const event_number& number) {
  return {{"id", fmt::format("{}-{}", number.run, number.sequence)},
          {"sequence", number.sequence},
          {"type", type},
          {"time", milliseconds(when)}};
}

// What clients say may be no UTF-8.
std::string dump(const json& what) { return what.dump(-1, ' ', false, json::error_handler_t::replace); }

/// Without what makes it longer than the journal takes.
std::string text_of(json what) {
  auto text = dump(what);
  for (const auto* field : {"labels", "groups", "text", "user"}) {
    if (text.size() <= journal::max_text_bytes) break;
    if (what.erase(field) == 0) continue;
    what["shortened"] = true;
    text = dump(what);
  }
  return text;
}

void add(json& to, const connection_profile& who) {
  to["client"] = who.id.to_string();
  to["user"] = who.user;
  to["transport"] = to_string(who.origin.over);
  to["address"] = who.origin.peer;
  if (!who.groups.empty()) to["groups"] = who.groups;
  if (!who.labels.empty()) to["labels"] = who.labels;
}

std::string_view name_of(initiator by) {
  switch (by) {
    case initiator::client: return "client";
    case initiator::server: return "server";
    case initiator::network: return "network";
  }
  return "server";
}

void add(json& to, const connection_down& end) {
  const auto& row = info(end.how.reason);
  to["reason"] = row.name;
  to["by"] = name_of(row.by);
  if (end.how.code_sent != 0) to["code_sent"] = end.how.code_sent;
  if (end.how.code_received != 0) to["code_received"] = end.how.code_received;
  if (!end.how.text.empty()) to["text"] = end.how.text;
  to["uptime_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(end.figures.uptime).count();
}

} // namespace

std::optional<journal::entry> entry_of(const connection_event& what, const event_number& number) {
  if (const auto* up = std::get_if<connection_up>(&what)) {
    auto told = begin("connection_up", up->when, number);
    add(told, *up->who);
    return journal::entry{effect::opens, up->who->id.to_string(), text_of(std::move(told))};
  }
  if (const auto* down = std::get_if<connection_down>(&what)) {
    auto told = begin("connection_down", down->when, number);
    add(told, *down->who);
    add(told, *down);
    return journal::entry{effect::ends, down->who->id.to_string(), text_of(std::move(told))};
  }
  return std::nullopt;
}

journal::entry entry_of(const troupe::centrifuge::channel_change& what, const event_number& number) {
  const auto member = [&](const char* type, const auto& m) {
    auto told = begin(type, m.when, number);
    told["channel"] = m.channel;
    told["client"] = m.client;
    told["user"] = m.user;
    return text_of(std::move(told));
  };
  if (const auto* joined = std::get_if<troupe::centrifuge::member_joined>(&what))
    return {.text = member("member_joined", *joined)};
  if (const auto* left = std::get_if<troupe::centrifuge::member_left>(&what))
    return {.text = member("member_left", *left)};
  if (const auto* occupied = std::get_if<troupe::centrifuge::channel_occupied>(&what)) {
    auto told = begin("channel_occupied", occupied->when, number);
    told["channel"] = occupied->channel;
    return {.text = text_of(std::move(told))};
  }
  const auto& vacated = std::get<channel_vacated>(what);
  auto told = begin("channel_vacated", vacated.when, number);
  told["channel"] = vacated.channel;
  told["reason"] = vacated.why == channel_vacated::cause::left ? "left" : "failed";
  return {.text = text_of(std::move(told))};
}

journal::entry lost_entry(const std::string& connection, const std::string& up,
                          std::chrono::system_clock::time_point now, const event_number& number) {
  auto told = begin("connection_down", now, number);
  const auto known = json::parse(up, nullptr, false);
  for (const auto* field : {"client", "user", "transport", "address", "groups", "labels", "shortened"})
    if (known.is_object() && known.contains(field)) told[field] = known[field];
  told["client"] = connection;
  told["reason"] = "server_died";
  told["by"] = "server";
  return {effect::ends, connection, text_of(std::move(told))};
}

std::string delivery_body(std::string_view node, const std::vector<std::string>& events) {
  return fmt::format(R"({{"node":{},"events":[{}]}})", json(node).dump(), fmt::join(events, ","));
}

} // namespace troupe::net::events
