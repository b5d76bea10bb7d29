// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/outbox.hpp>

#include "deliveries.hpp"
#include "support/catch.hpp"

#include <array>
#include <string>
#include <vector>

using namespace troupe;
using troupe::tests::make_delivery;
using troupe::tests::sends;

namespace {

constexpr std::size_t entry = outbox::entry_bytes;
constexpr std::size_t header = 2; // of a message below 126 bytes

// Bounds that just hold `count` messages of `payload` bytes each.
outbox_bounds room_for(std::size_t count, std::size_t payload) {
  return {.max_bytes = count * (payload + header + entry)};
}

send_status push(outbox& out, const std::string& text, overflow policy, const outbox_bounds& bounds,
                 std::string key = {}) {
  return out.push(make_delivery(text, policy, std::move(key)), bounds).status;
}

} // namespace

TEST_CASE("outbox: messages leave in the order in which they came", "[actors][outbox]") {
  outbox out;
  for (const auto* text : {"a", "b", "c"})
    CHECK(push(out, text, overflow::disconnect, {}) == send_status::queued);
  CHECK(out.bytes() == 9);
  CHECK(out.has_data());
  CHECK(sends(out) == std::vector<std::string>{"a", "b", "c"});
  CHECK(out.empty());
  CHECK(out.bytes() == 0);
}

TEST_CASE("outbox: the bound holds with every policy, to the byte", "[actors][outbox]") {
  const auto policy = GENERATE(overflow::disconnect, overflow::drop_oldest, overflow::drop_newest,
                               overflow::latest_per_key);
  auto bounds = room_for(1, 10);
  outbox fits;
  CHECK(push(fits, "0123456789", policy, bounds) == send_status::queued);
  --bounds.max_bytes;
  outbox does_not;
  CHECK(push(does_not, "0123456789", policy, bounds) ==
        (policy == overflow::disconnect ? send_status::full : send_status::dropped));
  CHECK(does_not.empty());
}

TEST_CASE("outbox: many tiny messages are bounded by their entries", "[actors][outbox]") {
  outbox out;
  const outbox_bounds bounds{.max_bytes = 1000};
  int queued = 0;
  while (push(out, "", overflow::disconnect, bounds) == send_status::queued) ++queued;
  CHECK(queued == 1000 / (header + entry));
}

TEST_CASE("outbox: disconnect takes what fits, then says full and keeps what it has",
          "[actors][outbox]") {
  outbox out;
  const auto bounds = room_for(2, 1);
  CHECK(push(out, "a", overflow::disconnect, bounds) == send_status::queued);
  CHECK(push(out, "b", overflow::disconnect, bounds) == send_status::queued);
  CHECK(push(out, "c", overflow::disconnect, bounds) == send_status::full);
  CHECK_FALSE(out.has_gap());
  CHECK(sends(out) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("outbox: drop_newest drops what comes last and counts it", "[actors][outbox]") {
  outbox out;
  const auto bounds = room_for(2, 1);
  for (const auto* text : {"a", "b"}) push(out, text, overflow::drop_newest, bounds);
  CHECK(push(out, "c", overflow::drop_newest, bounds) == send_status::dropped);
  CHECK(push(out, "d", overflow::drop_newest, bounds) == send_status::dropped);
  CHECK(out.take_gap() == 2);
  CHECK_FALSE(out.has_gap());
  CHECK(sends(out) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("outbox: drop_oldest makes room by dropping the oldest", "[actors][outbox]") {
  outbox out;
  const auto bounds = room_for(3, 1);
  for (const auto* text : {"a", "b", "c"}) push(out, text, overflow::drop_oldest, bounds);
  const auto result = out.push(make_delivery("d", overflow::drop_oldest), bounds);
  CHECK(result.status == send_status::queued);
  CHECK(result.evicted == 1);
  CHECK(out.take_gap() == 1);
  CHECK(sends(out) == std::vector<std::string>{"b", "c", "d"});
}

TEST_CASE("outbox: drop_oldest drops as many as a larger message needs", "[actors][outbox]") {
  outbox out;
  const auto bounds = room_for(4, 1); // 76 bytes; the new one needs 57 of them
  for (const auto* text : {"a", "b", "c", "d"}) push(out, text, overflow::drop_oldest, bounds);
  const std::string large(39, 'x');
  const auto result = out.push(make_delivery(large, overflow::drop_oldest), bounds);
  CHECK(result.status == send_status::queued);
  CHECK(result.evicted == 3);
  CHECK(sends(out) == std::vector<std::string>{"d", large});
}

TEST_CASE("outbox: a message larger than the bound is dropped, but nothing for its sake",
          "[actors][outbox]") {
  const auto policy = GENERATE(overflow::drop_oldest, overflow::latest_per_key);
  outbox out;
  const auto bounds = room_for(2, 1);
  for (const auto* text : {"a", "b"}) push(out, text, policy, bounds, text);
  CHECK(push(out, std::string(100, 'x'), policy, bounds, "k") == send_status::dropped);
  CHECK(out.take_gap() == 1);
  CHECK(sends(out) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("outbox: drop_oldest never evicts what must not be skipped", "[actors][outbox]") {
  outbox out;
  push(out, "must", overflow::disconnect, {});
  push(out, "old", overflow::drop_oldest, {});
  push(out, "newest", overflow::drop_newest, {});
  const outbox_bounds tight{.max_bytes = out.bytes() + 3 * entry};
  CHECK(push(out, "new", overflow::drop_oldest, tight) == send_status::queued);
  CHECK(out.take_gap() == 1);
  CHECK(push(out, "more", overflow::drop_oldest, tight) == send_status::dropped);
  CHECK(sends(out) == std::vector<std::string>{"must", "newest"});
}

TEST_CASE("outbox: drop_oldest spares a message whose first bytes have left", "[actors][outbox]") {
  outbox out;
  const auto bounds = room_for(2, 1);
  push(out, "a", overflow::drop_oldest, bounds);
  push(out, "b", overflow::drop_oldest, bounds);
  std::array<std::string_view, 4> slices;
  out.fill(slices);
  out.consume(1);
  CHECK(push(out, "c", overflow::drop_oldest, bounds) == send_status::queued);
  CHECK(out.bytes() == 2 + 3);
  out.consume(out.fill(slices) == 2 ? 2 : 0);
  CHECK(sends(out) == std::vector<std::string>{"c"});
}

TEST_CASE("outbox: latest_per_key replaces the message of its key in its place", "[actors][outbox]") {
  outbox out;
  push(out, "x1", overflow::latest_per_key, {}, "x");
  push(out, "y1", overflow::latest_per_key, {}, "y");
  CHECK(push(out, "x22", overflow::latest_per_key, {}, "x") == send_status::conflated);
  CHECK(out.bytes() == 5 + 4);
  CHECK_FALSE(out.has_gap());
  CHECK(sends(out) == std::vector<std::string>{"x22", "y1"});
}

TEST_CASE("outbox: latest_per_key replaces at the bound, where nothing more fits", "[actors][outbox]") {
  outbox out;
  const auto bounds = room_for(2, 2);
  push(out, "x1", overflow::latest_per_key, bounds, "x");
  push(out, "y1", overflow::latest_per_key, bounds, "y");
  CHECK(push(out, "x2", overflow::latest_per_key, bounds, "x") == send_status::conflated);
  CHECK(push(out, "z1", overflow::latest_per_key, bounds, "z") == send_status::queued);
  CHECK(out.take_gap() == 1);
  CHECK(sends(out) == std::vector<std::string>{"y1", "z1"});
}

TEST_CASE("outbox: latest_per_key leaves messages of other policies alone", "[actors][outbox]") {
  outbox out;
  push(out, "old", overflow::drop_oldest, {}, "x");
  CHECK(push(out, "new", overflow::latest_per_key, {}, "x") == send_status::queued);
  CHECK(sends(out) == std::vector<std::string>{"old", "new"});
}

TEST_CASE("outbox: latest_per_key does not touch a message whose first bytes have left",
          "[actors][outbox]") {
  outbox out;
  push(out, "x1", overflow::latest_per_key, {}, "x");
  std::array<std::string_view, 4> slices;
  out.fill(slices);
  out.consume(3);
  CHECK(push(out, "x2", overflow::latest_per_key, {}, "x") == send_status::queued);
  CHECK(push(out, "x3", overflow::latest_per_key, {}, "x") == send_status::conflated);
  REQUIRE(out.fill(slices) == 2);
  CHECK(slices[0] == "1");
  out.consume(1);
  CHECK(sends(out) == std::vector<std::string>{"x3"});
}

TEST_CASE("outbox: a joined delivery counts as the messages it holds", "[actors][outbox]") {
  outbox out;
  const auto one = frame::encode(opcode::text, "a");
  const auto three = frame::join(std::array{one, one, one});
  const auto joined = delivery_ptr{new delivery({}, three, {}, overflow::drop_oldest, {}), false};
  const outbox_bounds bounds{.max_bytes = 9 + entry};
  out.push(joined, bounds);
  const auto result = out.push(joined, bounds);
  CHECK(result.status == send_status::queued);
  CHECK(result.evicted == 3);
  CHECK(out.take_gap() == 3);
}

TEST_CASE("outbox: control frames overtake data that has not begun to leave", "[actors][outbox]") {
  outbox out;
  push(out, "data", overflow::disconnect, {});
  CHECK(out.push_control(frame::encode(opcode::pong, "1"), {}));
  CHECK(out.push_control(frame::encode(opcode::pong, "2"), {}));
  CHECK(sends(out) == std::vector<std::string>{"1", "2", "data"});
}

TEST_CASE("outbox: a control frame waits for the message that is on its way", "[actors][outbox]") {
  outbox out;
  push(out, "first", overflow::disconnect, {});
  push(out, "second", overflow::disconnect, {});
  std::array<std::string_view, 4> slices;
  out.fill(slices);
  out.consume(2);
  CHECK(out.push_control(frame::encode(opcode::pong, "pong"), {}));
  REQUIRE(out.fill(slices) == 3);
  CHECK(slices[0] == "first");
  CHECK(slices[1].substr(2) == "pong");
  CHECK(slices[2].substr(2) == "second");
}

TEST_CASE("outbox: control frames have a bound of their own, to the byte", "[actors][outbox]") {
  outbox out;
  const outbox_bounds bounds{.max_bytes = 0, .max_control_bytes = 6};
  const auto pong = frame::encode(opcode::pong, "1");
  CHECK(out.push_control(pong, bounds));
  CHECK(out.push_control(pong, bounds));
  CHECK(out.control_bytes() == 6);
  CHECK_FALSE(out.push_control(pong, bounds));
  CHECK(sends(out) == std::vector<std::string>{"1", "1"});
  CHECK(out.control_bytes() == 0);
  CHECK(out.push_control(pong, bounds));
}

TEST_CASE("outbox: dropping the data spares control frames and a message on its way",
          "[actors][outbox]") {
  outbox out;
  push(out, "partly", overflow::disconnect, {});
  push(out, "lost", overflow::disconnect, {});
  push(out, "lost too", overflow::disconnect, {});
  std::array<std::string_view, 4> slices;
  SECTION("whose first bytes have left") {
    out.fill(slices);
    out.consume(5);
    CHECK(out.push_control(frame::encode(opcode::close, "bye"), {}));
    CHECK(out.drop_data() == 2);
    REQUIRE(out.fill(slices) == 2);
    CHECK(slices[0] == "tly");
    CHECK(slices[1].substr(2) == "bye");
    CHECK(out.bytes() == 3);
  }
  SECTION("but none that has not begun") {
    out.fill(slices);
    CHECK(out.push_control(frame::encode(opcode::close, "bye"), {}));
    CHECK(out.drop_data() == 3);
    CHECK(out.bytes() == 0);
    CHECK(sends(out) == std::vector<std::string>{"bye"});
  }
  SECTION("nor when a control frame is on its way") {
    CHECK(out.push_control(frame::encode(opcode::pong, "1"), {}));
    out.fill(slices);
    out.consume(1);
    CHECK(out.drop_data() == 3);
    REQUIRE(out.fill(slices) == 1);
    CHECK(slices[0].size() == 2);
  }
}

TEST_CASE("outbox: clearing it leaves nothing of a message on its way", "[actors][outbox]") {
  outbox out;
  push(out, "partly", overflow::disconnect, {});
  CHECK(out.push_control(frame::encode(opcode::pong, "1"), {}));
  std::array<std::string_view, 4> slices;
  out.fill(slices);
  out.consume(2);
  out.clear();
  CHECK(out.empty());
  CHECK(out.fill(slices) == 0);
  push(out, "whole", overflow::disconnect, {});
  CHECK(sends(out) == std::vector<std::string>{"whole"});
}

TEST_CASE("outbox: data for one target can be taken back, unless it has begun to leave",
          "[actors][outbox]") {
  const auto to = [](const char* name, const char* text) {
    return delivery_ptr{new delivery(target::group(name), frame::encode(opcode::text, text), {},
                                     overflow::drop_oldest, {}), false};
  };
  outbox out;
  for (const auto& d : {to("a", "1"), to("b", "2"), to("a", "3"), to("b", "4")})
    CHECK(out.push(d, {}).status == send_status::queued);
  SECTION("nothing has left") {
    CHECK(out.withdraw("c") == 0);
    CHECK(out.withdraw("a") == 2);
    CHECK(out.bytes() == 6);
    CHECK_FALSE(out.has_gap());
    CHECK(sends(out) == std::vector<std::string>{"2", "4"});
  }
  SECTION("the first has begun to") {
    std::array<std::string_view, 1> slices;
    CHECK(out.fill(slices) == 1);
    out.consume(1);
    CHECK(out.withdraw("a") == 1);
    CHECK(out.bytes() == 8);
    CHECK(out.withdraw("b") == 2);
    CHECK(out.fill(slices) == 1);
    CHECK(slices[0].substr(1) == "1");
  }
  SECTION("all of it") {
    CHECK(out.withdraw("a") + out.withdraw("b") == 4);
    CHECK(out.empty());
  }
}
