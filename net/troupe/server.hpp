// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SERVER: Troupe inside a program: an actor system, the server on it and the program's own actors, in one
// object. net::server is the same for programs that have an actor system already.
// Thread: all members from any thread but a loop's; those that wait say so. Ends: with the object, at once;
// stop() and join() before that end it in order.
#pragma once
#include <troupe/centrifuge/channels.hpp>
#include <troupe/event_log.hpp>
#include <troupe/hooks/extensions.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/net/options.hpp>
#include <troupe/net/page.hpp>

#include <caf/actor_system.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

class server {
public:
  /// Binds the ports, starts the loops and the actors of the extensions.
  /// @param log Must outlive the server.
  /// @throws std::runtime_error, std::invalid_argument as net::server.
  explicit server(net::server_options options = {}, hooks::extensions extensions = {},
                  event_log& log = event_log::none(), std::vector<net::page> pages = {});
  ~server();

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Port of HTTP and WebSocket, as bound.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// For actors of one's own. They have to end before join(), for they hold handles of the server's.
  [[nodiscard]] caf::actor_system& system() noexcept;

  /// Addresses for actors: they answer, so whoever waits for the answer cannot outrun the server.
  [[nodiscard]] registry_actor registry() const;
  /// Of channels, alive or not.
  [[nodiscard]] centrifuge::channels channels() const;
  [[nodiscard]] hooks::users users() const; ///< Only with extensions::users.

  // -- for threads that are no actors ------------------------------------------------------------

  /// Delivers a message to the connections of its target. Returns at once. @returns whether the node took it:
  /// acceptance::over_budget when too much waits to be fanned out already; see net::server::send().
  [[nodiscard]] acceptance send(broadcast what);
  /// As send(), and waits for what became of it; one over budget gives a receipt that says so. @returns
  /// nothing if that took longer than `patience`.
  std::optional<receipt> confirm(broadcast what, std::chrono::milliseconds patience = default_patience);
  /// Publishes in a channel, and waits until all subscribers' queues have it, so that nobody publishes
  /// faster than the server sends. @returns its position, or why it was not published:
  /// error_code::too_many_requests when the channel has too much to send, `internal` when `patience` is
  /// over.
  centrifuge::publish_answer publish(std::string channel, centrifuge::payload data,
                                     std::chrono::milliseconds patience = default_patience);

  /// As net::server::on_failure().
  void on_failure(std::function<void()> f);
  /// As net::server::has_failed().
  [[nodiscard]] bool has_failed() const noexcept;

  /// As net::server::reload().
  void reload(const net::server_options& next);
  /// As net::server::reload_tls().
  void reload_tls();

  /// Begins to drain, see net::server::stop(). Returns at once.
  void stop();
  /// Waits for stop() to be called, then until it is through. Call it once.
  /// @returns true if all connections closed before the deadline.
  bool join();

  static constexpr std::chrono::milliseconds default_patience{5'000};

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

/// The main() of a program that is a server: runs it until SIGINT or SIGTERM, then drains it; a second
/// signal ends the process, see net::signal_watch. SIGHUP is reload_tls(), or the end on a terminal. Prints the
/// port and logs to standard error. Call it before any thread is started. @returns an exit code: 0, 1 when the server has failed, or 2 when it cannot start.
int serve(net::server_options options, hooks::extensions extensions,
          std::vector<net::page> pages = {});

/// The port a program was told: its first argument, else 8000; 0 lets the kernel choose.
[[nodiscard]] std::uint16_t port_argument(int argc, char** argv);

/// A payload with is_json found out: how bytes get into a publication or the result of a call.
[[nodiscard]] centrifuge::payload payload_of(std::string bytes);

} // namespace troupe
