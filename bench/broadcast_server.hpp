// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a broadcast costs at least: one thread, one epoll instance, one pre-encoded frame shared by all. No limits against hostile peers: a yardstick, not a server.
// Thread: one. Bounds: a connection that has max_backlog_bytes unsent is cut.
#pragma once
#include "ring.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::baseline {

/// When a message leaves.
enum class delivery : std::uint8_t {
  at_once,     ///< One send() per message and socket.
  end_of_turn, ///< One send() per socket for all messages that came in during a turn of the loop.
  by_ring,     ///< As at_once, but one system call of an io_uring for ring::max_batch sockets.
};

class broadcast_server {
public:
  static constexpr std::size_t max_backlog_bytes = std::size_t{4} << 20;

  /// Listens on 127.0.0.1. @param port 0 lets the kernel choose. @throws std::system_error.
  broadcast_server(std::uint16_t port, delivery when);
  ~broadcast_server();
  broadcast_server(const broadcast_server&) = delete;
  broadcast_server& operator=(const broadcast_server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  /// Serves until SIGTERM or SIGINT.
  void run();

private:
  struct peer {
    explicit peer(int socket) : socket_{socket} {}
    int socket_;
    std::size_t index_ = 0; ///< In peers_.
    bool is_upgraded_ = false;
    bool is_dead_ = false; ///< Closed; freed at the end of the turn, for events may still name it.
    std::string in_;       ///< The cut beginning of a request or frame.
    std::string backlog_;  ///< What the socket did not take.
  };

  void accept_all();
  void on_event(peer& from, std::uint32_t events);
  void read(peer& from);
  void upgrade(peer& from, std::string& bytes);
  void take_frames(peer& from, std::string& bytes);
  void broadcast(std::string_view payload, std::uint8_t opcode);
  void send_to_all(std::string_view bytes);
  void send_by_ring(std::span<peer* const> to, std::string_view bytes);
  void send(peer& to, std::string_view bytes);
  void on_sent(peer& to, std::string_view bytes, ssize_t sent);
  void keep(peer& to, std::string_view bytes);
  void flush(peer& to);
  void watch(peer& of, std::uint32_t events, int operation);
  void drop(peer& lost);
  void end_turn();

  delivery when_;
  std::optional<ring> ring_; // for by_ring
  int listener_;
  int epoll_;
  int signals_;
  std::vector<std::unique_ptr<peer>> peers_; // in no order
  std::vector<std::unique_ptr<peer>> dead_;
  std::string frame_; // being encoded
  std::string turn_;  // frames of this turn, for end_of_turn
  std::vector<char> buffer_;
};

} // namespace troupe::baseline
