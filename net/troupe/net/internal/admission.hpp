// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ADMISSION: counts open sockets per node and per peer address, and says who may stay.
// Thread: loop 0 only; a TICKET may be dropped on any thread, it reports back to loop 0.
#pragma once
#include <troupe/net/internal/io_loop.hpp>
#include <troupe/net/options.hpp>

#include <boost/asio/ip/address.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace troupe::net {

class admission;

/// The place of one socket; gives it back when destroyed.
class ticket {
public:
  ticket() = default;
  ticket(std::shared_ptr<admission> from, asio::ip::address address) noexcept
    : from_(std::move(from)), address_(address) {}
  ticket(ticket&&) noexcept = default;
  ticket& operator=(ticket&&) noexcept = default;
  ~ticket();

  [[nodiscard]] const asio::ip::address& address() const noexcept { return address_; }

private:
  std::shared_ptr<admission> from_;
  asio::ip::address address_;
};

class admission : public std::enable_shared_from_this<admission> {
public:
  enum class verdict : std::uint8_t { admitted, node_full, address_full };

  /// @param home Loop 0; outlives all tickets' threads.
  admission(io_loop& home, const limit_options& limits) : home_(home), limits_(limits) {}

  /// Counts a socket, whatever the verdict: a refused one is open too until it has its answer.
  verdict enter(const asio::ip::address& address);
  void leave(const asio::ip::address& address);
  /// From now on tickets report nothing: loop 0 has ended.
  void retire() noexcept { retired_ = true; }
  [[nodiscard]] bool retired() const noexcept { return retired_; }
  [[nodiscard]] io_loop& home() noexcept { return home_; }
  [[nodiscard]] std::size_t open() const noexcept { return open_; }

private:
  io_loop& home_;
  limit_options limits_;
  std::size_t open_ = 0;
  std::atomic<bool> retired_{false};
  std::unordered_map<asio::ip::address, std::size_t> by_address_; // empty without a limit
};

} // namespace troupe::net
