// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Everything that can be set on a server: meaning, unit, default. app/ maps each field to a flag, an
// environment variable and a key of the configuration file; docs/configuration.md lists them all.
#pragma once
#include <troupe/centrifuge/client_options.hpp>
#include <troupe/centrifuge/namespaces.hpp>
#include <troupe/heartbeat.hpp>
#include <troupe/net/auth/options.hpp>
#include <troupe/net/cluster/options.hpp>
#include <troupe/net/events/options.hpp>
#include <troupe/net/history/options.hpp>
#include <troupe/net/webhooks/options.hpp>
#include <troupe/overflow.hpp>
#include <troupe/rates/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::net {

/// Which system call sends what a turn of a loop has queued.
enum class send_method : std::uint8_t {
  automatic, ///< io_uring where the kernel offers it, else sendmsg.
  io_uring,  ///< io_uring or refuse to start.
  sendmsg,   ///< One sendmsg per connection.
};

/// Where clients connect, and on how many threads they are served.
struct listen_options {
  std::string address = "0.0.0.0"; ///< IPv4 or IPv6 address to bind; "::" listens on both.
  std::uint16_t port = 8000;       ///< HTTP and WebSocket; 0 lets the kernel choose.
  unsigned backlog = 4096;         ///< Connections the kernel holds until accepted; cut by somaxconn.
  std::size_t loops = 0;           ///< I/O loops (threads); 0: one per processor, within the quota of the control group.
  send_method send = send_method::automatic;
};

/// The oldest version of TLS that is spoken.
enum class tls_version : std::uint8_t { v1_2, v1_3 };

/// TLS for them.
struct tls_options {
  std::string certificate; ///< PEM file with the chain; empty turns TLS off.
  std::string key;         ///< PEM file with the private key.
  std::uint16_t port = 0;  ///< Port of its own for TLS; 0 makes listen_options::port speak TLS instead.
  tls_version min_version = tls_version::v1_2;
};

/// The port of operators.
struct admin_options {
  std::string address = "127.0.0.1"; ///< Must be a loopback address.
  std::uint16_t port = 0;            ///< Port of /debug/*.json and /health; 0 turns it off.
};

/// A port for whoever collects metrics, on another machine too: it has nothing else but /health.
struct metrics_options {
  std::string address = "127.0.0.1"; ///< IPv4 or IPv6 address to bind; it asks nobody who they are.
  std::uint16_t port = 0;            ///< 0: /metrics is on the admin port alone.
};

/// How the server API tells errors, unless a request says otherwise.
enum class api_errors : std::uint8_t {
  body,      ///< Status 200 and the error in the body, as a result would be.
  transport, ///< A status of its own.
};

/// The HTTP API for other servers.
struct api_options {
  std::string address = "127.0.0.1"; ///< Anything but a loopback address takes a key.
  std::uint16_t port = 0;            ///< Port of its own; 0 serves the API on the admin port.
  bool tls = false;                  ///< That port speaks TLS, with the certificate of tls_options.
  std::string key;                   ///< What a request has to bring; without one all get 401.
  bool insecure = false;             ///< Takes requests without a key.
  api_errors errors = api_errors::body;
  std::size_t max_connections = 1024;                ///< To that port; more get 503.
  std::size_t max_body_bytes = 1024 * 1024;          ///< Of a request; more get 413.
  std::size_t max_response_bytes = 16 * 1024 * 1024; ///< Of a result; what would be longer is error 106.
  std::chrono::milliseconds timeout{10'000};         ///< From request to answer; then 504.
  std::chrono::milliseconds keep_alive{60'000};      ///< From an answer to the end of the next request.
};

/// Messages of clients, at /ws, routes and /connection/websocket.
struct websocket_options {
  bool echo = true;                          ///< A sender receives its own broadcasts.
  overflow policy = overflow::disconnect;    ///< For messages of /ws and /ws/GROUP.
  std::size_t max_message_bytes = 64 * 1024; ///< Larger: close 1009, message_too_big.
  std::size_t max_fragments = 1024;          ///< Fragments of one message; more: 1009, too_many_fragments.
  std::chrono::milliseconds message_timeout{30'000}; ///< From a message's first byte to its last: message_timeout.
  std::size_t read_window_bytes = 64 * 1024; ///< Received but not yet fanned out; then reading pauses.
  std::size_t messages_per_second = 0;       ///< Of one client; 0 is no limit. More: reading pauses.
  std::size_t message_burst = 100;           ///< Messages that may come at once within that.
  std::vector<std::string> allowed_origins;  ///< Exact or "*."-wildcard origins; empty allows same origin only.
  bool allow_missing_origin = true;          ///< Accept requests without an Origin header (not a browser).
  bool compression = false;                  ///< Offer permessage-deflate (no context takeover).
  std::size_t compression_min_bytes = 128;   ///< Smaller messages are sent as they are.
  bool require_token = false;                ///< Upgrades of /ws, groups and routes without one get 401.
  std::string echo_route;                    ///< Path that sends every message back, as hooks::echo; empty: none.
};

/// How a trusted proxy tells who its client is.
enum class proxy_header : std::uint8_t { none, x_forwarded_for, forwarded };

/// Proxies in front of the server. What others say of addresses is not heard.
struct proxy_options {
  std::vector<std::string> trusted;          ///< Addresses and networks, such as "10.0.0.0/8".
  bool protocol = false;                     ///< Their connections begin with a PROXY header (version 1 or 2).
  proxy_header header = proxy_header::none;  ///< Of their requests.
};

/// How dead peers are found, at /ws and routes; client_options has those of /connection/websocket.
using heartbeat_options = heartbeat_settings;

/// What clients may use up.
struct limit_options {
  std::size_t connections = 0;             ///< Per node; 0 is none. More: 503, too many connections.
  std::size_t connections_per_address = 0; ///< Per peer address; 0 is none. More: 429.
  std::size_t memory_bytes = 0;            ///< Of the program; 0 is none. From 80 %: 503 and shorter queues.
  std::size_t accepts_per_second = 0;      ///< Pace of accepting; 0 is none. The rest waits in the backlog.
  std::size_t header_bytes = 8 * 1024;     ///< Request line and headers; more: 431.
  std::size_t uri_bytes = 2 * 1024;        ///< Request target; more: 414.
  std::size_t header_count = 100;          ///< Header fields; more: 431.
  std::chrono::milliseconds handshake_timeout{5'000}; ///< From accept to the upgrade's end, TLS included.
};

/// What may wait to be sent to one connection, and for how long.
struct outbox_options {
  std::size_t max_bytes = 1024 * 1024;           ///< Data queued for one connection; then the policy.
  std::size_t max_control_bytes = 64 * 1024;     ///< Control frames queued; then the connection is cut.
  std::chrono::milliseconds write_timeout{5'000}; ///< No progress of a blocked send: write_timeout.
  std::size_t socket_send_buffer = 128 * 1024;   ///< SO_SNDBUF in bytes; 0 leaves it to the kernel.
  std::chrono::milliseconds close_timeout{5'000}; ///< Closing handshake; then the connection is cut.
};

/// How a server that stops sends its clients away.
struct drain_options {
  std::chrono::milliseconds timeout{30'000}; ///< From the signal to exit; what is left then is cut.
  std::size_t rate = 0;                      ///< Connections closed per second; 0 is all at once.
  std::chrono::milliseconds retry_window{0}; ///< Clients are told to come back spread over this; 0 tells nothing.
  friend bool operator==(const drain_options&, const drain_options&) = default;
};

/// Connections of the Centrifuge protocol without a WebSocket, for clients that cannot have one.
struct stream_options {
  bool http_stream = false; ///< /connection/http_stream: the body of an answer that does not end.
  bool sse = false;         ///< /connection/sse: server-sent events.

  [[nodiscard]] bool any() const noexcept { return http_stream || sse; }
};

/// All options of a server. Values are taken as they are: app/ validates what comes from outside.
struct server_options {
  listen_options listen;
  tls_options tls;
  admin_options admin;
  metrics_options metrics;
  api_options api;
  websocket_options websocket;
  stream_options streams;
  heartbeat_options heartbeat;
  limit_options limit;
  proxy_options proxy;
  rates::rate_options rates;
  outbox_options outbox;
  drain_options drain;
  troupe::centrifuge::client_options client;     ///< Of /connection/websocket.
  troupe::centrifuge::channels_config channels;
  history::store_options history;                ///< Of channels with history_persistent.
  cluster::cluster_options cluster;              ///< Whether this server is one of several.
  auth::auth_options auth;                       ///< Tokens of those clients.
  webhooks::webhook_options webhook;             ///< What else decides about them.
  events::event_options events;                  ///< Who is told of what happens.
  std::string version;                           ///< Of the program, told to those clients.
};

} // namespace troupe::net
