// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LOOP THREAD: a running io_loop and the actor system it is part of, for tests of what lives on a loop.
#pragma once
#include <troupe/net/internal/io_loop.hpp>

#include "net/support/small_system.hpp"
#include "support/memory_log.hpp"

#include <cstddef>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace troupe::tests {

class loop_thread {
public:
  explicit loop_thread(net::send_method method = net::send_method::automatic)
      : loop_thread(std::make_shared<around>(), 0, method) {}

  ~loop_thread() { stop(); }

  loop_thread(const loop_thread&) = delete;
  loop_thread& operator=(const loop_thread&) = delete;

  net::io_loop& operator*() noexcept { return *loop_; }
  net::io_loop* operator->() noexcept { return loop_.get(); }
  caf::actor_system& system() noexcept { return around_->system.get(); }
  memory_log& log() noexcept { return around_->log; }
  [[nodiscard]] std::thread::id thread() const { return thread_.get_id(); }

  /// @returns f(), run on the loop.
  template <class F>
  auto ask(F f) {
    std::packaged_task<decltype(f())()> task{std::move(f)};
    auto answer = task.get_future();
    loop_->post(std::move(task));
    return answer.get();
  }

  /// @returns another loop of the same actor system.
  [[nodiscard]] loop_thread beside() { return {around_, loop_->index() + 1, net::send_method::automatic}; }

  /// Lets the loop end and @returns once its thread has.
  void stop() {
    if (!thread_.joinable())
      return;
    loop_->finish();
    thread_.join();
  }

private:
  struct around {
    memory_log log;
    small_system system;
  };

  loop_thread(std::shared_ptr<around> within, std::size_t index, net::send_method method)
      : around_(std::move(within)), loop_(std::make_unique<net::io_loop>(system(), index, method, log())),
        thread_([this] { loop_->run(); }) {}

  std::shared_ptr<around> around_;
  std::unique_ptr<net::io_loop> loop_;
  std::thread thread_;
};

} // namespace troupe::tests
