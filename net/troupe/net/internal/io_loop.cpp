// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/io_loop.hpp>

#include <caf/exit_reason.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <fmt/format.h>

#include <pthread.h>

#include <algorithm>
#include <exception>

namespace troupe::net {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t resumed_ahead = 4; // actors, of the one whose turn it is
constexpr std::size_t worked_ahead = 2;  // likewise, for what tells where that is has to be there
constexpr std::size_t fetched_ahead = 4; // of what sends, likewise
constexpr auto long_hold = 10ms;
constexpr std::uint64_t short_hold_ticks = 5'000'000; // less than long_hold on every processor

/// What distinguishes an actor from others of its name: of an extension's what it is for. Nothing if it ended.
std::string title_of(const meters::meter_block& figures) {
  const auto* title = dynamic_cast<const meters::actor_title*>(figures.who());
  return title ? title->text : std::string{};
}

/// An actor that holds the loop for so long holds up all connections of the loop.
void report_hold(event_log& log, host& home, caf::resumable& held_by, std::uint64_t ticks) {
  const auto held = meters::to_time(ticks);
  if (held < long_hold) return;
  home.counters().loop_holds.add();
  auto& actor = static_cast<caf::scheduled_actor&>(held_by);
  const meters::meter_block& figures = *dynamic_cast<hosted_job&>(actor).meter(); // outlive its state
  log.write(severity::warning, "loop_held",
            {{"actor", figures.name() ? figures.name() : "unknown"},
             {"title", title_of(figures)},
             {"id", fmt::to_string(actor.id())},
             {"held", fmt::format("{}ms", held / 1ms)}});
}

} // namespace

io_loop::io_loop(caf::actor_system& system, std::size_t index, send_method method, event_log& log)
  : host(system, index, clock::now()), log_(log), operations_(batch_sender::max_batch),
    method_(method), work_(context_.get_executor()), wake_(context_.get_executor()) {}

io_loop::~io_loop() {
  auto* const outside = std::exchange(current(), this); // one that ends may make another ready
  for (take_handed_over(); !ready_.empty(); take_handed_over()) {
    auto* job = ready_.back()->as_resumable();
    ready_.pop_back();
    auto* actor = static_cast<caf::scheduled_actor*>(job);
    actor->quit(caf::exit_reason::user_shutdown);
    actor->finalize();
    caf::intrusive_ptr_release(job);
  }
  wake_others();
  current() = outside;
}

io_loop*& io_loop::current() noexcept {
  static thread_local io_loop* loop = nullptr;
  return loop;
}

// -- actors become ready ---------------------------------------------------------------------------

/// What Asio keeps of it until it has run lies in the loop: there is one at a time, and it must not fail.
class io_loop::wake_up {
public:
  template <class T>
  struct memory_of_loop {
    using value_type = T;
    io_loop* loop;
    explicit memory_of_loop(io_loop* whose) noexcept : loop(whose) {}
    template <class Other>
    memory_of_loop(const memory_of_loop<Other>& other) noexcept : loop(other.loop) {}
    T* allocate(std::size_t) noexcept { // of one
      static_assert(sizeof(T) <= sizeof(wake_up_memory_) && alignof(T) <= alignof(std::max_align_t));
      return static_cast<T*>(static_cast<void*>(loop->wake_up_memory_.data()));
    }
    void deallocate(T*, std::size_t) noexcept {}
    template <class Other>
    bool operator==(const memory_of_loop<Other>& other) const noexcept { return loop == other.loop; }
  };
  using allocator_type = memory_of_loop<void>;

  explicit wake_up(io_loop& loop) noexcept : loop_(&loop) {}
  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type{loop_}; }
  void operator()() const { loop_->take_handed_over(); }

private:
  io_loop* loop_;
};

void io_loop::ready(hosted_job& who) {
  if (current() == this) {
    ready_.push_back(&who);
    return;
  }
  auto* head = handed_over_.load(std::memory_order_relaxed);
  do {
    who.next_ready = head;
  } while (!handed_over_.compare_exchange_weak(head, &who, std::memory_order_acq_rel,
                                               std::memory_order_relaxed));
  if (head) return;
  if (auto* here = current()) next_to_wake_ = std::exchange(here->to_wake_, this);
  else post(wake_up{*this});
}

// Not sooner: of a hundred messages the first one would leave alone.
void io_loop::wake_others() noexcept {
  while (auto* other = to_wake_) {
    to_wake_ = other->next_to_wake_; // its again once it is woken
    other->post(wake_up{*other});
  }
}

void io_loop::exec_later(caf::resumable* job) {
  if (job->subtype() == caf::resumable::io_actor) ready(dynamic_cast<hosted_job&>(*job));
  else system().scheduler().enqueue(job);
}

void io_loop::take_handed_over() {
  // Also releases: whoever finds it empty takes over the memory of the wake-up that ran.
  auto* link = handed_over_.exchange(nullptr, std::memory_order_acq_rel);
  if (link) figures()->turns.wake_ups.add();
  const auto first = static_cast<std::ptrdiff_t>(ready_.size());
  for (; link; link = link->next_ready) ready_.push_back(link);
  std::reverse(ready_.begin() + first, ready_.end());
}

// -- turns -----------------------------------------------------------------------------------------

void io_loop::run() {
  current() = this;
  pthread_setname_np(pthread_self(), fmt::format("loop {}", index()).c_str());
  sender_.prepare(method_);
  ns_per_tick_ = meters::ns_per_tick();
  if (clockid_t own{}; pthread_getcpuclockid(pthread_self(), &own) == 0)
    figures()->processor_clock.store(own, std::memory_order_release);
  while (!context_.stopped()) {
    let_time_pass();
    if (ready_.empty() && dirty_.empty() && slow_.empty()) guarded([&] { context_.run_one(); });
    const auto began = meters::ticks();
    run_handlers();
    let_time_pass();
    guarded([&] { timers().advance(now()); });
    wake_others();
    resume_ready();
    flush();
    run_slow();
    wake_others();
    arm_wake_timer();
    count_turn(began);
  }
  wake_others();
  figures()->processor_clock.store(meters::loop_meters::no_clock, std::memory_order_release);
  current() = nullptr;
}

void io_loop::finish() {
  post([this] { context_.stop(); });
}

template <class F>
void io_loop::guarded(F f) noexcept {
  try {
    f();
  } catch (const std::exception& e) {
    log_.write(severity::error, "handler_failed", {{"what", e.what()}});
  } catch (...) {
    log_.write(severity::error, "handler_failed", {{"what", "unknown exception"}});
  }
}

void io_loop::run_handlers() {
  int ran = 0;
  for (bool more = true; more && ran < max_handlers; ++ran)
    guarded([&] { more = context_.poll_one() != 0; });
}

std::chrono::nanoseconds io_loop::since(std::uint64_t began) const noexcept {
  const auto passed = static_cast<double>(meters::ticks() - began) * ns_per_tick_;
  return std::chrono::nanoseconds{static_cast<std::int64_t>(passed)};
}

void io_loop::count_turn(std::uint64_t began) noexcept {
  auto& turns = figures()->turns;
  const auto took = since(began);
  turns.turns.add();
  turns.times.add(took);
  turns.longest.raise_to(took.count());
}

bool io_loop::resume_ready() {
  (void)lap();
  for (int round = 0; round < max_rounds && !ready_.empty(); ++round) {
    running_.swap(ready_);
    figures()->turns.resumes.add(running_.size());
    auto began = meters::ticks();
    for (std::size_t i = 0; i < running_.size(); ++i) {
      if (i + resumed_ahead < running_.size()) running_[i + resumed_ahead]->prefetch_to_resume();
      if (i + worked_ahead < running_.size()) running_[i + worked_ahead]->prefetch_work();
      auto* job = running_[i];
      const auto outcome = job->resume(this, max_messages_per_actor);
      wake_others();
      const auto ended = meters::ticks();
      if (const auto took = ended - std::exchange(began, ended); took > short_hold_ticks)
        guarded([&] { report_hold(log_, *this, *job->as_resumable(), took); });
      if (outcome == caf::resumable::resume_later) ready_.push_back(job);
      else caf::intrusive_ptr_release(job->as_resumable());
    }
    running_.clear();
    if (dirty_.size() >= worth_a_batch) flush();
  }
  return !ready_.empty();
}

void io_loop::run_slow() {
  if (slow_.empty()) return;
  const auto f = std::move(slow_.front());
  slow_.pop_front();
  guarded(f);
}

void io_loop::arm_wake_timer() {
  const auto next = timers().next();
  if (!next || (wake_at_ && *wake_at_ <= *next)) return;
  wake_at_ = *next;
  wake_.expires_at(*next);
  wake_.async_wait([this](error_code ec) {
    if (!ec) wake_at_.reset();
  });
}

// -- sending ---------------------------------------------------------------------------------------

void io_loop::mark_dirty(flushable& f) {
  if (std::exchange(f.dirty_, true)) return;
  f.position_ = dirty_.size();
  dirty_.push_back(&f);
}

void io_loop::forget(flushable& f) noexcept {
  if (!std::exchange(f.dirty_, false)) return;
  for (auto* list : {&dirty_, &flushing_})
    if (f.position_ < list->size() && (*list)[f.position_] == &f) (*list)[f.position_] = nullptr;
}

void io_loop::send_now() {
  flush();
  (void)lap(); // nobody's handler took that long
}

void io_loop::flush() {
  flushing_.swap(dirty_);
  std::size_t n = 0;
  for (std::size_t i = 0; i < flushing_.size(); ++i) { // sent() may forget others
    if (const auto next = i + fetched_ahead; next < flushing_.size() && flushing_[next]) flushing_[next]->prefetch();
    auto* f = flushing_[i];
    if (!f) continue;
    f->dirty_ = false;
    operations_[n].owner = f;
    guarded([&] { n += f->want_send(operations_[n]) ? 1 : 0; });
    if (n == batch_sender::max_batch) send(std::exchange(n, 0));
  }
  send(n);
  flushing_.clear();
}

void io_loop::send(std::size_t operations) {
  if (operations == 0) return;
  auto& turns = figures()->turns;
  const auto batch = std::span{operations_}.first(operations);
  const auto began = turns.batches.value() % sampled_batch == 0 ? meters::ticks() : 0;
  sender_.run(batch);
  if (began != 0)
    figures()->stages[static_cast<std::size_t>(meters::stage::socket)].add(since(began));
  turns.batches.add();
  turns.batched_sends.add(operations);
  const auto owner = [&](std::size_t i) { return static_cast<flushable*>(batch[i].owner); };
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (const auto next = i + fetched_ahead; next < batch.size()) owner(next)->prefetch();
    guarded([&] { owner(i)->sent(batch[i].result); });
  }
}

} // namespace troupe::net
