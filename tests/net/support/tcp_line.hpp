// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TCP LINE: one blocking TCP connection to a server on loopback, with or without TLS. Whatever does
// not happen within `patience` throws: a test fails, it does not hang. Thread: one at a time.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::tests {

inline constexpr std::chrono::seconds patience{20};

struct line_options {
  bool tls = false;
  int receive_buffer_bytes = 0;      ///< SO_RCVBUF; 0 leaves it to the kernel.
  const char* address = "127.0.0.1"; ///< Of the server.
  const char* source = nullptr;      ///< Own loopback address, such as "127.0.0.2".
};

class tcp_line {
public:
  /// Connects. @throws std::runtime_error if it cannot.
  explicit tcp_line(std::uint16_t port, const line_options& options = {});
  /// Opens a socket and does not connect it yet: for tests that run out of descriptors.
  tcp_line();
  ~tcp_line();
  tcp_line(tcp_line&&) noexcept;
  tcp_line& operator=(tcp_line&&) noexcept;

  void connect(std::uint16_t port, const line_options& options = {});

  void write(std::string_view bytes);
  /// Writes as much as the kernel takes at once. @returns how much.
  std::size_t write_some(std::string_view bytes);
  /// What has come, at least one byte; nothing at the end of the stream, however it ended.
  std::string read_some();
  /// Everything until the end of the stream.
  std::string read_to_end();

  /// How the stream ended: by a reset rather than a FIN.
  [[nodiscard]] bool was_reset() const noexcept { return was_reset_; }
  /// Over TLS: by a close_notify rather than a bare FIN.
  [[nodiscard]] bool was_notified() const noexcept { return was_notified_; }

  /// Ends our side and goes on reading.
  void shut_down();
  /// Vanishes with a reset.
  void reset();

private:
  struct tls;
  int descriptor_ = -1;
  bool was_reset_ = false;
  bool was_notified_ = false;
  std::unique_ptr<tls> tls_;
};

/// A port nobody listens on now.
std::uint16_t free_port();

} // namespace troupe::tests
