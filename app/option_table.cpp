// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/options.hpp"
#include "app/values.hpp"

#include <troupe/net/internal/origin.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

namespace troupe::app {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

template <class Field>
using field_type = std::remove_cvref_t<std::invoke_result_t<Field, settings&>>;

// -- one builder per type of value ---------------------------------------------------------------

/// `parse` gives std::optional of the field's type, empty if the text is not acceptable.
template <class Field, class Parse, class Print>
option make(std::string key, Field field, value_type type, std::string accepts, std::string text,
            Parse parse, Print print) {
  option result{std::move(key), type, std::move(accepts), std::move(text), {}, {}, {}};
  result.set = [field, parse](settings& target, std::string_view value) {
    auto parsed = parse(value);
    if (parsed)
      field(target) = static_cast<field_type<Field>>(*std::move(parsed));
    return parsed.has_value();
  };
  result.get = [field, print](const settings& source) { return print(field(source)); };
  return result;
}

/// What a number may be. Zero stands for "off" or "automatic" where it lies outside of the range.
template <class Number>
struct range {
  Number min;
  Number max;
  bool or_zero = false;

  template <class Parsed>
  std::optional<Parsed> check(std::optional<Parsed> value) const {
    if (value && ((or_zero && *value == Parsed{}) || (*value >= min && *value <= max)))
      return value;
    return std::nullopt;
  }

  std::string describe(std::string_view noun, auto print, std::string_view rest) const {
    return fmt::format("{}{} from {} to {}{}", or_zero ? "0 or " : "", noun, print(min), print(max),
                       rest);
  }
};

template <class Field>
option integer(std::string key, Field field, std::string unit, range<std::uint64_t> bounds,
               std::string text) {
  auto print = [](std::uint64_t value) { return fmt::to_string(value); };
  auto parse = [bounds](std::string_view value) { return bounds.check(parse_integer(value)); };
  return make(std::move(key), field, value_type::integer,
              bounds.describe("an integer", print, unit.empty() ? "" : " " + unit), std::move(text),
              parse, print);
}

template <class Field>
option size(std::string key, Field field, range<std::size_t> bounds, std::string text) {
  return make(std::move(key), field, value_type::size,
              bounds.describe("a size", size_to_text, ", such as 64KiB"), std::move(text),
              [bounds](std::string_view value) { return bounds.check(parse_size(value)); },
              size_to_text);
}

template <class Field>
option duration(std::string key, Field field, range<milliseconds> bounds, std::string text) {
  return make(std::move(key), field, value_type::duration,
              bounds.describe("a duration", to_text, ", such as 25s"), std::move(text),
              [bounds](std::string_view value) { return bounds.check(parse_duration(value)); },
              to_text);
}

template <class Field>
option boolean(std::string key, Field field, std::string text) {
  return make(std::move(key), field, value_type::boolean, "true or false", std::move(text),
              parse_boolean, [](bool value) { return fmt::to_string(value); });
}

template <class Field, class Value>
option choice(std::string key, Field field, std::vector<std::pair<std::string_view, Value>> names,
              std::string text) {
  std::vector<std::string_view> words;
  for (const auto& entry : names)
    words.push_back(entry.first);
  auto parse = [names](std::string_view value) -> std::optional<Value> {
    for (const auto& [name, meaning] : names)
      if (name == value)
        return meaning;
    return std::nullopt;
  };
  auto print = [names](Value value) -> std::string {
    for (const auto& [name, meaning] : names)
      if (meaning == value)
        return std::string{name};
    return {};
  };
  return make(std::move(key), field, value_type::choice,
              fmt::format("one of {}", fmt::join(words, ", ")), std::move(text), parse, print);
}

template <class Field>
option text(std::string key, Field field, std::string accepts, bool (*accept)(const std::string&),
            std::string text) {
  auto parse = [accept](std::string_view value) {
    auto copy = std::optional<std::string>{value};
    return accept(*copy) ? copy : std::nullopt;
  };
  return make(std::move(key), field, value_type::text, std::move(accepts), std::move(text), parse,
              [](const std::string& value) { return value; });
}

template <class Field>
option list(std::string key, Field field, std::string accepts, bool (*accept)(std::string_view),
            std::string text) {
  auto parse = [accept](std::string_view value) -> std::optional<std::vector<std::string>> {
    std::vector<std::string> items;
    while (!value.empty()) {
      const auto comma = std::min(value.find(','), value.size());
      items.emplace_back(value.substr(0, comma));
      if (!accept(items.back()) || comma + 1 == value.size())
        return std::nullopt;
      value.remove_prefix(std::min(comma + 1, value.size()));
    }
    return items;
  };
  auto print = [](const std::vector<std::string>& items) {
    return fmt::format("{}", fmt::join(items, ","));
  };
  return make(std::move(key), field, value_type::list, std::move(accepts), std::move(text), parse,
              print);
}

option with_flag(std::string alias, option target) {
  target.aliases.push_back(std::move(alias));
  return target;
}

bool is_path(const std::string& value) { return value.find('\0') == std::string::npos; }

bool is_namespace_or_empty(const std::string& value) {
  return value.empty() || centrifuge::is_namespace_name(value);
}

constexpr auto mark = "up to 8 ASCII characters that are neither letters nor digits; none turns it off";

bool is_mark(const std::string& value) {
  return value.size() <= 8 && std::ranges::all_of(value, [](char c) {
           return c > ' ' && c < 0x7f && std::isalnum(static_cast<unsigned char>(c)) == 0;
         });
}

// -- the table -----------------------------------------------------------------------------------

constexpr auto port = range<std::uint64_t>{0, 65535};
constexpr auto any_count = range<std::uint64_t>{0, 100'000'000};

#define TROUPE_FIELD(path) [](auto& all) -> auto& { return all.path; }

std::vector<option> make_table() {
  using net::send_method;
  std::vector<std::pair<std::string_view, overflow>> policies;
  for (auto policy : {overflow::disconnect, overflow::drop_oldest, overflow::drop_newest,
                      overflow::latest_per_key})
    policies.emplace_back(to_string(policy), policy);

  return {
      text("listen.address", TROUPE_FIELD(server.listen.address), "an IPv4 or IPv6 address",
           is_address, "Address to listen on; :: takes IPv6 and IPv4."),
      with_flag("--port", integer("listen.port", TROUPE_FIELD(server.listen.port), "", port,
                                  "Port of HTTP and WebSocket; 0 lets the kernel choose.")),
      integer("listen.backlog", TROUPE_FIELD(server.listen.backlog), "connections", {1, 65535},
              "Connections the kernel holds until they are accepted; it may hold fewer."),
      integer("listen.loops", TROUPE_FIELD(server.listen.loops), "threads", {0, 256},
              "I/O loops; 0 is one per core."),
      choice("listen.send", TROUPE_FIELD(server.listen.send),
             std::vector<std::pair<std::string_view, send_method>>{
                 {"automatic", send_method::automatic},
                 {"io_uring", send_method::io_uring},
                 {"sendmsg", send_method::sendmsg}},
             "How messages are sent; automatic takes io_uring where the kernel offers it."),

      with_flag("--tls-cert",
                text("tls.certificate", TROUPE_FIELD(server.tls.certificate), "a path", is_path,
                     "PEM file with the certificate chain; empty turns TLS off.")),
      text("tls.key", TROUPE_FIELD(server.tls.key), "a path", is_path,
           "PEM file with the private key of the certificate."),
      integer("tls.port", TROUPE_FIELD(server.tls.port), "", port,
              "Port of its own for TLS; 0 makes listen.port speak TLS instead."),

      text("admin.address", TROUPE_FIELD(server.admin.address),
           "a loopback address, such as 127.0.0.1 or ::1", is_loopback_address,
           "Address of the administration port."),
      integer("admin.port", TROUPE_FIELD(server.admin.port), "", port,
              "Port that serves the inner state and /health to operators; 0 turns it off."),

      boolean("websocket.echo", TROUPE_FIELD(server.websocket.echo),
              "Whether a client receives what it sent itself."),
      choice("websocket.policy", TROUPE_FIELD(server.websocket.policy), policies,
             "What happens to a message that does not fit into a slow client's queue; without a "
             "key, latest-per-key is drop-oldest."),
      size("websocket.max_message_bytes", TROUPE_FIELD(server.websocket.max_message_bytes),
           {1, 64u << 20}, "Longest message of a client; a longer one closes with 1009."),
      integer("websocket.max_fragments", TROUPE_FIELD(server.websocket.max_fragments), "fragments",
              {1, 1'000'000}, "Fragments of one message; more close with 1009."),
      duration("websocket.message_timeout", TROUPE_FIELD(server.websocket.message_timeout),
               {100ms, 24h},
               "A message whose last byte comes later than this after its first closes with 1008."),
      size("websocket.read_window_bytes", TROUPE_FIELD(server.websocket.read_window_bytes),
           {1024, 1u << 30},
           "Received from a client and not yet fanned out; then reading from it pauses."),
      list("websocket.allowed_origins", TROUPE_FIELD(server.websocket.allowed_origins),
           "origins such as https://example.com or https://*.example.com, or * for all",
           net::valid_origin_pattern,
           "Origins of web pages that may connect, others get 403; none allows the server's own "
           "only."),
      boolean("websocket.allow_missing_origin", TROUPE_FIELD(server.websocket.allow_missing_origin),
              "Whether clients that send no Origin header, which are no browsers, may connect."),
      boolean("websocket.compression", TROUPE_FIELD(server.websocket.compression),
              "Whether permessage-deflate is offered."),
      size("websocket.compression_min_bytes", TROUPE_FIELD(server.websocket.compression_min_bytes),
           {0, 64u << 20}, "Shorter messages are sent uncompressed."),

      duration("heartbeat.ping_interval", TROUPE_FIELD(server.heartbeat.ping_interval),
               {100ms, 24h, true}, "Time between two pings of a connection; 0 turns pings off."),
      duration("heartbeat.pong_timeout", TROUPE_FIELD(server.heartbeat.pong_timeout), {50ms, 1h},
               "A client that shows no sign of life for so long after a ping is cut."),
      duration("heartbeat.idle_timeout", TROUPE_FIELD(server.heartbeat.idle_timeout),
               {100ms, 24h * 7, true},
               "A client that sends no message for so long is closed; 0 turns this off."),

      integer("limit.connections", TROUPE_FIELD(server.limit.connections), "connections", any_count,
              "Connections at once; more get 503. 0 is no limit."),
      integer("limit.connections_per_address", TROUPE_FIELD(server.limit.connections_per_address),
              "connections", any_count,
              "Connections at once from one address; more get 429. 0 is no limit."),
      integer("limit.accepts_per_second", TROUPE_FIELD(server.limit.accepts_per_second),
              "connections per second", any_count,
              "Pace of accepting, the rest waits in the backlog. 0 is no limit."),
      size("limit.header_bytes", TROUPE_FIELD(server.limit.header_bytes), {256, 1u << 20},
           "Request line and headers together; more get 431."),
      size("limit.uri_bytes", TROUPE_FIELD(server.limit.uri_bytes), {16, 64u << 10},
           "Request target; a longer one gets 414."),
      integer("limit.header_count", TROUPE_FIELD(server.limit.header_count), "fields", {8, 10'000},
              "Header fields of a request; more get 431."),
      duration("limit.handshake_timeout", TROUPE_FIELD(server.limit.handshake_timeout),
               {100ms, 10min},
               "From accept to the end of the WebSocket handshake, TLS included; then the client "
               "is cut."),

      size("outbox.max_bytes", TROUPE_FIELD(server.outbox.max_bytes), {1u << 10, 1u << 30},
           "Messages queued for one client; at the limit websocket.policy decides."),
      size("outbox.max_control_bytes", TROUPE_FIELD(server.outbox.max_control_bytes),
           {1u << 10, 64u << 20}, "Control frames queued for one client; at the limit it is cut."),
      duration("outbox.write_timeout", TROUPE_FIELD(server.outbox.write_timeout), {100ms, 10min},
               "A client that takes nothing of what is sent for so long is cut."),
      size("outbox.socket_send_buffer", TROUPE_FIELD(server.outbox.socket_send_buffer),
           {4u << 10, 64u << 20, true}, "SO_SNDBUF of each connection; 0 leaves it to the kernel."),
      duration("outbox.close_timeout", TROUPE_FIELD(server.outbox.close_timeout), {100ms, 10min},
               "Time for the closing handshake; then the client is cut."),

      duration("drain.timeout", TROUPE_FIELD(server.drain.timeout), {100ms, 1h},
               "From the signal to the exit; connections left by then are cut."),
      integer("drain.rate", TROUPE_FIELD(server.drain.rate), "connections per second", any_count,
              "Pace of closing at shutdown; 0 is all at once."),

      boolean("client.allow_anonymous_connect_without_token",
              TROUPE_FIELD(server.client.allow_anonymous_connect_without_token),
              "Whether clients of /connection/websocket may connect without a token; else they are "
              "closed with 3501."),
      duration("client.ping_interval", TROUPE_FIELD(server.client.ping_interval), {1s, 24h, true},
               "Time between two pings of the Centrifuge protocol; 0 turns them off."),
      duration("client.pong_timeout", TROUPE_FIELD(server.client.pong_timeout), {50ms, 1h, true},
               "A client that does not answer a ping for so long is closed with 3012; 0 asks for "
               "no answer."),
      duration("client.stale_close_delay", TROUPE_FIELD(server.client.stale_close_delay),
               {100ms, 1h}, "A client that has not connected for so long is closed with 3502."),
      size("client.queue_max_size", TROUPE_FIELD(server.client.queue_max_size), {1u << 10, 1u << 30},
           "Publications queued for one client, and twice as much of replies; then it is closed "
           "with 3008, unless slow_consumer of the namespace says otherwise."),
      integer("client.channel_limit", TROUPE_FIELD(server.client.channel_limit), "channels",
              {1, 1'000'000}, "Channels of one client; one more is error 106."),
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
      text("channel.user_boundary", TROUPE_FIELD(server.channels.syntax.user_boundary), mark, is_mark,
           "Begins the list of users a channel is limited to."),
      text("channel.user_separator", TROUPE_FIELD(server.channels.syntax.user_separator), mark,
           is_mark, "Separates the users of that list."),

      choice("log.level", TROUPE_FIELD(log.level),
             std::vector<std::pair<std::string_view, severity>>{{"debug", severity::debug},
                                                                {"info", severity::info},
                                                                {"warning", severity::warning},
                                                                {"error", severity::error}},
             "Events below this level are not logged."),
      choice("log.format", TROUPE_FIELD(log.format),
             std::vector<std::pair<std::string_view, log_format>>{{"human", log_format::human},
                                                                  {"json", log_format::json}},
             "Form of the log lines."),
      integer("log.lines_per_second", TROUPE_FIELD(log.lines_per_second), "lines per second",
              {0, 1'000'000}, "More lines are dropped and counted; 0 is no limit."),
  };
}

#undef TROUPE_FIELD

} // namespace

const std::vector<option>& options() {
  static const auto table = make_table();
  return table;
}

} // namespace troupe::app
