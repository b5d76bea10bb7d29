// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include "app/console/connect.hpp"
#include "support/catch.hpp"

#include <array>
#include <cerrno>
#include <string>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace troupe::app::console::tests {

/// A session below the client: it may send anything, and stop reading.
class raw_session {
public:
  explicit raw_session(const std::string& path) : descriptor_{connect_to(path)} {
    REQUIRE(descriptor_ >= 0);
    const timeval patience{20, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~raw_session() { ::close(descriptor_); }
  raw_session(const raw_session&) = delete;
  raw_session& operator=(const raw_session&) = delete;

  void send(const std::string& text) const {
    (void)::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  /// All that comes until the server ends it.
  [[nodiscard]] std::string read_to_end() const {
    std::string all;
    std::array<char, 4096> piece;
    for (ssize_t got; (got = receive(piece.data(), piece.size())) > 0;)
      all.append(piece.data(), static_cast<std::size_t>(got));
    return all;
  }
  [[nodiscard]] std::string read_line() const {
    std::string line;
    for (char c = 0; receive(&c, 1) == 1 && c != '\n';)
      line += c;
    return line;
  }

private:
  // The kernel interrupts a wait with a timeout for the rings of this process.
  ssize_t receive(char* to, std::size_t size) const {
    ssize_t got = 0;
    do
      got = ::recv(descriptor_, to, size, 0);
    while (got < 0 && errno == EINTR);
    return got;
  }

  int descriptor_;
};

} // namespace troupe::app::console::tests
