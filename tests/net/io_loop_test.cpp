// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "net/support/loop_thread.hpp"
#include "net/support/senders.hpp"
#include "support/catch.hpp"

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <pthread.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace troupe::net;
using troupe::hosted;
using troupe::spawn_on;
using troupe::tests::loop_thread;
using troupe::tests::sender;
using troupe::tests::senders;

using untyped = hosted<caf::event_based_actor>;

/// Keeps what it was sent and on which threads.
struct listener_state {
  std::vector<int> numbers;
  std::set<std::thread::id> threads;
};
using heard = std::pair<std::vector<int>, std::set<std::thread::id>>;

/// Gives `heard` to the promise once it has `expected` numbers.
caf::behavior listener_actor(caf::stateful_actor<listener_state, untyped>* self,
                             std::size_t expected, std::shared_ptr<std::promise<heard>> all) {
  self->state.threads.insert(std::this_thread::get_id());
  return {
      [=](int number) {
        auto& s = self->state;
        s.numbers.push_back(number);
        s.threads.insert(std::this_thread::get_id());
        if (s.numbers.size() != expected)
          return;
        all->set_value({s.numbers, s.threads});
        self->quit();
      },
  };
}

struct nothing {};

/// Passes a number on for ever.
caf::behavior passer(caf::stateful_actor<nothing, untyped>* self, caf::actor to,
                     std::shared_ptr<std::atomic<int>> passed) {
  return {
      [=](int number, const caf::actor& back) {
        ++*passed;
        self->send(to ? to : back, number + 1, caf::actor{self});
      },
  };
}

/// Ends after the one it monitors.
caf::behavior mourner(caf::stateful_actor<listener_state, untyped>* self, const caf::actor& whom) {
  self->set_down_handler([=](const caf::down_msg&) { self->quit(); });
  self->monitor(whom);
  return {[](int) {}};
}

/// Two actors on the loop that are never idle.
std::shared_ptr<std::atomic<int>> keep_busy(loop_thread& loop) {
  const auto passed = std::make_shared<std::atomic<int>>(0);
  const auto one = spawn_on(*loop, passer, caf::actor{}, passed);
  const auto other = spawn_on(*loop, passer, one, passed);
  caf::anon_send(other, 0, one);
  while (*passed < 1000)
    std::this_thread::yield();
  return passed;
}

// Their argument keeps UBSan from a null reference inside CAF.
caf::behavior thread_teller(caf::event_based_actor* self, const std::string& question) {
  return {[=](const std::string& asked) {
    CHECK(asked == question);
    self->quit();
    return static_cast<std::uint64_t>(std::hash<std::thread::id>{}(std::this_thread::get_id()));
  }};
}

caf::behavior asker(caf::stateful_actor<nothing, untyped>* self, const caf::actor& whom,
                    std::shared_ptr<std::promise<std::uint64_t>> told) {
  self->request(whom, caf::infinite, std::string{"where?"}).then([=](std::uint64_t thread) {
    told->set_value(thread);
    self->quit();
  });
  return {[](int) {}};
}

} // namespace

TEST_CASE("io_loop: a hosted actor runs on the loop's thread, whoever sends", "[net][io_loop]") {
  loop_thread loop;
  const auto all = std::make_shared<std::promise<heard>>();
  const auto who = spawn_on(*loop, listener_actor, 4, all);
  caf::anon_send(who, 1);
  std::thread{[&] { caf::anon_send(who, 2); }}.join();
  loop->post([&] { caf::anon_send(who, 3); });
  loop.system().spawn([](caf::event_based_actor* self, const caf::actor& to) { self->send(to, 4); },
                      who);
  const auto [numbers, threads] = all->get_future().get();
  CHECK(numbers.size() == 4);
  CHECK(threads == std::set{loop.thread()});
}

TEST_CASE("io_loop: its thread has its name, as tools show it", "[net][io_loop]") {
  loop_thread loop;
  const auto name = loop.ask([] {
    std::array<char, 16> text{};
    pthread_getname_np(pthread_self(), text.data(), text.size());
    return std::string{text.data()};
  });
  CHECK(name == "loop 0");
}

TEST_CASE("io_loop: of what many threads hand over at once nothing is lost or overtaken",
          "[net][io_loop]") {
  loop_thread loop;
  constexpr int senders = 4;
  constexpr int each = 5000;
  constexpr int actors = 50; // so that both a busy and an idle actor are hit
  std::vector<caf::actor> listeners;
  std::vector<std::shared_ptr<std::promise<heard>>> promises;
  for (int i = 0; i < actors; ++i) {
    promises.push_back(std::make_shared<std::promise<heard>>());
    listeners.push_back(
        spawn_on(*loop, listener_actor, std::size_t{senders * each / actors}, promises.back()));
  }
  std::vector<std::thread> threads;
  for (int s = 0; s < senders; ++s)
    threads.emplace_back([&listeners, s] {
      for (int i = 0; i < each; ++i)
        caf::anon_send(listeners[static_cast<std::size_t>(i % actors)], i * senders + s);
    });
  for (auto& t : threads)
    t.join();
  for (auto& p : promises) {
    const auto numbers = p->get_future().get().first;
    std::array<int, senders> last;
    last.fill(-1);
    for (const auto n : numbers) {
      const auto s = static_cast<std::size_t>(n % senders);
      REQUIRE(n > last[s]);
      last[s] = n;
    }
  }
}

TEST_CASE("io_loop: actors made ready by another thread run in the order in which they became so",
          "[net][io_loop]") {
  std::promise<void> go;
  loop_thread loop; // goes first
  const auto all = std::make_shared<std::promise<heard>>();
  const auto who = spawn_on(*loop, listener_actor, 100, all);
  loop->post([&] { go.get_future().wait(); }); // all becomes ready behind this
  for (int i = 0; i < 100; ++i)
    spawn_on(
        *loop,
        +[](caf::stateful_actor<nothing, untyped>* self, const caf::actor& to,
            int number) -> caf::behavior {
          self->send(to, number);
          return {};
        },
        who, i);
  go.set_value();
  const auto numbers = all->get_future().get().first;
  CHECK(std::is_sorted(numbers.begin(), numbers.end()));
}

TEST_CASE("io_loop: an exception in a handler is logged and ends nothing else", "[net][io_loop]") {
  loop_thread loop;
  loop->post([] { throw std::runtime_error{"a broken handler"}; });
  loop->post([] { throw 42; });
  CHECK(loop.ask([] { return 1; }) == 1);
  const auto failed = loop.log().named("handler_failed");
  REQUIRE(failed.size() == 2);
  CHECK(failed[0].level == troupe::severity::error);
  CHECK(failed[0].fields.at("what") == "a broken handler");
}

TEST_CASE("io_loop: a timer fires on the loop's thread, never early", "[net][io_loop]") {
  using clock = troupe::host::clock;
  struct probe {
    std::promise<std::pair<clock::time_point, std::thread::id>> fired;
    troupe::timer timer{
        [](void* self) {
          static_cast<probe*>(self)->fired.set_value({clock::now(), std::this_thread::get_id()});
        },
        this};
  };
  std::vector<std::unique_ptr<probe>> probes;
  std::vector<clock::time_point> due;
  loop_thread loop; // goes first
  // Descending: each becomes the next to wait for. One of them is past already.
  for (const auto delay : {200ms, 100ms, 40ms, -50ms}) {
    probes.push_back(std::make_unique<probe>());
    due.push_back(clock::now() + delay);
    loop.ask([&] { return loop->timers().arm(probes.back()->timer, due.back()), 0; });
  }
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const auto [when, where] = probes[i]->fired.get_future().get();
    CHECK(when >= due[i]);
    CHECK(where == loop.thread());
  }
}

TEST_CASE("io_loop: a timer that throws is logged and others still fire", "[net][io_loop]") {
  troupe::timer broken{[](void*) { throw std::runtime_error{"a broken timer"}; }, nullptr};
  std::promise<void> fired;
  troupe::timer sound{[](void* p) { static_cast<std::promise<void>*>(p)->set_value(); }, &fired};
  loop_thread loop; // goes first
  loop.ask([&] {
    loop->timers().arm(broken, loop->now());
    loop->timers().arm(sound, loop->now() + 100ms);
    return 0;
  });
  fired.get_future().get();
  CHECK(loop.log().named("handler_failed").size() == 1);
}

TEST_CASE("io_loop: an actor of the scheduler runs there when the loop addresses it",
          "[net][io_loop]") {
  loop_thread loop;
  const auto told = std::make_shared<std::promise<std::uint64_t>>();
  spawn_on(*loop, asker, loop.system().spawn(thread_teller, std::string{"where?"}), told);
  const auto where = told->get_future().get();
  CHECK(where != std::hash<std::thread::id>{}(loop.thread()));
  CHECK(where != std::hash<std::thread::id>{}(std::this_thread::get_id()));
}

TEST_CASE("io_loop: actors that are never idle starve neither sockets, timers nor sending",
          "[net][io_loop]") {
  sender bytes;
  std::promise<void> flushed;
  bytes.then = [&] { flushed.set_value(); };
  std::promise<void> fired;
  loop_thread loop; // goes first
  const auto passed = keep_busy(loop);
  using unix_socket = asio::basic_stream_socket<asio::local::stream_protocol, io_executor>;
  unix_socket ours{loop->executor()};
  unix_socket theirs{loop->executor()};
  asio::local::connect_pair(ours, theirs);
  for (int i = 0; i < 20; ++i) {
    char got = 0;
    std::promise<void> read;
    loop->post([&] {
      asio::async_read(ours, asio::buffer(&got, 1),
                       [&](error_code, std::size_t) { read.set_value(); });
    });
    const char sent = static_cast<char>('a' + i);
    REQUIRE(::send(theirs.native_handle(), &sent, 1, 0) == 1);
    read.get_future().get();
    CHECK(got == sent);
  }
  troupe::timer timer{[](void* p) { static_cast<std::promise<void>*>(p)->set_value(); }, &fired};
  loop.ask([&] { return loop->timers().arm(timer, loop->now() + 1ms), 0; });
  fired.get_future().get();
  loop->post([&] { loop->mark_dirty(bytes); });
  flushed.get_future().get();
  const int before = *passed;
  while (*passed < before + 1000)
    std::this_thread::yield(); // nor are they starved
}

TEST_CASE("io_loop: finish() ends the loop although its actors are never idle", "[net][io_loop]") {
  loop_thread loop;
  keep_busy(loop);
  loop.stop();
}

TEST_CASE("io_loop: what is ready when a loop goes is given up, so that its system can end",
          "[net][io_loop]") {
  loop_thread loop;
  const auto first =
      spawn_on(*loop, listener_actor, std::size_t{2}, std::make_shared<std::promise<heard>>());
  loop.ask([] { return 0; });
  spawn_on(*loop, mourner, first); // becomes ready again once the first one is given up
  loop.ask([] { return 0; });
  loop.stop();
  caf::anon_send(first, 1);
  spawn_on(*loop, mourner, first);
}

TEST_CASE("io_loop: whoever is dirty is asked once a turn and sends in one batch",
          "[net][io_loop]") {
  std::promise<void> sent;
  senders many{batch_sender::max_batch + 40};
  many.back()->then = [&] { sent.set_value(); };
  loop_thread loop; // goes first
  loop.ask([&] {
    for (int again = 0; again < 3; ++again)
      for (auto& m : many)
        loop->mark_dirty(*m);
    return 0;
  });
  sent.get_future().get();
  loop.stop();
  for (auto& m : many) {
    REQUIRE(m->asked == 1);
    REQUIRE(m->bytes == 1);
  }
}

TEST_CASE("io_loop: of what is slow each turn does one, and what is quick comes between", "[net][io_loop]") {
  std::promise<void> done;
  std::string order;
  loop_thread loop;
  loop.ask([&] {
    for (int i = 0; i < 3; ++i)
      loop->post_slow([&] {
        order += 's';
        if (order.size() == 5) done.set_value();
        else loop->post([&] { order += 'q'; });
      });
    return 0;
  });
  done.get_future().get();
  CHECK(order == "sqsqs");
}

TEST_CASE("io_loop: what is slow may fail, and the next has its turn", "[net][io_loop]") {
  std::promise<void> done;
  loop_thread loop;
  loop.ask([&] {
    loop->post_slow([] { throw std::runtime_error{"no"}; });
    loop->post_slow([&] { done.set_value(); });
    return 0;
  });
  done.get_future().get();
  CHECK(loop.log().named("handler_failed").size() == 1);
}

TEST_CASE("io_loop: whoever is forgotten is asked no more, even amid a flush", "[net][io_loop]") {
  std::promise<void> done;
  senders many{batch_sender::max_batch + 3};
  auto& first = *many.front();
  auto& last = many.back();
  loop_thread loop; // goes first
  first.then = [&] {
    if (first.bytes == 2)
      return done.set_value(); // in the next turn
    loop->forget(*last);       // it waits for the second batch
    last.reset();
    loop->mark_dirty(first);
  };
  loop.ask([&] {
    for (auto& m : many)
      loop->mark_dirty(*m);
    loop->forget(*many[1]);
    loop->forget(*many[1]);
    return 0;
  });
  done.get_future().get();
  loop.stop();
  CHECK(last == nullptr);
  CHECK(first.asked == 2);
  CHECK(many[1]->asked == 0);
  CHECK(many[2]->asked == 1);
  CHECK(many[batch_sender::max_batch + 1]->asked == 1);
}

namespace {

struct sleeper_state {
  static constexpr const char* name = "sleeper";
};

/// Sleeps so many milliseconds, then says so.
caf::behavior sleeper(caf::stateful_actor<sleeper_state, untyped>* self,
                      std::shared_ptr<std::promise<void>> awake) {
  self->meter().identify(caf::make_counted<troupe::meters::actor_title>("of the test"));
  return {[awake](int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds{ms});
    awake->set_value();
  }};
}

} // namespace

TEST_CASE("io_loop: an actor that holds it for long is named in the log, and counted", "[net][io_loop]") {
  loop_thread loop;
  const auto awake = std::make_shared<std::promise<void>>();
  const auto slow = spawn_on(*loop, sleeper, awake);
  caf::anon_send(slow, 20);
  awake->get_future().get();
  loop.ask([] { return 0; }); // a turn later
  const auto held = loop.log().named("loop_held");
  REQUIRE_FALSE(held.empty());
  CHECK(held.back().level == troupe::severity::warning);
  CHECK(held.back().fields.at("actor") == "sleeper");
  CHECK(held.back().fields.at("title") == "of the test");
  CHECK(loop->counters().loop_holds.value() >= 1);
  CHECK(std::stoi(held.back().fields.at("held")) >= 20);
  caf::anon_send_exit(slow, caf::exit_reason::user_shutdown);
}
