// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LOOP THREAD: an actor system and one running io_loop, for tests of what lives on a loop.
#pragma once
#include <troupe/net/internal/io_loop.hpp>

#include "net/support/small_system.hpp"
#include "support/memory_log.hpp"

#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace troupe::tests {

class loop_thread {
public:
  explicit loop_thread(net::send_method method = net::send_method::automatic)
      : loop_(std::make_unique<net::io_loop>(system_.get(), 0, method, log_)),
        thread_([this] { loop_->run(); }) {}

  ~loop_thread() { stop(); }

  loop_thread(const loop_thread&) = delete;
  loop_thread& operator=(const loop_thread&) = delete;

  net::io_loop& operator*() noexcept { return *loop_; }
  net::io_loop* operator->() noexcept { return loop_.get(); }
  caf::actor_system& system() noexcept { return system_.get(); }
  memory_log& log() noexcept { return log_; }
  [[nodiscard]] std::thread::id thread() const { return thread_.get_id(); }

  /// @returns f(), run on the loop.
  template <class F>
  auto ask(F f) {
    std::packaged_task<decltype(f())()> task{std::move(f)};
    auto answer = task.get_future();
    loop_->post(std::move(task));
    return answer.get();
  }

  /// Lets the loop end and @returns once its thread has.
  void stop() {
    if (!thread_.joinable())
      return;
    loop_->finish();
    thread_.join();
  }

private:
  memory_log log_;
  small_system system_;
  std::unique_ptr<net::io_loop> loop_;
  std::thread thread_;
};

} // namespace troupe::tests
