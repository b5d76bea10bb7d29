// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ROUTER: decides what a request gets: a page, a status, or the upgrade to a WebSocket. Pure: it sees
// the parts of the request that matter and touches no socket.
#pragma once
#include <troupe/centrifuge/codec.hpp>
#include <troupe/live.hpp>
#include <troupe/net/emulation/stream_text.hpp>
#include <troupe/net/options.hpp>
#include <troupe/net/page.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::net {

/// The parts of a request that decide.
struct request_view {
  std::string_view method;
  std::string_view target;         ///< As sent, query included.
  std::string_view host;           ///< Of the Host header.
  std::string_view origin;         ///< Empty if there is no Origin header.
  bool has_origin = false;
  bool wants_websocket = false;    ///< A WebSocket upgrade by RFC 6455, section 4.2.1.
  std::string_view subprotocols{}; ///< Offered, separated by commas, in the client's order.
  std::string_view authorization{};
  std::string_view content_type{};
  std::string_view wanted_headers{}; ///< Access-Control-Request-Headers.
  std::string_view fetch_site{};     ///< Sec-Fetch-Site.
  std::string_view body{};
};

/// How a connection speaks the Centrifuge protocol.
struct centrifuge_dialect {
  troupe::centrifuge::encoding format = troupe::centrifuge::encoding::json;
  bool frame_pings = false;        ///< WebSocket's own pings rather than the protocol's.
  std::string_view subprotocol{};  ///< To confirm; empty: none.
};

/// A connection without a WebSocket: the answer is the way to the client, and does not end.
struct stream_request {
  emulation::stream_format format = emulation::stream_format::lines;
  std::string commands; ///< What the client says first.
};

/// What pages of another origin may do with an answer (Fetch, section 3.2).
struct cors {
  std::string origin;       ///< Allowed, with credentials; empty: nothing is said.
  std::string headers = {}; ///< Allowed; not empty: the answer is one to a preflight request.
};

struct decision {
  unsigned status = 200;           ///< 101: upgrade, or a stream.
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string body;                ///< Never client text.
  std::string_view extra_header{}; ///< Name of one more header, such as "Allow".
  std::string_view extra_value{};
  std::string_view cache_control = "no-store";
  std::string_view policy{};       ///< Content-Security-Policy; with one, no frame may hold the answer.
  std::string group{};             ///< For 101.
  std::optional<centrifuge_dialect> centrifuge{}; ///< For 101; nothing: /ws.
  std::string route{};             ///< For 101: the path, if add_route() named it.
  std::optional<stream_request> stream{}; ///< For 101 of /connection/http_stream and /connection/sse.
  cors sharing{};
  /// If there is one, it is called with what takes the real decision, once and from any thread.
  std::function<void(std::function<void(decision)>)> later{};
};

class router {
public:
  using handler = std::function<decision(const request_view&)>;

  enum class method : std::uint8_t { get, post };

  /// Serves a path; later ones of the same path replace earlier ones.
  void add(std::string path, handler make, method by = method::get);
  /// Serves /ws, /ws/GROUP and /connection/websocket.
  void add_websocket(const websocket_options& options);
  /// Serves /connection/http_stream, /connection/sse if they are wanted, and /emulation, whose requests `speak` decides
  /// about. After add_websocket(), with its origins.
  void add_streams(const stream_options& options, handler speak);
  /// Exchanges the origins of add_websocket(), for upgrades from now on. Thread: one at a time, beside route().
  void change_origins(const websocket_options& options);
  /// Upgrades requests for this path, under the rules of add_websocket(). A page of the same path is
  /// served no more.
  void add_route(std::string path);

  [[nodiscard]] decision route(const request_view& request) const;

private:
  struct entry {
    std::string path;
    handler make;
    method by;
  };
  [[nodiscard]] bool is_route(std::string_view path) const;
  [[nodiscard]] decision upgrade(const request_view& request, std::string_view path) const;
  /// Nothing: this origin may.
  [[nodiscard]] std::optional<decision> refuse_origin(const request_view& request) const;
  [[nodiscard]] bool is_of_streams(std::string_view path) const;
  [[nodiscard]] decision open_stream(const request_view& request, std::string_view path) const;

  std::vector<entry> entries_;
  std::vector<std::string> routes_;
  bool websocket_ = false;
  stream_options streams_;
  handler speak_; // null: there are no streams
  struct origins {
    std::vector<std::string> allowed;
    bool may_be_missing = true;
  };
  std::unique_ptr<live<origins>> origins_ = std::make_unique<live<origins>>();
};

/// A page as a handler: the body is shared, not copied, until a response needs it.
router::handler serve(const page& content);

} // namespace troupe::net
