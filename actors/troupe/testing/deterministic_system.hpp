// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DETERMINISTIC SYSTEM: an actor system whose scheduler, hosts and clocks move only when told to. Use it
// as the fixture of a test: spawn, send, run(), look.
// Thread: one, the test's. Ends: lets every actor finish what it can, then gives up those still alive;
// a test that wants none left checks running().
#pragma once
#include <troupe/testing/manual_host.hpp>

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/expected.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace troupe::testing {

/// Configures an actor system for CAF's test coordinator.
struct deterministic_config : caf::actor_system_config {
  deterministic_config() { set("scheduler.policy", caf::atom("testing")); }
};

/// An actor system and hosts whose actors run when told to, on a clock that moves when told to.
class deterministic_system {
public:
  /// @param hosts How many loops there are.
  explicit deterministic_system(std::size_t hosts = 1)
    : system_(config_),
      scheduler_(dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())) {
    for (std::size_t i = 0; i < hosts; ++i)
      hosts_.push_back(std::make_unique<manual_host>(system_, i));
    run();
  }

  ~deterministic_system() {
    run();
    // An actor that a failed test left behind must not hang it.
    system_.await_actors_before_shutdown(false);
  }

  deterministic_system(const deterministic_system&) = delete;
  deterministic_system& operator=(const deterministic_system&) = delete;

  /// To spawn actors that are not hosted.
  [[nodiscard]] caf::actor_system& system() noexcept { return system_; }
  /// Of those actors, for what run() and advance() do not do.
  [[nodiscard]] caf::scheduler::test_coordinator& scheduler() noexcept { return scheduler_; }
  /// To spawn hosted actors on. @throws std::out_of_range if there is none of this index.
  [[nodiscard]] manual_host& host(std::size_t index = 0) { return *hosts_.at(index); }
  /// Another one, such as of another node, which counts its loops from 0 again. @returns it; host() knows it by the
  /// next number.
  manual_host& add_host(std::size_t index) {
    hosts_.push_back(std::make_unique<manual_host>(system_, index));
    return *hosts_.back();
  }
  /// How many there are.
  [[nodiscard]] std::size_t hosts() const noexcept { return hosts_.size(); }
  /// Actors that are alive, on hosts and on CAF's scheduler.
  [[nodiscard]] std::size_t running() { return system_.registry().running(); }

  /// Runs every actor until none is ready.
  void run() {
    for (bool busy = true; busy;) {
      busy = scheduler_.run() != 0;
      for (auto& h : hosts_) busy = h->run() != 0 || busy;
    }
  }

  /// Moves all clocks together, in steps of at most one tick of the timing wheel: delayed messages,
  /// request timeouts and timers of the wheel happen in the order of their deadlines, to a tick.
  void advance(host::clock::duration by) {
    while (by > host::clock::duration::zero()) {
      const auto step = std::min<host::clock::duration>(by, timing_wheel::tick);
      by -= step;
      scheduler_.advance_time(step);
      for (auto& h : hosts_) h->advance(step);
      run();
    }
  }

  /// Sends a request, runs, and @returns the answer. The error is the answerer's, or request_timeout if
  /// it has not answered yet.
  template <class Answer, class Handle, class... Args>
  caf::expected<Answer> ask(const Handle& whom, Args&&... args) {
    caf::scoped_actor self{system_};
    auto pending = self->request(whom, caf::infinite, std::forward<Args>(args)...);
    run();
    caf::expected<Answer> answer{caf::make_error(caf::sec::request_timeout)};
    if (self->peek_at_next_mailbox_element()) // else receive() would block
      pending.receive([&](const Answer& a) { answer = a; },
                      [&](const caf::error& why) { answer = why; });
    return answer;
  }

private:
  deterministic_config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& scheduler_;
  std::vector<std::unique_ptr<manual_host>> hosts_;
};

} // namespace troupe::testing
