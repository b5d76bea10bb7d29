// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SERVER: owns the I/O loops, the listeners, the registry and its shards.
// Thread: all members may be called from any thread but from a loop; none of them waits for a client.
// Ends when: stop() was called and every connection is gone, or its deadline passed.
#pragma once
#include <troupe/centrifuge/channels.hpp>
#include <troupe/event_log.hpp>
#include <troupe/hooks/extensions.hpp>
#include <troupe/inspect/observatory.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/net/admin_service.hpp>
#include <troupe/net/options.hpp>
#include <troupe/net/page.hpp>

#include <caf/actor_system.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::net {

struct insight; // in insight.hpp

class server {
public:
  /// Binds all ports, then starts the loops.
  /// @param system Must outlive the server.
  /// @param log Must outlive the server.
  /// @throws std::runtime_error when a port cannot be bound, a certificate cannot be read or io_uring
  ///         is demanded and missing. The text names the option and the cause.
  /// @param pages Files served over GET.
  /// @param extensions Actors of the program: the server starts them, starts them again when they fail,
  ///        and ends them when it stops.
  /// @param services What the program answers on the administration port.
  /// @throws std::invalid_argument when one of them cannot be, such as two for one path.
  server(caf::actor_system& system, server_options options,
         event_log& log = event_log::none(), std::vector<page> pages = {},
         hooks::extensions extensions = {}, std::vector<admin_service> services = {});

  /// Stops at once if stop() was not called: connections are cut.
  ~server();

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Port of listen_options, as bound.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Port of tls_options, as bound; 0 when TLS is off, equal to port() when it has none of its own.
  [[nodiscard]] std::uint16_t tls_port() const noexcept;
  /// Port of admin_options, as bound; 0 when off.
  [[nodiscard]] std::uint16_t admin_port() const noexcept;
  /// Port of the server API, as bound: its own or that of admin_options; 0 when neither is on.
  [[nodiscard]] std::uint16_t api_port() const noexcept;
  /// Port of metrics_options, as bound; 0 when off.
  [[nodiscard]] std::uint16_t metrics_port() const noexcept;
  /// "io_uring" or "sendmsg", as chosen at the start.
  [[nodiscard]] std::string send_method_name() const;
  /// I/O loops, one thread each.
  [[nodiscard]] std::size_t loop_count() const noexcept;

  /// Delivers a message to the connections of its target, any but those of a channel: see target. Returns at
  /// once, on any thread. @returns whether the node took it: over budget, too much waits to be fanned out
  /// already (registry_options::max_pending_bytes), which is counted as `broadcasts_refused`.
  [[nodiscard]] acceptance send(broadcast what);

  /// The one address for messages to connections: see interfaces.hpp.
  [[nodiscard]] registry_actor registry() const;
  /// The addresses of channels.
  [[nodiscard]] troupe::centrifuge::channels channels() const;

  /// The addresses of users' actors; nobody's without extensions::users.
  [[nodiscard]] hooks::users users() const;

  /// Why connections ended.
  [[nodiscard]] ledger_actor ledger() const;

  /// What its loops and actors do: reading disturbs nobody. A copy may outlive the server.
  [[nodiscard]] inspection::observatory observatory() const;

  /// For inspectors. Valid until join() is called.
  [[nodiscard]] net::insight insight() const;

  /// Takes over from `next`, while everybody stays connected, what can change: origins and the policy of
  /// websocket_options, outbox_options::max_bytes, client_options::queue_max_size, the numbers of connections and the
  /// pace of accepting of limit_options (of addresses only if they had a limit at first), rate_options::what,
  /// api_options::key, drain_options; the namespaces of channels, but not the syntax of their names: subscriptions that
  /// cannot go on end, with unsubscribe code 2500, or 2000 if their namespace is gone; the certificate's files and the
  /// oldest version if there is TLS; tokens if there were keys at first, but for their endpoints and whether
  /// subscriptions have rules of their own; the endpoint and the secrets of events if there was one. What is not named
  /// stays as it is. Then as reload_tls(). One thread at a time, and not during join().
  /// @throws std::invalid_argument naming the option of tokens or the namespace that cannot be; then nothing has changed.
  void reload(const server_options& next);

  /// Reads certificate and key again, for connections from now on; those that are open keep theirs. Files
  /// that do not serve change nothing. The log tells which: certificate_reloaded or certificate_kept. Not
  /// during join().
  void reload_tls();

  /// Calls `f` once if one of the server's own actors fails on which others rely, such as a shard: what it held is
  /// lost, so the server drains what still works, and the program should then end for its supervisor to start it
  /// again. The log tells which: engine_failed. On the loop's thread, or at once if it has happened already.
  void on_failure(std::function<void()> f);
  /// Whether one has.
  [[nodiscard]] bool has_failed() const noexcept;

  /// Drains: readiness turns false, listeners close, every connection is closed with shutting_down at
  /// drain_options::rate, queues are flushed. Returns at once; repeated calls do nothing.
  void stop();

  /// Waits for stop() to be called, then until every connection is gone or the deadline has passed.
  /// The actors that are left still live. May be left out: join() does it.
  void wait();

  /// As wait(), then ends the actors and the loops. Call it once.
  /// @returns true if all connections closed before the deadline.
  bool join();

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::net
