// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What the server API is asked: one struct for each method, with the names of its fields. The list
// `methods` and fields() are the one table of the API: the reader, batch and the check of openapi.json
// come from it.
#pragma once
#include <troupe/centrifuge/authentication.hpp>
#include <troupe/centrifuge/codes.hpp>
#include <troupe/centrifuge/publication.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace troupe::net::api {

using troupe::centrifuge::error_code;
using troupe::centrifuge::option_overrides;
using troupe::centrifuge::payload;
using troupe::centrifuge::stream_position;
using troupe::centrifuge::tag_map;

// Each has `method`, its name in the path, and fields(request, visit), which calls visit(name, member)
// for each of its fields.

struct publish_request {
  static constexpr std::string_view method = "publish";
  std::string channel;
  payload data;
  std::string b64data; ///< Wins over data.
  bool skip_history = false;
  tag_map tags;
  std::string idempotency_key;
  bool delta = false;
  std::uint64_t version = 0;
  std::string version_epoch;

  /// What a broadcast has in common with it.
  static void common_fields(auto& r, auto&& visit) {
    visit("data", r.data);
    visit("b64data", r.b64data);
    visit("skip_history", r.skip_history);
    visit("tags", r.tags);
    visit("idempotency_key", r.idempotency_key);
    visit("delta", r.delta);
    visit("version", r.version);
    visit("version_epoch", r.version_epoch);
  }
  static void fields(auto& r, auto&& visit) {
    visit("channel", r.channel);
    common_fields(r, visit);
  }
};

struct broadcast_request : publish_request {
  static constexpr std::string_view method = "broadcast";
  std::vector<std::string> channels;

  static void fields(auto& r, auto&& visit) {
    visit("channels", r.channels);
    common_fields(r, visit);
  }
};

/// Which connections: those of a user, the empty one being everybody who is anonymous.
struct chosen_connections {
  std::string user;
  std::string client;  ///< Of them only this one.
  std::string session; ///< Of them only that of this session; over WebSocket there are none.

  static void common_fields(auto& r, auto&& visit) {
    visit("user", r.user);
    visit("client", r.client);
    visit("session", r.session);
  }
};

struct subscribe_request : chosen_connections {
  static constexpr std::string_view method = "subscribe";
  std::string channel;
  payload info;
  std::string b64info; ///< Wins over info.
  payload data;
  std::string b64data; ///< Wins over data.
  std::int64_t expire_at = 0; ///< Unix time; 0: never.
  std::optional<stream_position> recover_since;
  option_overrides overrides;

  static void fields(auto& r, auto&& visit) {
    common_fields(r, visit);
    visit("channel", r.channel);
    visit("info", r.info);
    visit("b64info", r.b64info);
    visit("data", r.data);
    visit("b64data", r.b64data);
    visit("expire_at", r.expire_at);
    visit("recover_since", r.recover_since);
    visit("override", r.overrides);
  }
};

struct unsubscribe_request : chosen_connections {
  static constexpr std::string_view method = "unsubscribe";
  std::string channel;

  static void fields(auto& r, auto&& visit) {
    common_fields(r, visit);
    visit("channel", r.channel);
  }
};

/// What clients are told when they are disconnected.
struct disconnect_notice {
  std::uint32_t code = 0;
  std::string reason;
};

struct disconnect_request : chosen_connections {
  static constexpr std::string_view method = "disconnect";
  std::vector<std::string> whitelist; ///< Clients that stay.
  std::optional<disconnect_notice> disconnect;

  static void fields(auto& r, auto&& visit) {
    common_fields(r, visit);
    visit("whitelist", r.whitelist);
    visit("disconnect", r.disconnect);
  }
};

struct refresh_request : chosen_connections {
  static constexpr std::string_view method = "refresh";
  bool expired = false;
  std::int64_t expire_at = 0; ///< Unix time; 0: never.
  payload info;

  static void fields(auto& r, auto&& visit) {
    common_fields(r, visit);
    visit("expired", r.expired);
    visit("expire_at", r.expire_at);
    visit("info", r.info);
  }
};

struct presence_request {
  static constexpr std::string_view method = "presence";
  std::string channel;

  static void fields(auto& r, auto&& visit) { visit("channel", r.channel); }
};

struct presence_stats_request {
  static constexpr std::string_view method = "presence_stats";
  std::string channel;

  static void fields(auto& r, auto&& visit) { visit("channel", r.channel); }
};

struct history_request {
  static constexpr std::string_view method = "history";
  std::string channel;
  std::int32_t limit = 0; ///< 0: the position alone; negative: all.
  std::optional<stream_position> since;
  bool reverse = false;

  static void fields(auto& r, auto&& visit) {
    visit("channel", r.channel);
    visit("limit", r.limit);
    visit("since", r.since);
    visit("reverse", r.reverse);
  }
};

struct history_remove_request {
  static constexpr std::string_view method = "history_remove";
  std::string channel;

  static void fields(auto& r, auto&& visit) { visit("channel", r.channel); }
};

struct channels_request {
  static constexpr std::string_view method = "channels";
  std::string pattern; ///< Empty: all.

  static void fields(auto& r, auto&& visit) { visit("pattern", r.pattern); }
};

struct info_request {
  static constexpr std::string_view method = "info";

  static void fields(auto&, auto&&) {}
};

struct rpc_request {
  static constexpr std::string_view method = "rpc";
  std::string method_name;
  payload params;

  static void fields(auto& r, auto&& visit) {
    visit("method", r.method_name);
    visit("params", r.params);
  }
};

/// Troupe's own: who is connected.
struct connections_request {
  static constexpr std::string_view method = "connections";
  static constexpr std::uint32_t default_limit = 100;
  static constexpr std::uint32_t max_limit = 1000;
  std::string user;
  std::string group;
  std::string label;
  std::string address;
  std::string transport;   ///< As to_string(transport_kind).
  std::uint32_t min_idle = 0; ///< Seconds.
  std::uint32_t min_age = 0;  ///< Seconds.
  std::uint32_t limit = 0; ///< 0: the default.
  std::string cursor;      ///< Of the page before.

  static void fields(auto& r, auto&& visit) {
    visit("user", r.user);
    visit("group", r.group);
    visit("label", r.label);
    visit("address", r.address);
    visit("transport", r.transport);
    visit("min_idle", r.min_idle);
    visit("min_age", r.min_age);
    visit("limit", r.limit);
    visit("cursor", r.cursor);
  }
};

/// Troupe's own: a message to connections of /ws. Exactly one of the first six, and of the next three.
struct send_request {
  static constexpr std::string_view method = "send";
  bool everyone = false;
  std::string client;
  std::string user;
  std::string group;
  std::string groups; ///< A glob.
  std::string label;
  payload data;                    ///< As text.
  std::optional<std::string> text; ///< As it is.
  std::string b64data;             ///< As a binary message.
  std::string overflow;            ///< As to_string(overflow); empty: that of websocket_options.
  std::string key;                 ///< For overflow::latest_per_key.

  static void fields(auto& r, auto&& visit) {
    visit("everyone", r.everyone);
    visit("client", r.client);
    visit("user", r.user);
    visit("group", r.group);
    visit("groups", r.groups);
    visit("label", r.label);
    visit("data", r.data);
    visit("text", r.text);
    visit("b64data", r.b64data);
    visit("overflow", r.overflow);
    visit("key", r.key);
  }
};

/// All that may stand in a batch, in the order in which one wins if a command names several.
using command = std::variant<publish_request, broadcast_request, subscribe_request,
                             unsubscribe_request, disconnect_request, history_request,
                             history_remove_request, presence_request, presence_stats_request,
                             info_request, rpc_request, refresh_request, channels_request,
                             connections_request, send_request>;

/// A command of a batch: not found if it names no method, bad request if it is null.
using batch_command = std::variant<error_code, command>;

struct batch_request {
  static constexpr std::string_view method = "batch";
  std::vector<batch_command> commands;
  bool parallel = false;
};

using request = std::variant<command, batch_request>;

/// A line of the legacy form: {"id":…,"method":…,"params":…}.
struct legacy_command {
  payload id; ///< Empty for none.
  std::string method;
  batch_command what;
};

/// Calls visit(std::type_identity<Request>) for every method but batch.
template <class Visit>
void visit_methods(Visit&& visit) {
  [&]<class... Request>(std::type_identity<std::variant<Request...>>) {
    (visit(std::type_identity<Request>{}), ...);
  }(std::type_identity<command>{});
}

} // namespace troupe::net::api
