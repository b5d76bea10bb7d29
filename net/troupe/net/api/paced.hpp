// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// PACED: a number of steps that end later, a few of them at a time, in order of their beginning.
// Thread: one. Owner: the steps under way.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace troupe::net::api {

class paced : public std::enable_shared_from_this<paced> {
public:
  /// Begins step `number`; calls `done()` once, now or later.
  using step = std::function<void(std::size_t number, std::function<void()> done)>;

  /// Begins steps 0 to count-1, each when fewer than `window` are under way, and calls `finish()`
  /// after the last has ended.
  static void run(std::size_t count, std::size_t window, step begin, std::function<void()> finish) {
    std::shared_ptr<paced> all{new paced{count, window, std::move(begin), std::move(finish)}};
    all->go_on();
  }

private:
  paced(std::size_t count, std::size_t window, step begin, std::function<void()> finish)
    : count_(count), window_(window), begin_(std::move(begin)), finish_(std::move(finish)) {}

  void go_on() {
    if (std::exchange(going_on_, true)) return; // a step that ended at once: the loop below sees it
    while (next_ < count_ && next_ - ended_ < window_)
      begin_(next_++, [self = shared_from_this()] {
        ++self->ended_;
        self->go_on();
      });
    going_on_ = false;
    if (ended_ == count_) std::exchange(finish_, [] {})();
  }

  std::size_t count_;
  std::size_t window_;
  step begin_;
  std::function<void()> finish_;
  std::size_t next_ = 0;
  std::size_t ended_ = 0;
  bool going_on_ = false;
};

} // namespace troupe::net::api
