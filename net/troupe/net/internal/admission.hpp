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
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace troupe::net {

class admission;
enum class admission_verdict : std::uint8_t { admitted, node_full, address_full };

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

  /// It is known now by whose proxy the socket is; still nobody's address counts for it.
  void name(const asio::ip::address& address) noexcept { address_ = address; }
  /// It is known now whose it is: that address counts for it, for which none has counted yet. `done` gets the
  /// verdict on `loop`.
  void admit_as(const asio::ip::address& address, io_loop& loop,
                std::function<void(admission_verdict)> done);

private:
  std::shared_ptr<admission> from_;
  asio::ip::address address_;
};

class admission : public std::enable_shared_from_this<admission> {
public:
  using verdict = admission_verdict;

  /// @param home Loop 0; outlives all tickets' threads.
  admission(io_loop& home, const limit_options& limits)
    : home_(home), limits_(limits), counts_addresses_(limits.connections_per_address != 0) {}

  /// For sockets from now on. Without a limit of addresses at first there is none later.
  void change(const limit_options& limits) { limits_ = limits; }

  /// Counts a socket, whatever the verdict: a refused one is open too until it has its answer.
  verdict enter(const asio::ip::address& address);
  /// Counts one of a trusted proxy: for the node alone.
  verdict enter_proxied();
  /// Counts an address for a socket that entered by a proxy.
  verdict count(const asio::ip::address& address);
  void leave(const asio::ip::address& address);
  /// From now on tickets report nothing: loop 0 has ended.
  void retire() noexcept { retired_ = true; }
  [[nodiscard]] bool retired() const noexcept { return retired_; }
  [[nodiscard]] io_loop& home() noexcept { return home_; }
  [[nodiscard]] std::size_t open() const noexcept { return open_; }

private:
  io_loop& home_;
  limit_options limits_;
  bool counts_addresses_; // from the first socket on, or never
  std::size_t open_ = 0;
  std::atomic<bool> retired_{false};
  std::unordered_map<std::string, std::size_t> by_address_; // by counted_address(); empty without a limit
};

} // namespace troupe::net
