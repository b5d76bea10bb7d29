// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TRANSPORT: what a connection actor speaks to; net implements it over a socket, tests in memory.
// Thread: its connection's loop only. Owner: the connection actor; an implementation that has to finish
// a closing handshake after the actor is gone keeps itself alive.
#pragma once
#include <troupe/close_reason.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/outbox.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe {

/// What is queued now.
struct transport_stats {
  std::size_t queued_bytes = 0;
  std::size_t queued_control_bytes = 0;
};

class transport {
public:
  /// Makes the message that tells a client how many messages it lost to a drop policy.
  using gap_marker = frame (*)(std::uint32_t lost);

  virtual ~transport() = default;

  /// Where its outbox counts from now on, until this is called again; null: nowhere.
  virtual void attach(meters::connection_meter* meter, meters::way_sampler* sampler) noexcept {
    (void)meter, (void)sampler;
  }
  /// Begins to read: each message arrives at `owner` as `received`, each pong as `pong_received`. At
  /// most the read window is delivered without grant().
  virtual void start(connection_actor owner, gap_marker marker) = 0;
  /// Queues data; it leaves at the end of the turn.
  virtual outbox::result send(const delivery_ptr& what) = 0;
  /// Queues a control frame: never dropped, ahead of data. Beyond the bound the connection is cut.
  virtual void send_control(const frame& what) = 0;
  /// Drops queued data that is addressed to the target of this name and has not begun to leave.
  /// @returns the number of messages.
  virtual std::uint32_t withdraw(std::string_view name) = 0;
  /// Lets the reader deliver `bytes` more: what `received` reported, once that message is dealt with.
  virtual void grant(std::size_t bytes) = 0;
  /// Begins to close: what is queued is sent (for slow_consumer, write_timeout and pong_timeout it is
  /// dropped), then the close frame, then the peer has the close timeout to answer. Ends in
  /// `transport_closed` at the owner, once. A second call does nothing.
  virtual void close(const close_status& status) = 0;
  /// Ends it now, without a close frame. Ends in `transport_closed` at the owner, also after close().
  virtual void cut(close_reason reason) = 0;
  /// The owner is gone: closes with internal_error and tells nobody. Does nothing after close().
  virtual void abandon() noexcept = 0;

  /// On its thread.
  [[nodiscard]] virtual transport_stats stats() const noexcept = 0;
  /// Adds what it knows of the connection, for whoever looks at it.
  virtual void describe(connection_details& to) const { to.stage = "open"; }
  /// How much data may be queued from now on; 0: as its options say. What is queued stays.
  virtual void limit(std::uint32_t max_bytes) { (void)max_bytes; }
};

} // namespace troupe
