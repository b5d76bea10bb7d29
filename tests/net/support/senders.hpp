// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SENDERS: what a loop sends for, each over a socket of its own.
#pragma once
#include <troupe/net/internal/io_loop.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

namespace troupe::tests {

/// Sends one byte over a socket of its own whenever it is dirty.
class sender : public net::flushable {
public:
  sender() {
    std::array<int, 2> both{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both.data()) != 0)
      throw std::runtime_error{"socketpair"};
    descriptor_ = both[0];
    other_end_ = both[1];
  }
  virtual ~sender() {
    ::close(descriptor_);
    ::close(other_end_);
  }
  sender(const sender&) = delete;
  sender& operator=(const sender&) = delete;

  bool want_send(net::send_operation& op) override {
    ++asked;
    op.descriptor = descriptor_;
    op.slices = 1;
    op.slice[0] = {const_cast<char*>("x"), 1};
    return true;
  }
  void sent(ssize_t result) override {
    bytes += result;
    if (then)
      then();
  }

  int asked = 0;
  ssize_t bytes = 0;
  std::function<void()> then;

private:
  int descriptor_ = -1;
  int other_end_ = -1;
};

struct senders : std::vector<std::unique_ptr<sender>> {
  explicit senders(std::size_t n) {
    while (size() < n)
      push_back(std::make_unique<sender>());
  }
};

} // namespace troupe::tests
