// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/option_builders.hpp"
#include "app/option_tables.hpp"

#include <cctype>

namespace troupe::app {

using namespace std::chrono_literals;

namespace {

bool is_namespace_or_empty(const std::string& value) {
  return value.empty() || centrifuge::is_namespace_name(value);
}

constexpr auto mark =
    "up to 8 ASCII characters that are neither letters nor digits; none turns it off";

bool is_mark(const std::string& value) {
  return value.size() <= 8 && std::ranges::all_of(value, [](char c) {
           return c > ' ' && c < 0x7f && std::isalnum(static_cast<unsigned char>(c)) == 0;
         });
}

} // namespace

std::vector<option> client_option_table() {
  return {
      boolean("client.allow_anonymous_connect_without_token",
              TROUPE_FIELD(server.client.allow_anonymous_connect_without_token),
              "Whether clients of /connection/websocket may connect without a token; else they are "
              "closed with 3501."),
      boolean("client.disallow_anonymous_connection_tokens",
              TROUPE_FIELD(server.client.disallow_anonymous_connection_tokens),
              "Whether connection tokens have to name a user; else clients with others are closed "
              "with 3507."),
      duration("client.expired_close_delay", TROUPE_FIELD(server.client.expired_close_delay),
               {0ms, 24h},
               "A client whose token was not refreshed is closed with 3005 so long after it expired."),
      duration("client.expired_sub_close_delay",
               TROUPE_FIELD(server.client.expired_sub_close_delay), {0ms, 24h},
               "A subscription whose token was not refreshed ends with 2501 so long after it "
               "expired."),
      duration("client.ping_interval", TROUPE_FIELD(server.client.ping_interval), {1s, 24h, true},
               "Time between two pings of the Centrifuge protocol; 0 turns them off."),
      duration("client.pong_timeout", TROUPE_FIELD(server.client.pong_timeout), {50ms, 1h, true},
               "A client that does not answer a ping for so long is closed with 3012; 0 asks for "
               "no answer."),
      duration("client.stale_close_delay", TROUPE_FIELD(server.client.stale_close_delay),
               {100ms, 1h}, "A client that has not connected for so long is closed with 3502."),
      size("client.queue_max_size", TROUPE_FIELD(server.client.queue_max_size),
           {1u << 10, 1u << 30},
           "Publications queued for one client, and twice as much of replies; then it is closed "
           "with 3008, unless slow_consumer of the namespace says otherwise."),
      integer("client.channel_limit", TROUPE_FIELD(server.client.channel_limit), "channels",
              {1, 1'000'000}, "Channels of one client; one more is error 106."),
      integer("client.user_connection_limit", TROUPE_FIELD(server.client.user_connection_limit),
              "connections", {0, 1'000'000},
              "Connections of one user at once; one more is closed with 3504. 0 is no limit."),
      boolean("client.single_connection", TROUPE_FIELD(server.client.single_connection),
              "Whether a user's new connection closes the older ones, with 3504."),
      boolean("client.insecure", TROUPE_FIELD(server.client.insecure),
              "Everybody may connect, and do what they like in all but private channels: for "
              "development."),
      boolean("client.connect_include_server_time",
              TROUPE_FIELD(server.client.connect_include_server_time),
              "Whether the reply to connect tells the server's time."),
      boolean("client.subscribe_to_user_personal_channel",
              TROUPE_FIELD(server.client.subscribe_to_user_personal_channel),
              "Whether every user is subscribed to the channel #USER."),
      text("client.user_personal_channel_namespace",
           TROUPE_FIELD(server.client.user_personal_channel_namespace), "a namespace or nothing",
           is_namespace_or_empty, "Namespace of that channel."),

      integer("channel.max_length", TROUPE_FIELD(server.channels.max_name_bytes), "bytes",
              {1, 4096}, "Longest name of a channel; a longer one is error 107."),
      text("channel.private_prefix", TROUPE_FIELD(server.channels.syntax.private_prefix), mark,
           is_mark, "Channels that begin with it take a subscription token."),
      text("channel.namespace_boundary", TROUPE_FIELD(server.channels.syntax.namespace_boundary),
           mark, is_mark, "Ends the name of a channel's namespace."),
      text("channel.user_boundary", TROUPE_FIELD(server.channels.syntax.user_boundary), mark,
           is_mark, "Begins the list of users a channel is limited to."),
      text("channel.user_separator", TROUPE_FIELD(server.channels.syntax.user_separator), mark,
           is_mark, "Separates the users of that list."),

      text("history.directory", TROUPE_FIELD(server.history.directory), "a path", is_path,
           "Folder of the history of namespaces with history_persistent; this server's alone."),
      boolean("history.sync", TROUPE_FIELD(server.history.sync),
              "Whether a publication is on the disk's medium before it counts; without it, it outlives the program "
              "but not a machine that goes down."),
      size("history.max_bytes", TROUPE_FIELD(server.history.max_bytes), {1u << 20, 1ull << 40},
           "Size of its database; at the limit publications are refused with error 100."),
  };
}

} // namespace troupe::app
