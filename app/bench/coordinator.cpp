// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/coordinator.hpp"

#include "bench/board.hpp"
#include "bench/capacity.hpp"
#include "bench/process_meter.hpp"
#include "bench/progress.hpp"
#include "bench/worker.hpp"
#include "bench/worker_group.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace troupe::app::bench {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr auto poll_interval = 5ms;
constexpr auto settle_time = 200ms; // after the last handshake, before memory is measured
constexpr auto drain_silence = 2s;  // no delivery for so long: what is missing is lost
constexpr auto drain_limit = 60s;
constexpr auto late_duplicates = 50ms; // waited for when everything has arrived
constexpr auto overtime = 10s;         // for an open loop to catch up after its duration
constexpr auto counted_limit = 10min;  // for a run of a number of messages
constexpr auto stop_limit = 10s;       // for workers to close their connections

std::uint64_t count_of(nanoseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

/// An eventfd, closed at the end.
class wake_up {
public:
  wake_up() : descriptor_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
    if (descriptor_ < 0)
      throw std::system_error{errno, std::generic_category(), "cannot create an eventfd"};
  }
  ~wake_up() { ::close(descriptor_); }
  wake_up(const wake_up&) = delete;
  wake_up& operator=(const wake_up&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  void signal() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto size = ::write(descriptor_, &one, sizeof one);
  }

private:
  int descriptor_;
};

class coordinator {
public:
  explicit coordinator(const load_options& options)
      : options_{options}, worker_count_{choose_workers(options)},
        sources_{choose_sources(options)}, dialer_{options.target, sources_},
        handshake_{options.target, options.compressed}, board_{board::map(worker_count_)}, run_{std::random_device{}() &
                                                                            stamp::max_run},
        before_{sample_server()}, kernel_before_{sample_kernel_bytes()},
        workers_{worker_count_, [this](std::size_t index) { work(index); }}, progress_{options,
                                                                                       *board_} {}

  load_result run() {
    result_.workers = worker_count_;
    result_.sources = sources_;
    if (options_.mode != load_mode::churn)
      open_all();
    switch (options_.mode) {
    case load_mode::broadcast:
      run_broadcast();
      break;
    case load_mode::idle:
    case load_mode::churn:
      run_for_a_while();
      break;
    }
    stop();
    return result_;
  }

private:
  // -- worker processes ---------------------------------------------------------------------------

  [[nodiscard]] worker_share share_of(std::size_t index) const {
    const auto begin = options_.connections * index / worker_count_;
    const auto end = options_.connections * (index + 1) / worker_count_;
    const auto first_slow =
        std::clamp(options_.connections - options_.slow_connections, begin, end);
    const auto first_lazy = std::clamp(
        options_.connections - options_.slow_connections - options_.lazy_connections, begin, end);
    const bool sends = index == 0 && options_.mode == load_mode::broadcast;
    return {.index = index,
            .first = begin,
            .connections = end - begin,
            .slow = end - first_slow,
            .lazy = first_slow - first_lazy,
            .senders = sends ? options_.senders : 0};
  }

  void work(std::size_t index) {
    try {
      worker{options_, share_of(index), dialer_, handshake_, *board_, run_, wake_.descriptor()}
          .run();
    } catch (const std::exception& failure) {
      board_->workers()[index].fail(failure.what());
    }
  }

  // -- phases -------------------------------------------------------------------------------------

  void open_all() {
    const auto all_are_open = [this] { return sum(&worker_board::open) >= options_.connections; };
    if (!wait_until(all_are_open, options_.connect_timeout, "connecting"))
      throw std::runtime_error{fmt::format("only {} of {} connections to {} opened within {} s",
                                           sum(&worker_board::open), options_.connections,
                                           dialer_.name(), options_.connect_timeout / 1s)};
    result_.connect_time = nanoseconds{board_->now()};
    pause(options_.mode == load_mode::idle ? options_.warmup : settle_time, "settling");
    result_.kernel_bytes = static_cast<std::int64_t>(sample_kernel_bytes()) -
                           static_cast<std::int64_t>(kernel_before_);
    if (before_)
      result_.server = load_result::server_use{.resident_before = before_->resident_bytes,
                                               .resident_open = sample_server()->resident_bytes};
  }

  void run_broadcast() {
    if (options_.warmup > 0ms)
      carry_out_plan(options_.warmup, 0, "warming up");
    const auto deliveries_before = board_->deliveries();
    const auto sent_before = board_->sent.load(std::memory_order_acquire);
    begin_measuring();
    carry_out_plan(options_.duration, options_.count, "measuring");
    end_measuring();
    result_.deliveries = board_->deliveries() - deliveries_before;
    result_.messages = board_->sent.load(std::memory_order_acquire) - sent_before;
    result_.unsent = board_->unsent.load(std::memory_order_relaxed);

    std::uint64_t last = 0;
    for (const auto& worker : board_->workers())
      last = std::max(last, worker.last_delivery.load(std::memory_order_relaxed));
    const auto started = board_->plan_started.load(std::memory_order_relaxed);
    result_.elapsed = nanoseconds{last > started ? last - started : 0};
  }

  void carry_out_plan(milliseconds duration, std::uint64_t count, std::string_view what) {
    board_->plan_duration.store(count_of(duration), std::memory_order_relaxed);
    board_->plan_count.store(count, std::memory_order_relaxed);
    board_->plan_is_cut.store(false, std::memory_order_relaxed);
    const auto id = board_->plan_id.load(std::memory_order_relaxed) + 1;
    board_->plan_id.store(id, std::memory_order_release);
    wake_.signal();

    const auto is_done = [&] { return board_->plan_done.load(std::memory_order_acquire) == id; };
    const milliseconds limit = count != 0 ? counted_limit : duration + overtime;
    if (!wait_until(is_done, limit, what)) {
      board_->plan_is_cut.store(true, std::memory_order_relaxed);
      wake_.signal();
      wait_until(is_done, stop_limit, what);
    }
    drain();
  }

  [[nodiscard]] std::uint64_t receivers() const {
    return options_.connections - options_.slow_connections - (options_.echo ? 0 : 1);
  }

  void drain() {
    auto deliveries = board_->deliveries();
    auto last_change = board_->now();
    const auto is_over = [&] {
      const auto sent = board_->sent.load(std::memory_order_acquire);
      const bool lazy_are_through =
          options_.lazy_connections == 0 || board_->deliveries() >= sent * receivers();
      if (board_->complete() >= sent && lazy_are_through)
        return true;
      if (const auto current = board_->deliveries(); current != deliveries) {
        deliveries = current;
        last_change = board_->now();
      }
      return board_->now() - last_change > count_of(drain_silence);
    };
    wait_until(is_over, drain_limit, "draining");
    pause(late_duplicates, "draining");
  }

  /// Idle and churn mode: the workers know what to do, time passes.
  void run_for_a_while() {
    if (options_.mode == load_mode::churn)
      pause(options_.warmup, "warming up");
    const auto started = board_->now();
    const auto cycles_before = sum(&worker_board::cycles);
    begin_measuring();
    pause(options_.duration, "measuring");
    end_measuring();
    result_.elapsed = nanoseconds{board_->now() - started};
    result_.cycles = sum(&worker_board::cycles) - cycles_before;
  }

  void stop() {
    board_->is_over.store(true, std::memory_order_release);
    wake_.signal();
    if (!workers_.wait(stop_limit))
      throw std::runtime_error{"a worker process did not end in time"};
    check_workers();
    for (const auto& worker : board_->workers()) {
      result_.lost += worker.lost;
      result_.duplicated += worker.duplicated;
      result_.reordered += worker.reordered;
      result_.latency.merge(worker.latency);
      result_.on_arrival.merge(worker.on_arrival);
      result_.handshake.merge(worker.handshake);
    }
    result_.foreign = sum(&worker_board::foreign);
    result_.pings = sum(&worker_board::pings);
    result_.slow_reset = sum(&worker_board::slow_reset);
  }

  // -- measuring ----------------------------------------------------------------------------------

  [[nodiscard]] std::optional<process_sample> sample_server() const {
    return options_.server != 0 ? std::optional{sample_process(options_.server)} : std::nullopt;
  }

  void begin_measuring() {
    board_->plan_is_measured.store(true, std::memory_order_relaxed);
    before_ = sample_server();
    load_cpu_before_ = workers_.cpu();
  }

  void end_measuring() {
    result_.load_cpu = workers_.cpu() - load_cpu_before_;
    if (!before_)
      return;
    const auto after = *sample_server();
    if (!result_.server)
      result_.server.emplace();
    result_.server->cpu = after.cpu - before_->cpu;
    result_.server->busiest_thread = busiest_thread(*before_, after);
  }

  // -- waiting ------------------------------------------------------------------------------------

  /// @returns false if `condition` did not become true within `limit`. @throws if a worker failed.
  template <class Condition>
  bool wait_until(Condition condition, milliseconds limit, std::string_view what) {
    const auto deadline = board_->now() + count_of(limit);
    while (!condition()) {
      if (board_->now() >= deadline)
        return false;
      check_workers();
      progress_.show(what);
      std::this_thread::sleep_for(poll_interval);
    }
    return true;
  }

  void pause(milliseconds time, std::string_view what) {
    wait_until([] { return false; }, time, what);
    check_workers();
  }

  void check_workers() {
    for (const auto& worker : board_->workers())
      if (worker.has_failed.load(std::memory_order_acquire))
        throw std::runtime_error{worker.failure.data()};
    if (const auto ended = workers_.reap())
      throw std::runtime_error{*ended};
  }

  [[nodiscard]] std::uint64_t sum(std::atomic<std::uint64_t> worker_board::*member) const {
    std::uint64_t result = 0;
    for (const auto& worker : board_->workers())
      result += (worker.*member).load(std::memory_order_acquire);
    return result;
  }

  const load_options& options_;
  const std::size_t worker_count_;
  const std::size_t sources_;
  const dialer dialer_;
  const handshake handshake_;
  const std::unique_ptr<board, void (*)(board*)> board_;
  const wake_up wake_;
  const std::uint32_t run_;
  std::optional<process_sample> before_;
  const std::size_t kernel_before_;
  worker_group workers_; // forks: everything the workers use stands above
  progress progress_;
  load_result result_;
  nanoseconds load_cpu_before_{0};
};

} // namespace

load_result run_load(const load_options& options) {
  return coordinator{options}.run();
}

} // namespace troupe::app::bench
