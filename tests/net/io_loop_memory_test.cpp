// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What takes memory in a turn of a loop. A program of its own: it counts whenever memory is asked for.
#include "net/support/loop_thread.hpp"
#include "support/catch.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <cstddef>
#include <cstdlib>
#include <future>
#include <memory>
#include <new>

namespace {

thread_local std::size_t asked_for = 0; // times

} // namespace

// Where Asio gets its own.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++asked_for;
  void* p = nullptr;
  return posix_memalign(&p, alignment, size) == 0 ? p : nullptr;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++asked_for;
  return std::malloc(size);
}
void* operator new(std::size_t size) {
  if (auto* p = operator new(size, std::nothrow)) return p;
  throw std::bad_alloc{};
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

using troupe::hosted;
using troupe::spawn_on;
using troupe::tests::loop_thread;

struct nothing {};

caf::behavior waiter(caf::stateful_actor<nothing, hosted<caf::event_based_actor>>* self,
                     std::shared_ptr<std::promise<void>> arrived) {
  return {[=](int) {
    arrived->set_value();
    self->quit();
  }};
}

} // namespace

TEST_CASE("io_loop: waking another loop takes no memory, so that it cannot fail", "[net][io_loop]") {
  loop_thread loop;
  auto other = loop.beside();
  const auto arrived = std::make_shared<std::promise<void>>();
  const auto waits = spawn_on(*other, waiter, arrived);
  // Asked for by the message and by what else belongs to it; the loop wakes the other one when the handler is over.
  const auto before = loop.ask([&] {
    caf::anon_send(waits, 1);
    return asked_for;
  });
  CHECK(before > 0);
  arrived->get_future().get();
  CHECK(loop.ask([] { return asked_for; }) == before);
}
