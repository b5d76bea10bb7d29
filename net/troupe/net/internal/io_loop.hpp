// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// IO LOOP: a single-threaded io_context that is also the HOST of actors. One turn: handlers that are
// ready -> timers -> actors that are ready -> batched sends of what all that has queued -> one thing that is slow.
// Thread: run() makes the calling thread the loop's; ready(), exec_later(), post() and finish() work from any.
// Owner: the server, which calls finish() when all its actors are gone.
#pragma once
#include <troupe/event_log.hpp>
#include <troupe/hosted.hpp>
#include <troupe/net/internal/aliases.hpp>
#include <troupe/net/internal/batch_sender.hpp>
#include <troupe/prefetch.hpp>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::net {

/// Something with bytes to send at the end of a turn.
class flushable {
public:
  /// Describes what to send now. @returns false if there is nothing, or the socket is full.
  virtual bool want_send(send_operation& op) = 0;
  /// The result of that: bytes or -errno. Must not destroy the object.
  virtual void sent(ssize_t result) = 0;

protected:
  virtual ~flushable() = default;

private:
  friend class io_loop;
  // Fetches as much of the object that this is part of as sending touches.
  void prefetch() const noexcept { troupe::prefetch(this, transport_front); }

  bool dirty_ = false;
  std::size_t position_ = 0; // in the loop's list while dirty
};

class io_loop final : public host {
public:
  io_loop(caf::actor_system& system, std::size_t index, send_method method, event_log& log);
  ~io_loop() override;

  [[nodiscard]] io_executor executor() noexcept { return context_.get_executor(); }

  void ready(hosted_job& who) override;
  /// Called by CAF: likewise, of any actor. Actors of the scheduler go there.
  void exec_later(caf::resumable* job) override;

  /// Runs `f` on the loop's thread.
  template <class F>
  void post(F&& f) {
    asio::post(context_, std::forward<F>(f));
  }

  /// Runs `f` at the end of a turn to come, one such in each: what takes a millisecond, such as a TLS handshake, takes
  /// turns with all that is quick. Loop's thread only.
  void post_slow(std::function<void()> f) { slow_.push_back(std::move(f)); }

  /// Sends for `f` at the end of this turn. Loop's thread only.
  void mark_dirty(flushable& f);
  /// Sends for all of these now. Not from what they do about it.
  void send_now() override;
  /// `f` is about to go, or its descriptor is. Loop's thread only.
  void forget(flushable& f) noexcept;

  /// Runs turns until finish(); the caller's thread becomes the loop's.
  void run();
  /// Ends run() soon; handlers that are left are destroyed with the loop.
  void finish();

private:
  using wake_timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, io_executor>;
  class wake_up;

  static io_loop*& current() noexcept;
  void run_handlers();
  void take_handed_over();
  bool resume_ready();
  void flush();
  void send(std::size_t operations);
  void run_slow();
  void arm_wake_timer();
  void wake_others() noexcept;
  void count_turn(std::uint64_t began) noexcept;
  [[nodiscard]] std::chrono::nanoseconds since(std::uint64_t began) const noexcept;
  template <class F>
  void guarded(F f) noexcept;

  // What one turn may do before the others get theirs.
  static constexpr int max_handlers = 1024;
  static constexpr int max_rounds = 16;
  static constexpr std::size_t max_messages_per_actor = 256;
  // What is sent before the next round, while it is in the processor's cache.
  static constexpr std::size_t worth_a_batch = batch_sender::max_batch / 2;
  static constexpr std::uint64_t sampled_batch = 16; // one in so many is timed

  event_log& log_;
  std::vector<hosted_job*> ready_; // each holds a reference
  std::vector<hosted_job*> running_;
  std::vector<flushable*> dirty_;
  std::vector<flushable*> flushing_;
  std::vector<send_operation> operations_;
  batch_sender sender_;
  send_method method_;
  double ns_per_tick_ = 1;
  alignas(std::max_align_t) std::array<std::byte, 128> wake_up_memory_;
  // Declared after these: handlers destroyed with the context may still call forget().
  asio::io_context context_{1};
  asio::executor_work_guard<io_executor> work_;
  wake_timer wake_;
  std::optional<clock::time_point> wake_at_;
  std::deque<std::function<void()>> slow_; // each holds a socket of the context
  // Other loops whose list this one found empty since it last woke them: in the turn of one actor, or in handlers. The
  // first; each holds the next.
  io_loop* to_wake_ = nullptr;
  // Actors made ready by other threads, last first. Whoever finds it empty wakes the loop, a loop at the end of that turn.
  // Until then what follows is its, for nobody else finds the list empty before the loop has taken it.
  alignas(64) std::atomic<hosted_job*> handed_over_{nullptr};
  io_loop* next_to_wake_ = nullptr;
};

} // namespace troupe::net
