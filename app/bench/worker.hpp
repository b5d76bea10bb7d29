// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WORKER: one process with its share of the connections, driven by epoll.
// Thread: the process's only one. Ends when: the board says it is over, or the server refuses,
// closes or breaks a connection (the board then says why).
#pragma once
#include "bench/board.hpp"
#include "bench/connection.hpp"
#include "bench/delivery_log.hpp"
#include "bench/dialer.hpp"
#include "bench/handshake.hpp"
#include "bench/inflater.hpp"
#include "bench/options.hpp"
#include "bench/sender.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace troupe::app::bench {

/// Which connections a worker has.
struct worker_share {
  std::size_t index = 0; ///< Of the worker; the first has all senders.
  std::size_t first = 0; ///< Its first connection, counted over all workers.
  std::size_t connections = 0;
  std::size_t slow = 0;    ///< So many of them, the last ones, stop reading.
  std::size_t lazy = 0;    ///< So many before these read in large pieces.
  std::size_t senders = 0; ///< So many of them, the first ones, send.
};

class worker {
public:
  /// Handshakes under way at the same time; the rest waits.
  static constexpr std::size_t max_handshakes = 128;
  /// For the handshake of one connection and, in churn mode, for its closing (ns).
  static constexpr std::uint64_t handshake_limit = 10'000'000'000;

  /// @param wake An eventfd that the first worker waits on; the others wake it when messages are
  /// complete. All references must outlive the worker. @throws std::system_error.
  worker(const load_options& options, const worker_share& share, const dialer& dialer,
         const handshake& handshake, board& shared, std::uint32_t run, int wake);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// Returns when the run is over; never throws, failures are on the board.
  void run() noexcept;

private:
  void loop();
  void dial_more();
  void set_patience();
  void wait_and_handle();
  void handle(std::size_t index, std::uint32_t events);
  void finish_connecting(std::size_t index);
  void secure(std::size_t index);
  void upgrade(std::size_t index);
  void read(std::size_t index);
  void consume(std::size_t index, std::string_view bytes, std::uint64_t age);
  void finish_upgrade(std::size_t index, std::string_view& bytes, std::uint64_t now);
  void on_open(std::size_t index, std::uint64_t now);
  void on_message(std::size_t index, std::string_view head, const delivery_log::reading& when);
  void on_said(std::size_t index, std::string_view head, const delivery_log::reading& when);
  void send_text(std::size_t index, std::string_view text);
  void on_frame(std::size_t index, const frame& received, const delivery_log::reading& when);
  void on_close_frame(std::size_t index, std::string_view payload);
  void on_end(std::size_t index, std::string_view cause);
  void end_cycle(std::size_t index);
  void send(std::size_t index, std::string_view bytes);
  void watch_if_blocked(std::size_t index);
  void watch(std::size_t index, std::uint32_t events, int operation);
  void publish(std::uint64_t now);
  void expire(std::uint64_t now);
  void finish();
  [[nodiscard]] std::size_t readers() const { return share_.connections - share_.slow; }
  [[nodiscard]] std::size_t prompt() const { return readers() - share_.lazy; }
  [[nodiscard]] bool is_slow(std::size_t index) const { return index >= readers(); }

  const load_options& options_;
  worker_share share_;
  const dialer& dialer_;
  const handshake& handshake_;
  board& shared_;
  worker_board& own_;
  std::uint32_t run_;
  int wake_;
  int epoll_;
  std::vector<connection> connections_;
  std::vector<std::size_t> to_dial_;
  std::size_t handshakes_ = 0;
  bool is_patient_ = false; // lazy connections wait for more to come
  std::uint64_t next_expiry_check_ = 0;
  std::uint64_t deliveries_published_ = 0;
  delivery_log log_;
  std::unique_ptr<sender> sender_; // the first worker's only
  std::vector<char> buffer_;
  inflater inflater_;
  std::string scratch_; // control frames being built
};

} // namespace troupe::app::bench
