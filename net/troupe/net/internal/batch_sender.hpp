// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// BATCH SENDER: tries to send on many sockets with one system call, by an io_uring used for sends only,
// or with one sendmsg each where there is no io_uring. Never waits for a socket: a full one reports
// -EAGAIN. Synchronous: when run() returns, every operation has its result.
// Thread: that of prepare().
#pragma once
#include <troupe/net/options.hpp>

#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace troupe::net {

/// What one connection wants to send, and what became of it.
struct send_operation {
  static constexpr std::size_t max_slices = 16;
  int descriptor = -1;
  unsigned slices = 0;
  std::array<iovec, max_slices> slice;
  void* owner = nullptr;
  ssize_t result = 0; ///< Bytes the kernel took, or -errno.
};

class batch_sender {
public:
  static constexpr std::size_t max_batch = 256;

  batch_sender();
  ~batch_sender();
  batch_sender(const batch_sender&) = delete;
  batch_sender& operator=(const batch_sender&) = delete;

  /// Whether this kernel lets this process use io_uring.
  static bool io_uring_works();

  /// Chooses the method. @returns false if io_uring is demanded and missing.
  bool prepare(send_method method);
  [[nodiscard]] bool uses_io_uring() const noexcept { return ring_ != nullptr; }

  /// Tries all operations; fills in each result. At most max_batch.
  void run(std::span<send_operation> operations);

private:
  struct ring;
  std::unique_ptr<ring> ring_;
};

} // namespace troupe::net
