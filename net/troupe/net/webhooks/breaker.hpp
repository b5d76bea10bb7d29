// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// BREAKER: keeps requests from a server that fails: after so many failures in a row it opens, and nobody waits
// for a deadline any more. After a pause one request tries; it closes the breaker, or opens it for another pause.
// Thread: its owner's.
#pragma once
#include <chrono>
#include <cstddef>

namespace troupe::net::webhooks {

class breaker {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param failures In a row that open it; 0: it never opens.
  breaker(std::size_t failures, std::chrono::milliseconds pause) : most_(failures), pause_(pause) {}

  /// Whether a request may be sent. After a pause it is true once, until that request has come to something.
  bool allows(time_point now) noexcept {
    if (!open_) return true;
    if (trying_ || now < until_) return false;
    return trying_ = true;
  }
  void succeed() noexcept {
    failures_ = 0;
    open_ = trying_ = false;
  }
  void fail(time_point now) noexcept {
    ++failures_;
    if (most_ == 0 || (failures_ < most_ && !trying_)) return;
    open_ = true;
    trying_ = false;
    until_ = now + pause_;
  }
  [[nodiscard]] bool is_open() const noexcept { return open_; }

private:
  std::size_t most_;
  std::chrono::milliseconds pause_;
  std::size_t failures_ = 0;
  bool open_ = false;
  bool trying_ = false;
  time_point until_{};
};

} // namespace troupe::net::webhooks
