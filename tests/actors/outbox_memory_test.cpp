// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How much memory an outbox holds. A program of its own: it counts what all of it allocates.
#include <troupe/outbox.hpp>

#include "deliveries.hpp"
#include "support/catch.hpp"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> live_bytes{0};

} // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  auto* p = std::malloc(size);
  if (p) live_bytes += malloc_usable_size(p);
  return p;
}
void* operator new(std::size_t size) {
  if (auto* p = operator new(size, std::nothrow)) return p;
  throw std::bad_alloc{};
}
void operator delete(void* p) noexcept {
  if (p) live_bytes -= malloc_usable_size(p);
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }

using namespace troupe;
using troupe::tests::make_delivery;

TEST_CASE("outbox: one that never runs empty does not grow", "[actors][outbox]") {
  const auto policy = GENERATE(overflow::disconnect, overflow::drop_oldest);
  const auto message = make_delivery("hello", policy);
  const outbox_bounds bounds{.max_bytes = policy == overflow::disconnect ? 1'000'000U : 400U};
  outbox out;
  std::array<std::string_view, 1> slices;
  out.push(message, bounds);
  out.fill(slices);
  out.consume(1); // drop_oldest may evict the others, but not this one
  const auto before = live_bytes.load();
  std::size_t peak = 0;
  for (int i = 0; i < 100'000; ++i) {
    out.push(message, bounds);
    if (policy == overflow::disconnect) {
      out.fill(slices);
      out.consume(message->message.bytes().size());
    }
    peak = std::max(peak, live_bytes.load() - before);
  }
  CHECK_FALSE(out.empty());
  CHECK(peak < 2000);
}

TEST_CASE("outbox: one that ran empty holds next to nothing", "[actors][outbox]") {
  const auto before = live_bytes.load();
  outbox out;
  for (int i = 0; i < 1000; ++i) {
    out.push(make_delivery("hello", overflow::disconnect), {});
    static_cast<void>(out.push_control(frame::encode(opcode::pong, "!"), {}));
  }
  CHECK(live_bytes.load() - before > 50'000);
  std::array<std::string_view, 8> slices;
  while (const auto used = out.fill(slices)) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < used; ++i) bytes += slices[i].size();
    out.consume(bytes);
  }
  CHECK(out.empty());
  CHECK(live_bytes.load() - before < 100);
}

TEST_CASE("outbox: the only message waiting takes no memory beside itself", "[actors][outbox]") {
  const auto message = make_delivery("hello", overflow::disconnect);
  outbox out;
  const auto before = live_bytes.load();
  out.push(message, {});
  CHECK(live_bytes.load() == before);
  std::array<std::string_view, 8> slices;
  CHECK(out.fill(slices) == 1);
  out.consume(message->message.bytes().size());
  CHECK(out.empty());
}

TEST_CASE("outbox: one that had control frames alone, as those of idle connections, holds nothing", "[actors][outbox]") {
  const auto ping = frame::encode(opcode::ping, {});
  outbox out;
  const auto before = live_bytes.load();
  std::array<std::string_view, 8> slices;
  REQUIRE(out.push_control(ping, {}));
  REQUIRE(out.push_control(ping, {}));
  CHECK(live_bytes.load() > before);
  CHECK(out.fill(slices) == 2);
  out.consume(2 * ping.bytes().size());
  CHECK(live_bytes.load() == before);
}
