// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The same bytes to many sockets with one system call for every 256 of them, by an io_uring used for
// sends only. Synchronous. Thread: one.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace troupe::baseline {

class ring {
public:
  static constexpr unsigned max_batch = 256;

  /// @throws std::system_error where the kernel gives no io_uring.
  ring();
  ~ring();
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;

  /// Adds a send of bytes, which must stay until run(). At most max_batch between two calls of run().
  void add(int socket, std::string_view bytes);
  [[nodiscard]] unsigned size() const { return size_; }

  /// Sends what was added. results()[i] tells what became of the i-th: bytes sent, or -errno.
  void run();
  [[nodiscard]] const std::array<int, max_batch>& results() const { return results_; }

private:
  struct state;
  std::unique_ptr<state> state_;
  unsigned size_ = 0;
  std::array<int, max_batch> results_{};
};

} // namespace troupe::baseline
