// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/option_builders.hpp"
#include "app/option_tables.hpp"

#include <troupe/hooks/extensions.hpp>
#include <troupe/net/internal/networks.hpp>
#include <troupe/net/internal/origin.hpp>

namespace troupe::app {

using namespace std::chrono_literals;

std::vector<option> server_option_table() {
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
              "I/O loops; 0 is one per processor, within the quota of the control group."),
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
      choice("tls.min_version", TROUPE_FIELD(server.tls.min_version),
             std::vector<std::pair<std::string_view, net::tls_version>>{
                 {"1.2", net::tls_version::v1_2}, {"1.3", net::tls_version::v1_3}},
             "The oldest version of TLS that is spoken."),

      text("admin.address", TROUPE_FIELD(server.admin.address),
           "a loopback address, such as 127.0.0.1 or ::1", is_loopback_address,
           "Address of the administration port."),
      integer("admin.port", TROUPE_FIELD(server.admin.port), "", port,
              "Port that serves the inner state and /health to operators; 0 turns it off."),

      text("metrics.address", TROUPE_FIELD(server.metrics.address), "an IPv4 or IPv6 address", is_address,
           "Address of metrics.port, which asks nobody who they are."),
      integer("metrics.port", TROUPE_FIELD(server.metrics.port), "", port,
              "Port that serves /metrics and /health and nothing else; 0 leaves them to admin.port."),

      text("api.address", TROUPE_FIELD(server.api.address), "an IPv4 or IPv6 address", is_address,
           "Address of the server API's own port; without api.key a loopback address."),
      integer("api.port", TROUPE_FIELD(server.api.port), "", port,
              "Port of its own for the server API; 0 serves it on admin.port."),
      boolean("api.tls", TROUPE_FIELD(server.api.tls), "Whether api.port speaks TLS."),
      text("api.key", TROUPE_FIELD(server.api.key), "a text without zero bytes", is_path,
           "Key that requests of the server API bring; without one they get 401."),
      boolean("api.insecure", TROUPE_FIELD(server.api.insecure),
              "Whether the server API takes requests without a key."),
      choice("api.error_mode", TROUPE_FIELD(server.api.errors),
             std::vector<std::pair<std::string_view, net::api_errors>>{
                 {"body", net::api_errors::body}, {"transport", net::api_errors::transport}},
             "How the server API tells errors: in the body of a 200, or by a status of their own."),
      integer("api.max_connections", TROUPE_FIELD(server.api.max_connections), "connections",
              {1, 1'000'000}, "Connections to api.port at once; more get 503."),
      size("api.max_body_bytes", TROUPE_FIELD(server.api.max_body_bytes), {1u << 10, 1u << 30},
           "Body of a request to the server API; a longer one gets 413."),
      size("api.max_response_bytes", TROUPE_FIELD(server.api.max_response_bytes),
           {1u << 10, 1u << 30}, "Result of the server API; what would be longer is error 106."),
      duration("api.timeout", TROUPE_FIELD(server.api.timeout), {100ms, 10min},
               "From a request to the server API to its answer; then it gets 504."),
      duration("api.keep_alive", TROUPE_FIELD(server.api.keep_alive), {100ms, 1h},
               "A connection to the server API without a request for so long is closed."),

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
      integer("websocket.messages_per_second", TROUPE_FIELD(server.websocket.messages_per_second),
              "messages per second", {0, 1'000'000},
              "Pace of one client's messages; who sends faster is read more slowly. 0 is no limit."),
      integer("websocket.message_burst", TROUPE_FIELD(server.websocket.message_burst), "messages",
              {1, 1'000'000}, "Messages of one client that may come at once ahead of that pace."),
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
      boolean("websocket.require_token", TROUPE_FIELD(server.websocket.require_token),
              "Whether upgrades of /ws, groups and routes need a token; without a valid one they get 401."),
      text("websocket.echo_route", TROUPE_FIELD(server.websocket.echo_route),
           "a path such as /echo, of letters, digits and -._~/, that is none of the server's own",
           [](const std::string& path) { return path.empty() || hooks::is_route_path(path); },
           "WebSocket path that sends every message back to its sender; none turns it off."),

      boolean("http_stream.enabled", TROUPE_FIELD(server.streams.http_stream),
              "Whether clients that get no WebSocket may have the body of one long answer, at /connection/http_stream."),
      boolean("sse.enabled", TROUPE_FIELD(server.streams.sse),
              "Whether they may have server-sent events, at /connection/sse."),

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
              "Connections at once from one address, of IPv6 one network of 64 bits; more get 429. 0 is no limit."),
      size("limit.memory_bytes", TROUPE_FIELD(server.limit.memory_bytes), {16u << 20, 1ull << 40, true},
           "Memory of the program; from 80 % of it upgrades get 503 and the longest queues are cut, "
           "from 95 % nothing is accepted. 0 is no limit."),
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

      list("proxy.trusted", TROUPE_FIELD(server.proxy.trusted),
           "addresses and networks such as 10.0.0.0/8 or ::1", net::is_network,
           "Proxies in front of the server; what others say of addresses is not heard."),
      boolean("proxy.protocol", TROUPE_FIELD(server.proxy.protocol),
              "Whether connections of these begin with a PROXY header, of version 1 or 2; without one "
              "they are closed."),
      choice("proxy.header", TROUPE_FIELD(server.proxy.header),
             std::vector<std::pair<std::string_view, net::proxy_header>>{
                 {"none", net::proxy_header::none},
                 {"x-forwarded-for", net::proxy_header::x_forwarded_for},
                 {"forwarded", net::proxy_header::forwarded}},
             "Header of their upgrades that names the client."),

      size("outbox.max_bytes", TROUPE_FIELD(server.outbox.max_bytes), {1u << 10, 1u << 30},
           "Messages queued for one client; at the limit websocket.policy decides."),
      size("outbox.max_control_bytes", TROUPE_FIELD(server.outbox.max_control_bytes),
           {1u << 10, 64u << 20}, "Control frames queued for one client; at the limit it is cut."),
      duration("outbox.write_timeout", TROUPE_FIELD(server.outbox.write_timeout), {100ms, 10min},
               "A client that takes nothing of what is sent for so long is cut."),
      size("outbox.socket_send_buffer", TROUPE_FIELD(server.outbox.socket_send_buffer),
           {4u << 10, 64u << 20, true}, "SO_SNDBUF of each connection; 0 leaves it to the kernel."),
      duration("outbox.close_timeout", TROUPE_FIELD(server.outbox.close_timeout), {100ms, 10min},
               "Time for the closing handshake, or for a refused client to go; then it is cut."),

      duration("drain.timeout", TROUPE_FIELD(server.drain.timeout), {100ms, 1h},
               "From the signal to the exit; connections left by then are cut."),
      integer("drain.rate", TROUPE_FIELD(server.drain.rate), "connections per second", any_count,
              "Pace of closing at shutdown; 0 is all at once."),
      duration("drain.retry_window", TROUPE_FIELD(server.drain.retry_window), {1s, 1h, true},
               "Clients closed at shutdown are told to come back at times spread over this; 0 tells "
               "them nothing."),
  };
}

} // namespace troupe::app
