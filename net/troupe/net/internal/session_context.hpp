// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What all sessions of a server share. Immutable but for what is atomic and `memory`; outlives the loops' handlers.
#pragma once
#include <troupe/centrifuge/backend.hpp>
#include <troupe/event_log.hpp>
#include <troupe/net/emulation/desk.hpp>
#include <troupe/net/emulation/stream_text.hpp>
#include <troupe/net/internal/doorkeeper.hpp>
#include <troupe/net/internal/frame_scanner.hpp>
#include <troupe/net/internal/io_loop.hpp>
#include <troupe/net/internal/memory_budget.hpp>
#include <troupe/net/internal/message_pace.hpp>
#include <troupe/net/internal/networks.hpp>
#include <troupe/net/internal/router.hpp>
#include <troupe/net/options.hpp>
#include <troupe/transport.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::net {

namespace api {
class endpoint;
} // namespace api

/// What a connection was opened with.
struct opening {
  std::string group;   ///< Of /ws/GROUP; empty for /ws.
  std::string address; ///< Of the peer.
  std::optional<centrifuge_dialect> centrifuge; ///< Of /connection/websocket.
  std::string route;   ///< Path of a route; empty for others.
  bool encrypted = false; ///< TLS.
  troupe::centrifuge::connection_grant grant; ///< Of its token, but for /connection/websocket.
  /// Of the request, that webhooks get; null: none.
  std::shared_ptr<const troupe::centrifuge::request_headers> headers = {};
  std::optional<emulation::stream_format> stream = {}; ///< Nothing: it is a WebSocket.
  std::shared_ptr<const troupe::centrifuge::stream_address> where = {}; ///< Of a stream.
};

struct session_context {
  server_options options;
  event_log& log;
  router routes;
  /// Spawns the connection actor for a transport, on the loop's thread.
  std::function<void(io_loop&, std::shared_ptr<transport>, const opening&)> open;
  std::atomic<bool> draining{false};
  memory_budget memory{options.limit.memory_bytes};
  networks trusted{options.proxy.trusted}; ///< Proxies.
  std::atomic<std::size_t> max_bytes{options.outbox.max_bytes};        ///< In place of that option.
  std::atomic<std::size_t> queue_max_size{options.client.queue_max_size}; ///< Likewise.
  std::shared_ptr<const api::endpoint> api; ///< Null: there is no server API on this port.
  std::vector<doorkeeper_actor> doorkeepers; ///< By loop; none where nobody is upgraded.
  std::vector<emulation::desk_actor> desks;  ///< By loop; none without streams.
  std::string node;                          ///< UID, for clients of streams.
  bool knows_tokens = false;                 ///< Whether there are keys for them.
  std::shared_ptr<const rates::limits> limits; ///< Of upgrades; null: there are none.

  /// Whether upgrades have a rate now.
  [[nodiscard]] bool counts_upgrades() const noexcept {
    return rates::checkpoint{limits.get()}.minds(rates::operation::connect);
  }

  [[nodiscard]] frame_scanner::limits scan_limits() const noexcept {
    return {options.websocket.max_message_bytes, options.websocket.max_fragments};
  }
  [[nodiscard]] message_pace::limits pace() const noexcept {
    return {static_cast<std::int64_t>(options.websocket.messages_per_second),
            static_cast<std::int64_t>(options.websocket.message_burst)};
  }
  [[nodiscard]] outbox_bounds bounds(bool centrifuge) const noexcept {
    const auto control = options.outbox.max_control_bytes;
    if (!centrifuge) return {max_bytes.load(std::memory_order_relaxed), control};
    // Replies are control frames there, which its connection bounds, and leave room for a close frame.
    return {queue_max_size.load(std::memory_order_relaxed), options.client.max_reply_bytes() + control};
  }
};

} // namespace troupe::net
