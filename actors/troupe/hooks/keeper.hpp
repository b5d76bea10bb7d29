// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// KEEPER: stands before an actor of a program that extends Troupe: starts it, passes requests on, and
// starts it again when it fails, so that whoever talks to it keeps one address and always gets an answer.
// Thread: its actor's. Owner: the state of a keeper actor. Bounded by: keeper_options, for requests that are
// not answered. Ends: after the actor it keeps; see end(). It may let the actor rest, while nobody needs it.
#pragma once
#include <troupe/event_log.hpp>
#include <troupe/hooks/birth.hpp>
#include <troupe/hooks/restart.hpp>
#include <troupe/supervision.hpp>

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_response_promise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace troupe::hooks {

/// How an actor of a program is kept.
struct keeper_options {
  restart_strategy restart = restart_strategy::back_off();
  std::chrono::milliseconds deadline{5'000};        ///< For each answer; then failure::timed_out.
  std::size_t max_pending = 65'536;                 ///< Requests without an answer; more: failure::overloaded.
  std::size_t max_pending_bytes = 64 * 1024 * 1024; ///< Of those requests.
};

/// @tparam Handle Interface of the actor that is kept.
/// @tparam Pointer `self` of a hosted actor that handles keeper_due by due(), and hand_over.
template <class Handle, class Pointer>
class keeper : private supervisor {
public:
  struct settings {
    std::string name; ///< Of what it is kept for, in the log.
    spawner<Handle> spawn;
    keeper_options options;
    registry_actor registry;
    centrifuge::channels channels;
    hooks::users users = {};
    event_log* log = &event_log::none();
    std::function<void(birth&)> complete = {}; ///< Adds what only the keeper knows.
    std::function<void()> born = {};           ///< There is an actor, the first or another one.
    std::function<void()> rested = {};         ///< After rest(): there is none any more.
    std::function<void()> gave_up = {};
  };

  explicit keeper(Pointer self)
    : self_(self), timer_([](void* k) {
        auto* owner = static_cast<keeper*>(k)->self_;
        owner->send(owner, keeper_due{});
      }, this), restarts_(restart_strategy{}) {}

  void start(settings with) {
    with_ = std::move(with);
    self_->meter()->become(inspection::actor_kind::keeper);
    self_->meter().identify(caf::make_counted<meters::actor_title>(with_.name));
    restarts_ = restarts{with_.options.restart};
    enter(self_->home().supervision());
    self_->set_exit_handler([this](const caf::exit_msg& m) { end(m.reason); });
    bear();
  }

  /// Passes a request on, or keeps it until there is an actor that takes it. Answered in any case: by
  /// `done(answer)`, or `done()` if Answer is void, or by `failed(why)`.
  /// @param wanted Called just before an actor gets it; if it says no, nobody waits for an answer any more.
  template <class Answer, class Request, class F, class G>
  void ask(const Request& m, std::size_t bytes, std::function<bool()> wanted, F done, G failed) {
    auto& counters = self_->home().counters();
    counters.extension_requests.add();
    if (const auto why = refusal(bytes); why != failure::none) {
      (why == failure::overloaded ? counters.extension_overflows : counters.extension_failures).add();
      return failed(why);
    }
    const auto number = ++last_request_;
    auto& open = open_[number];
    open.expires = self_->home().now() + with_.options.deadline;
    open.bytes = bytes;
    pending_bytes_ += bytes;
    open.fail = std::move(failed);
    auto send = [this, m, number, done, wanted = std::move(wanted)] {
      if (wanted && !wanted()) {
        settle(number);
        return;
      }
      const auto on_error = [this, number](const caf::error&) { fail(number, failure::failed); };
      if constexpr (std::is_void_v<Answer>)
        self_->request(actor_, caf::infinite, m).then([this, number, done] {
          if (settle(number)) done();
        }, on_error);
      else
        self_->request(actor_, caf::infinite, m).then([this, number, done](Answer& a) mutable {
          if (settle(number)) done(a);
        }, on_error);
    };
    if (is_up()) send();
    else open.send = std::move(send);
    arm();
  }
  /// As above, for whoever has sent the message that is being handled.
  template <class Answer, class Request>
  caf::typed_response_promise<Answer> ask(const Request& m, std::size_t bytes,
                                          std::function<bool()> wanted = {}) {
    auto promise = self_->template make_response_promise<Answer>();
    ask_for<Answer>(promise, m, bytes, std::move(wanted));
    return promise;
  }
  /// As above, for whoever a promise is made to.
  template <class Answer, class Request>
  void ask_for(caf::typed_response_promise<Answer> promise, const Request& m, std::size_t bytes,
               std::function<bool()> wanted = {}) {
    ask<Answer>(
      m, bytes, std::move(wanted), [promise](Answer& a) mutable { promise.deliver(std::move(a)); },
      [promise](failure why) mutable { promise.deliver(caf::make_error(why)); });
  }

  /// Tells the actor a fact, if there is one to be told.
  template <class Fact>
  void tell(Fact m) {
    if (is_up()) self_->send(actor_, std::move(m));
  }

  void keep(hand_over& m) { state_ = std::move(m.state); }

  /// Ends the actor, which nobody needs while nothing is asked. The next one is as if it were the first.
  void rest() {
    wanted_ = false;
    restart_at_.reset();
    if (!actor_) {
      if (with_.rested) with_.rested();
    } else if (!std::exchange(resting_, true)) {
      dismiss(caf::make_error(caf::exit_reason::user_shutdown));
    }
  }
  /// There has to be an actor.
  void wake() {
    wanted_ = true;
    if (!actor_ && !restart_at_ && !gave_up_ && !ending_) bear();
  }
  /// Whether there is an actor that takes requests.
  [[nodiscard]] bool is_up() const noexcept { return actor_ && !resting_; }
  /// Whether requests are not answered yet.
  [[nodiscard]] bool is_asked() const noexcept { return !open_.empty(); }

  /// A timer is due.
  void due() {
    const auto now = self_->home().now();
    if (ends_by_ && now >= *ends_by_) stop_waiting();
    if (ending_) return;
    while (!open_.empty() && open_.begin()->second.expires <= now)
      fail(open_.begin()->first, failure::timed_out);
    if (restart_at_ && *restart_at_ <= now) bear();
    arm();
  }

  /// Ends: the actor goes first, since it may need its keeper. Done when told to exit.
  void end(const caf::error& reason) {
    if (ending_) return;
    ending_ = reason ? reason : caf::make_error(caf::exit_reason::user_shutdown);
    restart_at_.reset();
    fail_all(failure::gave_up);
    if (!actor_) return self_->quit(ending_);
    dismiss(ending_);
  }

  /// @returns true if it was the kept actor that ended.
  bool on_down(const caf::down_msg& m) {
    if (!actor_ || m.source != actor_.address()) return false;
    actor_ = nullptr;
    if (ending_) {
      self_->quit(ending_);
      return true;
    }
    if (std::exchange(resting_, false)) {
      rested();
      return true;
    }
    fail_all(failure::failed); // it may have kept promises that nobody keeps now
    failed(self_->system().render(m.reason));
    return true;
  }

private:
  // supervisor: of its actor
  bool kill(std::uint64_t actor) override {
    if (!actor_ || actor_.id() != actor) return false;
    self_->send_exit(actor_, caf::exit_reason::kill);
    return true;
  }
  void describe(std::vector<ward>& to) const override {
    to.push_back({with_.name, actor_ ? actor_.id() : 0, incarnation_ - 1, last_failure_, failed_at_, gave_up_});
  }

  struct open_request {
    host::clock::time_point expires;
    std::size_t bytes = 0;
    std::function<void()> send; // empty once sent
    std::function<void(failure)> fail;
  };

  static constexpr std::chrono::seconds last_wishes{1}; // for an actor that was told to exit

  [[nodiscard]] failure refusal(std::size_t bytes) const noexcept {
    if (gave_up_ || ending_) return failure::gave_up;
    const auto& o = with_.options;
    const bool fits = open_.size() < o.max_pending && pending_bytes_ + bytes <= o.max_pending_bytes;
    return fits ? failure::none : failure::overloaded;
  }

  /// @returns false if the request was dealt with before.
  bool settle(std::uint64_t number) {
    const auto found = open_.find(number);
    if (found == open_.end()) return false;
    pending_bytes_ -= found->second.bytes;
    open_.erase(found);
    return true;
  }

  void fail(std::uint64_t number, failure why) {
    const auto found = open_.find(number);
    if (found == open_.end()) return;
    const auto tell = std::move(found->second.fail);
    settle(number);
    self_->home().counters().extension_failures.add();
    tell(why);
  }

  void bear() {
    restart_at_.reset();
    ++incarnation_;
    try {
      birth born{keeper_actor{self_}, with_.registry, with_.channels, with_.users, incarnation_, state_};
      if (with_.complete) with_.complete(born);
      actor_ = with_.spawn(self_->home(), born);
      if (!actor_) return failed("nothing was spawned");
    } catch (const std::exception& e) {
      return failed(e.what());
    }
    self_->monitor(actor_);
    if (auto* lives = dynamic_cast<hosted_job*>(caf::actor_cast<caf::abstract_actor*>(actor_)))
      lives->meter().identify(caf::make_counted<meters::actor_title>(with_.name));
    if (with_.born) with_.born();
    for (auto next = open_.begin(); next != open_.end();)
      if (auto& open = (next++)->second; open.send) std::exchange(open.send, {})(); // may erase itself
  }

  void failed(const std::string& why) {
    last_failure_ = why;
    failed_at_ = std::chrono::system_clock::now();
    const auto delay = restarts_.after_failure(self_->home().now());
    if (!delay) return give_up(why);
    self_->home().counters().extension_restarts.add();
    with_.log->write(severity::error, "extension_failed",
                     {{"name", with_.name},
                      {"reason", why},
                      {"incarnation", fmt::to_string(incarnation_)},
                      {"restarts_in", fmt::format("{}ms", delay->count())}});
    restart_at_ = self_->home().now() + *delay;
    // Never within this handler, or one that fails at birth would not let go of the loop.
    if (delay->count() == 0) self_->send(self_, keeper_due{});
    arm();
  }

  void give_up(const std::string& why) {
    gave_up_ = true;
    with_.log->write(severity::error, "extension_gave_up",
                     {{"name", with_.name},
                      {"reason", why},
                      {"incarnation", fmt::to_string(incarnation_)}});
    fail_all(failure::gave_up);
    if (with_.gave_up) with_.gave_up();
  }

  /// Those that are asked again meanwhile are not among them.
  void fail_all(failure why) {
    const auto last = last_request_;
    while (!open_.empty() && open_.begin()->first <= last) fail(open_.begin()->first, why);
  }

  void arm() {
    auto next = restart_at_;
    const auto not_after = [&next](host::clock::time_point t) { next = next ? std::min(*next, t) : t; };
    if (!open_.empty()) not_after(open_.begin()->second.expires);
    if (ends_by_) not_after(*ends_by_);
    if (next) self_->home().timers().arm(timer_, *next);
    else timer_.cancel();
  }

  void dismiss(const caf::error& reason) {
    self_->send_exit(actor_, reason);
    ends_by_ = self_->home().now() + last_wishes;
    arm();
  }

  void stop_waiting() {
    ends_by_.reset();
    with_.log->write(severity::error, "extension_would_not_end", {{"name", with_.name}});
    self_->send_exit(actor_, caf::exit_reason::kill);
    if (ending_) self_->quit(ending_);
  }

  void rested() {
    ends_by_.reset();
    incarnation_ = 0;
    state_.reset();
    if (wanted_) bear(); // by a request that came meanwhile
    else if (with_.rested) with_.rested();
    arm();
  }

  Pointer self_;
  timer timer_;
  settings with_;
  restarts restarts_;
  Handle actor_; // empty while there is none
  std::any state_;
  std::uint32_t incarnation_ = 0;
  std::map<std::uint64_t, open_request> open_; // oldest first, which expires first
  std::uint64_t last_request_ = 0;
  std::size_t pending_bytes_ = 0;
  std::optional<host::clock::time_point> restart_at_;
  std::string last_failure_;
  std::chrono::system_clock::time_point failed_at_{};
  bool gave_up_ = false;
  bool wanted_ = true;
  bool resting_ = false; // the actor is told to end
  caf::error ending_;    // once told to exit
  std::optional<host::clock::time_point> ends_by_; // an actor that is told to
};

} // namespace troupe::hooks
