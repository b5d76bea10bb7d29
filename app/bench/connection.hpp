// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CONNECTION: one client socket, what has been read of its next frame and what it could not send
// yet. Thread: its worker's. Owner: a worker, which watches the descriptor and decides what events
// mean.
#pragma once
#include "bench/frame.hpp"
#include "bench/tls.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace troupe::app::bench {

enum class connection_state : std::uint8_t {
  closed,
  connecting,
  securing, ///< TLS.
  upgrading,
  joining, ///< The channel, if there is one.
  open,
  closing,
};

class connection {
public:
  connection() = default;
  ~connection() { close(); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Takes a socket that is connecting. The connection must be closed.
  void start(int socket, std::uint64_t now);

  /// Speaks TLS from now on.
  void secure(const tls_client& with) { tls_ = with.open(socket_); }
  tls_session& tls() { return *tls_; }

  /// Closes the descriptor and forgets everything.
  void close();

  /// As close(), but the peer gets a reset and no port stays in TIME_WAIT.
  void reset();

  /// Sends what the socket takes and keeps the rest. An error shows up when the socket is read.
  void send(std::string_view bytes);

  /// Sends more of the rest.
  void flush();

  /// From now on receive() tells when bytes came. Not over TLS, whose records OpenSSL reads.
  void note_arrivals();

  /// What receive() brought.
  struct received {
    ssize_t bytes = 0;     ///< As ::recv returns it.
    std::uint64_t age = 0; ///< ns since the kernel had the last of them; 0 unless note_arrivals().
  };

  /// As ::recv on the socket, decrypted.
  received receive(std::span<char> into);

  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] std::size_t unsent_bytes() const { return unsent_.size(); }

  connection_state state = connection_state::closed;
  bool is_waiting_to_write = false; ///< The worker watches for EPOLLOUT.
  std::uint64_t started = 0;        ///< ns since the run began.
  std::string response;             ///< Of the handshake, until it is complete.
  frame_reader reader;

private:
  ssize_t write(std::string_view bytes);

  int socket_ = -1;
  bool notes_arrivals_ = false;
  std::unique_ptr<tls_session> tls_; // null: none
  std::string unsent_;
};

} // namespace troupe::app::bench
