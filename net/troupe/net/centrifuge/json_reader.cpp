// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "internal/json.hpp"
#include "internal/json_values.hpp"

#include <troupe/net/centrifuge/codecs.hpp>

#include <simdjson.h>

#include <concepts>
#include <map>
#include <utility>
#include <vector>

namespace troupe::net::centrifuge::internal {

using namespace troupe::centrifuge;

void read(ondemand::value from, filter_node& to) {
  read_object(from.get_object(), member{"op", to.op}, member{"key", to.key}, member{"cmp", to.cmp},
              member{"val", to.val}, member{"vals", to.vals}, member{"nodes", to.nodes});
}

void read(ondemand::value from, stream_position& to) {
  read_object(from.get_object(), member{"offset", to.offset}, member{"epoch", to.epoch});
}

/// {"value":true}
struct override_value {
  std::optional<bool>& to;
};
static void read(ondemand::value from, override_value& value) {
  read_object(from.get_object(), member{"value", value.to});
}

void read(ondemand::value from, option_overrides& to) {
  override_value presence{to.presence};
  override_value join_leave{to.join_leave};
  override_value push_join_leave{to.force_push_join_leave};
  override_value positioning{to.force_positioning};
  override_value recovery{to.force_recovery};
  read_object(from.get_object(), member{"presence", presence}, member{"join_leave", join_leave},
              member{"force_push_join_leave", push_join_leave},
              member{"force_positioning", positioning}, member{"force_recovery", recovery});
}

void read(ondemand::value from, subscribe_request& to) {
  read_object(from.get_object(), member{"channel", to.channel}, member{"token", to.token},
              member{"recover", to.recover}, member{"epoch", to.epoch}, member{"offset", to.offset},
              member{"data", to.data}, member{"positioned", to.positioned},
              member{"recoverable", to.recoverable}, member{"join_leave", to.join_leave},
              member{"delta", to.delta}, member{"tf", to.filter}, member{"flag", to.flag},
              member{"type", to.type});
}

namespace {

using internal::read; // and those of this file

void read(ondemand::value from, connect_request& to) {
  read_object(from.get_object(), member{"token", to.token}, member{"data", to.data},
              member{"subs", to.subs}, member{"name", to.name}, member{"version", to.version},
              member{"headers", to.headers});
}

void read(ondemand::value from, unsubscribe_request& to) {
  read_object(from.get_object(), member{"channel", to.channel});
}

void read(ondemand::value from, publish_request& to) {
  read_object(from.get_object(), member{"channel", to.channel}, member{"data", to.data},
              member{"type", to.type});
}

void read(ondemand::value from, presence_request& to) {
  read_object(from.get_object(), member{"channel", to.channel});
}

void read(ondemand::value from, presence_stats_request& to) {
  read_object(from.get_object(), member{"channel", to.channel});
}

void read(ondemand::value from, history_request& to) {
  read_object(from.get_object(), member{"channel", to.channel}, member{"limit", to.limit},
              member{"since", to.since}, member{"reverse", to.reverse});
}

void read(ondemand::value from, rpc_request& to) {
  read_object(from.get_object(), member{"method", to.method}, member{"data", to.data});
}

void read(ondemand::value from, send_request& to) {
  read_object(from.get_object(), member{"data", to.data});
}

void read(ondemand::value from, refresh_request& to) {
  read_object(from.get_object(), member{"token", to.token});
}

void read(ondemand::value from, sub_refresh_request& to) {
  read_object(from.get_object(), member{"channel", to.channel}, member{"token", to.token});
}

/// Where one kind of request goes if it wins over those found before it.
template <class Request>
struct slot {
  std::string_view key;
  request& to;
};

template <class Request>
void read(ondemand::value from, slot<Request>& place) {
  request candidate(std::in_place_type<Request>);
  read(from, std::get<Request>(candidate));
  if (std::holds_alternative<std::monostate>(place.to) || candidate.index() <= place.to.index())
    place.to = std::move(candidate);
}

template <class... Request>
void read_command(ondemand::object from, std::uint32_t& id, slot<Request>... slots) {
  read_object(from, member{"id", id}, member<slot<Request>>{slots.key, slots}...);
}

} // namespace

std::string_view read_json(std::string_view line, command& received) {
  constexpr std::string_view not_json = "not a JSON object";
  if (!is_json(line)) return not_json;
  thread_local json_scratch memory;
  received = {};
  try {
    auto document = memory.iterate(line);
    auto& body = received.body;
    read_command(document.get_object(), received.id, slot<connect_request>{"connect", body},
                 slot<subscribe_request>{"subscribe", body},
                 slot<unsubscribe_request>{"unsubscribe", body},
                 slot<publish_request>{"publish", body}, slot<presence_request>{"presence", body},
                 slot<presence_stats_request>{"presence_stats", body},
                 slot<history_request>{"history", body}, slot<rpc_request>{"rpc", body},
                 slot<send_request>{"send", body}, slot<refresh_request>{"refresh", body},
                 slot<sub_refresh_request>{"sub_refresh", body});
  } catch (const simdjson::simdjson_error&) {
    return "a field of the command has a wrong type";
  }
  return {};
}

} // namespace troupe::net::centrifuge::internal
