// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What comes before what in a turn of a loop.
#include "net/support/loop_thread.hpp"
#include "net/support/senders.hpp"
#include "support/catch.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace troupe::net;
using troupe::hosted;
using troupe::spawn_on;
using troupe::tests::loop_thread;
using troupe::tests::senders;

using untyped = hosted<caf::event_based_actor>;
struct nothing {};
using order = std::shared_ptr<std::vector<int>>;

/// Writes down what it is sent.
caf::behavior writer(caf::stateful_actor<nothing, untyped>*, order written) {
  return {[=](int number) { written->push_back(number); }};
}

/// Counts to three, in messages to itself: writes down minus the number, sends the number to another, and may yield.
caf::behavior counter(caf::stateful_actor<nothing, untyped>* self, const caf::actor& to, order written, bool yields) {
  return {[=](int number) {
    written->push_back(-number);
    self->send(to, number);
    if (number < 3) self->send(self, number + 1);
    if (yields) self->yield();
  }};
}

/// Marks what is to be sent, then asks another actor to look.
caf::behavior marker(caf::stateful_actor<nothing, untyped>* self, std::function<void()> mark, const caf::actor& looks) {
  return {[=](int) {
    mark();
    self->send(looks, 0);
    self->quit();
  }};
}
caf::behavior looker(caf::stateful_actor<nothing, untyped>* self, std::function<void()> look) {
  return {[=](int) {
    look();
    self->quit();
  }};
}

std::uint64_t wake_ups(loop_thread& of) { return of->figures()->turns.wake_ups.value(); }

/// Sends to each, gives the other loop time to take what it is told of, and says how often it did.
caf::behavior teller(caf::stateful_actor<nothing, untyped>* self, std::vector<caf::actor> to, loop_thread* other,
                     std::shared_ptr<std::promise<std::uint64_t>> taken) {
  return {[=](int number) {
    const auto before = wake_ups(*other);
    for (const auto& who : to) self->send(who, number);
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{30};
    while (wake_ups(*other) == before && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    taken->set_value(wake_ups(*other) - before);
    self->quit();
  }};
}

} // namespace

TEST_CASE("io_loop: another loop is woken at the end of an actor's turn, once for all that it sent there", "[net][io_loop]") {
  loop_thread loop;
  auto other = loop.beside();
  const auto written = std::make_shared<std::vector<int>>();
  std::vector<caf::actor> writers;
  for (int i = 0; i < 10; ++i) writers.push_back(spawn_on(*other, writer, written));
  const auto taken = std::make_shared<std::promise<std::uint64_t>>();
  const auto tells = spawn_on(*loop, teller, writers, &other, taken);
  const auto before = other.ask([&] { return wake_ups(other); });
  caf::anon_send(tells, 7);
  CHECK(taken->get_future().get() == 0); // within the turn
  while (other.ask([&] { return written->size(); }) < writers.size()) std::this_thread::yield();
  CHECK(wake_ups(other) - before == 1);
  CHECK(*written == std::vector<int>(writers.size(), 7));
  for (const auto& who : writers) caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
}

TEST_CASE("io_loop: another loop is woken by what a handler sends that is no actor's", "[net][io_loop]") {
  loop_thread loop;
  auto other = loop.beside();
  const auto arrived = std::make_shared<std::promise<void>>();
  const auto looks = spawn_on(*other, looker, [=] { arrived->set_value(); });
  loop->post([&] { caf::anon_send(looks, 1); });
  CHECK(arrived->get_future().wait_for(std::chrono::seconds{10}) == std::future_status::ready);
}

TEST_CASE("io_loop: whom an actor that yields has made ready comes before its next message", "[net][io_loop]") {
  const bool yields = GENERATE(true, false);
  loop_thread loop;
  const auto written = std::make_shared<std::vector<int>>();
  const auto to = spawn_on(*loop, writer, written);
  const auto counts = spawn_on(*loop, counter, to, written, yields);
  caf::anon_send(counts, 1);
  while (loop.ask([&] { return written->size(); }) < 6) std::this_thread::yield();
  CHECK(*written == (yields ? std::vector{-1, 1, -2, 2, -3, 3} : std::vector{-1, -2, -3, 1, 2, 3}));
  for (const auto& who : {to, counts}) caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
}

TEST_CASE("io_loop: what fills half a batch is sent before the actors that became ready meanwhile run", "[net][io_loop]") {
  const std::size_t dirty = GENERATE(batch_sender::max_batch / 2, batch_sender::max_batch / 2 - 1);
  senders all{dirty};
  loop_thread loop;
  std::promise<ssize_t> sent;
  const auto looks = spawn_on(*loop, looker, [&] { sent.set_value(all.back()->bytes); });
  const auto marks = spawn_on(*loop, marker, [&] {
    for (auto& s : all) loop->mark_dirty(*s);
  }, looks);
  caf::anon_send(marks, 0);
  CHECK(sent.get_future().get() == (dirty == batch_sender::max_batch / 2 ? 1 : 0));
  CHECK(loop.ask([&] { return all.front()->bytes; }) == 1);
}

TEST_CASE("io_loop: an actor may have sent, before its turn ends, what was queued before it", "[net][io_loop]") {
  senders all{3};
  loop_thread loop;
  const auto before = std::make_shared<std::promise<ssize_t>>();
  const auto looks = spawn_on(*loop, looker, [&, before] {
    loop->send_now();
    before->set_value(all[0]->bytes + all[1]->bytes + all[2]->bytes);
  });
  const auto marks = spawn_on(*loop, marker, [&] { for (const auto& one : all) loop->mark_dirty(*one); }, looks);
  caf::anon_send(marks, 0);
  CHECK(before->get_future().get() == 3);
  loop.ask([] { return 0; }); // the turn has ended
  for (const auto& one : all) CHECK(one->asked == 1);
}
