// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/admission.hpp>

#include "net/support/loop_thread.hpp"
#include "support/catch.hpp"

#include <future>
#include <memory>
#include <optional>
#include <utility>

namespace {

using namespace troupe::net;
using troupe::tests::loop_thread;

const auto one = asio::ip::make_address("127.0.0.1");
const auto other = asio::ip::make_address("::1");

} // namespace

TEST_CASE("admission: a place is free again once its ticket is gone", "[net][admission]") {
  loop_thread loop;
  const auto gate = std::make_shared<admission>(*loop, limit_options{.connections = 2});
  const auto enter = [&] { return loop.ask([&] { return gate->enter(one); }); };
  CHECK(enter() == admission::verdict::admitted);
  std::optional<ticket> place{std::in_place, gate, one};
  CHECK(enter() == admission::verdict::admitted);
  ticket second{gate, one};
  CHECK(enter() == admission::verdict::node_full);
  { const ticket refused{gate, one}; }
  CHECK(enter() == admission::verdict::node_full); // the refused one had no place to give back
  { const ticket refused{gate, one}; }
  place.reset();
  CHECK(enter() == admission::verdict::admitted);
  { const ticket third{gate, one}; }
  const auto moved = std::move(second);
  CHECK(loop.ask([&] { return gate->open(); }) == 1);
}

TEST_CASE("admission: addresses are counted apart, and the node's limit is named first",
          "[net][admission]") {
  loop_thread loop;
  admission gate{*loop, {.connections = 3, .connections_per_address = 1}};
  loop.ask([&] {
    CHECK(gate.enter(one) == admission::verdict::admitted);
    CHECK(gate.enter(one) == admission::verdict::address_full);
    gate.leave(one);
    CHECK(gate.enter(other) == admission::verdict::admitted);
    CHECK(gate.enter(other) == admission::verdict::address_full);
    CHECK(gate.enter(other) == admission::verdict::node_full);
    gate.leave(other);
    gate.leave(other);
    gate.leave(other);
    CHECK(gate.enter(other) == admission::verdict::admitted);
    return 0;
  });
}

TEST_CASE("admission: other limits hold for sockets from now on, and nobody who is here leaves", "[net][admission]") {
  loop_thread loop;
  admission gate{*loop, {.connections = 10, .connections_per_address = 2}};
  loop.ask([&] {
    CHECK(gate.enter(one) == admission::verdict::admitted);
    CHECK(gate.enter(one) == admission::verdict::admitted);
    gate.change({.connections = 3});
    CHECK(gate.enter(one) == admission::verdict::admitted);
    CHECK(gate.enter(one) == admission::verdict::node_full);
    gate.leave(one);
    gate.change({.connections = 10, .connections_per_address = 4});
    CHECK(gate.enter(one) == admission::verdict::admitted); // the third was counted too
    CHECK(gate.enter(one) == admission::verdict::address_full);
    return 0;
  });
}

TEST_CASE("admission: addresses that were not counted at first are not limited later", "[net][admission]") {
  loop_thread loop;
  admission gate{*loop, {}};
  loop.ask([&] {
    CHECK(gate.enter(one) == admission::verdict::admitted);
    gate.change({.connections_per_address = 1});
    CHECK(gate.enter(one) == admission::verdict::admitted);
    gate.leave(one);
    CHECK(gate.open() == 1);
    return 0;
  });
}

TEST_CASE("admission: all addresses of one IPv6 network count as one", "[net][admission]") {
  const auto at = [](const char* text) { return asio::ip::make_address(text); };
  loop_thread loop;
  admission gate{*loop, {.connections_per_address = 1}};
  loop.ask([&] {
    CHECK(gate.enter(at("2001:db8::1")) == admission::verdict::admitted);
    CHECK(gate.enter(at("2001:db8::2")) == admission::verdict::address_full);
    CHECK(gate.enter(at("2001:db8:0:1::1")) == admission::verdict::admitted);
    gate.leave(at("2001:db8::2"));
    gate.leave(at("2001:db8::1"));
    CHECK(gate.enter(at("2001:db8::3")) == admission::verdict::admitted);
    CHECK(gate.enter(at("::ffff:192.0.2.1")) == admission::verdict::admitted);
    CHECK(gate.enter(at("::ffff:192.0.2.2")) == admission::verdict::admitted);
    CHECK(gate.enter(at("192.0.2.1")) == admission::verdict::address_full);
    return 0;
  });
}

TEST_CASE("admission: of two places at one address a leaver frees its own", "[net][admission]") {
  loop_thread loop;
  admission gate{*loop, {.connections_per_address = 2}};
  const auto verdicts = loop.ask([&] {
    gate.enter(one);
    gate.enter(one);
    gate.leave(one);
    return std::pair{gate.enter(one), gate.enter(one)};
  });
  CHECK(verdicts.first == admission::verdict::admitted);
  CHECK(verdicts.second == admission::verdict::address_full);
}

TEST_CASE("admission: a ticket that outlives the server reports to nobody", "[net][admission]") {
  auto loop = std::make_unique<loop_thread>();
  const auto gate = std::make_shared<admission>(**loop, limit_options{});
  loop->ask([&] { return gate->enter(one); });
  std::optional<ticket> place{std::in_place, gate, one};
  gate->retire();
  loop.reset();
  place.reset();
  CHECK(gate->open() == 1);
}

TEST_CASE("admission: the address behind a proxy counts from when it is known", "[net][admission]") {
  loop_thread loop;
  const auto gate = std::make_shared<admission>(
    *loop, limit_options{.connections = 3, .connections_per_address = 1});
  const auto enter = [&] { return loop.ask([&] { return gate->enter_proxied(); }); };
  const auto admit = [&](ticket& place) {
    std::promise<admission::verdict> told;
    place.admit_as(other, *loop, [&](admission::verdict v) { told.set_value(v); });
    return told.get_future().get();
  };
  CHECK(enter() == admission::verdict::admitted);
  std::optional<ticket> first{std::in_place, gate, one};
  CHECK(enter() == admission::verdict::admitted); // of the same proxy
  std::optional<ticket> second{std::in_place, gate, one};
  CHECK(admit(*first) == admission::verdict::admitted);
  CHECK(first->address() == other);
  CHECK(admit(*second) == admission::verdict::address_full);
  first.reset();
  second.reset();
  CHECK(enter() == admission::verdict::admitted);
  ticket third{gate, one};
  CHECK(admit(third) == admission::verdict::admitted);
}
