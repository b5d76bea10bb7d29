// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WEB CLIENT: sends HTTP and HTTPS requests and hands the answers to whoever asked. Connections are kept and
// used again. No redirects, no cookies, no proxies; certificates are verified by the system's authorities and
// for the host.
// Thread: one of its own, on which `done` is called; send() may be called from any. Owner: whoever makes it.
// Bounded by: client_limits, and the deadline of each request. Ends with it: requests not answered by then are
// forgotten.
#pragma once
#include <troupe/net/web/address.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::net::web {

using header_list = std::vector<std::pair<std::string, std::string>>;

enum class method : std::uint8_t { get, post };

/// Whether a request may reach the server twice. A kept connection can end just as it is used again, and nobody
/// knows then whether the server has seen the request.
enum class delivery : std::uint8_t {
  at_most_once, ///< It fails then.
  repeatable,   ///< It is sent once more.
};

struct request {
  address to;
  method how = method::get;
  header_list headers = {};
  std::string body = {};
  std::chrono::milliseconds timeout{1'000}; ///< For all of it, from send() to the last byte of the answer.
  std::size_t max_bytes = 256 * 1024;       ///< Of the answer's body.
  delivery repeat = delivery::repeatable;
};

struct response {
  unsigned status = 0;
  std::string body;
};

struct failure {
  enum class kind : std::uint8_t {
    unreachable, ///< It was not sent.
    overloaded,  ///< Nor was it: too many wait for this server.
    timed_out,   ///< The server may have seen it.
    broken,      ///< Likewise; there is no proper answer.
  };
  kind what = kind::unreachable;
  std::string why; ///< In words.
};

using outcome = std::variant<response, failure>;

struct client_limits {
  std::size_t connections = 64;             ///< To one server.
  std::size_t waiting = 1'024;              ///< Requests to one server without a connection yet; more: overloaded.
  std::chrono::milliseconds keep_alive{4'000}; ///< Of an idle connection; servers give theirs up after 5 s and more.
  std::chrono::milliseconds names{30'000};  ///< How long the addresses of a host are remembered.
};

class client {
public:
  explicit client(client_limits limits = {});
  /// Returns at once, or within a second if the system is looking up a name.
  ~client();

  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// `done` is called once, on the client's thread, which it must not hold up.
  void send(request what, std::function<void(outcome)> done);

private:
  class impl;
  std::shared_ptr<impl> impl_; // shared with its thread
  struct thread;
  std::unique_ptr<thread> thread_;
};

/// Sends one request and waits for the answer. Blocks, not longer than the request's timeout.
outcome fetch(request what);

/// "the status is 404", or why there is no status; nothing if it is 200.
std::string problem_of(const outcome& what);

} // namespace troupe::net::web
