// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What leaves an outbox, byte by byte, whatever is pushed and dropped meanwhile.
#include <troupe/outbox.hpp>

#include "deliveries.hpp"
#include "support/catch.hpp"

#include <array>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace troupe;
using troupe::tests::make_delivery;

namespace {

// Sends at most `max_bytes` in one go. @returns what left.
std::string send_some(outbox& out, std::size_t max_bytes, std::size_t max_slices = 16) {
  std::vector<std::string_view> slices(max_slices);
  const auto used = out.fill(slices);
  std::string sent;
  for (std::size_t i = 0; i < used; ++i) sent += slices[i].substr(0, max_bytes - sent.size());
  out.consume(sent.size());
  return sent;
}

} // namespace

TEST_CASE("outbox: partial sends of any size give exactly the bytes queued", "[actors][outbox]") {
  const auto step = GENERATE(1U, 2U, 3U, 7U, 64U, 1000U);
  const auto max_slices = GENERATE(1U, 2U, 16U);
  outbox out;
  std::string expected;
  for (const auto size : {0U, 1U, 5U, 125U, 126U, 300U}) {
    const auto d = make_delivery(std::string(size, 'd'), overflow::disconnect);
    out.push(d, {});
    expected += d->message.bytes();
  }
  std::string sent;
  while (!out.empty()) {
    const auto before = out.bytes();
    const auto some = send_some(out, step, max_slices);
    REQUIRE(!some.empty());
    CHECK(before - out.bytes() == some.size());
    sent += some;
  }
  CHECK(sent == expected);
}

TEST_CASE("outbox: a control frame pushed at any byte enters at a message boundary only",
          "[actors][outbox]") {
  const std::vector<std::string> texts{"", "a", "hello"};
  std::size_t total = 0;
  for (const auto& t : texts) total += t.size() + 2;
  for (std::size_t at = 0; at <= total; ++at) {
    outbox out;
    for (const auto& t : texts) out.push(make_delivery(t, overflow::disconnect), {});
    testing::wire_reader reader;
    std::size_t sent = 0;
    for (; sent < at; ++sent) reader.feed(send_some(out, 1));
    REQUIRE(out.push_control(frame::encode(opcode::pong, "!"), {}));
    while (!out.empty()) reader.feed(send_some(out, 1));
    std::vector<std::string> seen;
    std::size_t bytes_before_pong = 0;
    bool pong = false;
    while (const auto m = reader.next()) {
      if (m->type == opcode::pong) pong = true;
      else seen.push_back(m->payload);
      if (!pong) bytes_before_pong += m->payload.size() + 2;
    }
    CHECK(pong);
    CHECK(seen == texts);
    // The first boundary at or after `at`.
    std::size_t boundary = 0;
    for (const auto& t : texts)
      if (boundary < at) boundary += t.size() + 2;
    CHECK(bytes_before_pong == boundary);
  }
}

TEST_CASE("outbox: the stream is a sequence of whole messages, whatever happens at random",
          "[actors][outbox]") {
  std::mt19937 random{GENERATE(11U, 12U, 13U, 14U, 15U, 16U, 17U, 18U)};
  const auto below = [&](std::size_t n) { return random() % n; };
  outbox out;
  const outbox_bounds bounds{.max_bytes = 600, .max_control_bytes = 60};
  testing::wire_reader reader;
  std::map<std::string, overflow> pushed; // every payload is unique; what was accepted
  std::deque<std::string> must_come;      // of drop_newest and disconnect: accepted, so not skipped
  std::uint64_t accepted = 0, conflated = 0, lost = 0, gap = 0, received = 0;
  int sequence = 0;
  const auto read = [&](std::string_view bytes) {
    reader.feed(bytes);
    while (const auto m = reader.next()) {
      if (m->type == opcode::pong) continue;
      const auto text = m->payload.substr(0, m->payload.find('.'));
      REQUIRE(pushed.count(text) == 1);
      const auto policy = pushed[text];
      pushed.erase(text);
      ++received;
      if (policy != overflow::disconnect && policy != overflow::drop_newest) continue;
      REQUIRE(!must_come.empty());
      REQUIRE(must_come.front() == text);
      must_come.pop_front();
    }
  };
  for (int step = 0; step < 20'000; ++step) {
    switch (below(8)) {
      case 0: case 1: case 2: case 3: {
        const auto policy = static_cast<overflow>(below(4));
        const auto text = std::to_string(sequence++);
        const auto key = "k" + std::to_string(below(3));
        const auto padded = text + '.' + std::string(below(150), 'x');
        const auto r = out.push(make_delivery(padded, policy, key), bounds);
        lost += r.evicted;
        switch (r.status) {
          case send_status::conflated: ++conflated; [[fallthrough]];
          case send_status::queued:
            ++accepted;
            pushed[text] = policy;
            if (policy == overflow::disconnect || policy == overflow::drop_newest)
              must_come.push_back(text);
            break;
          case send_status::dropped:
            REQUIRE(policy != overflow::disconnect);
            ++lost;
            ++accepted; // so that lost can be subtracted
            break;
          case send_status::full: REQUIRE(policy == overflow::disconnect); break;
        }
        REQUIRE(out.bytes() <= bounds.max_bytes);
        break;
      }
      case 4: {
        const auto pong = frame::encode(opcode::pong, std::string(below(20), 'p'));
        static_cast<void>(out.push_control(pong, bounds));
        break;
      }
      case 5: gap += out.take_gap(); break;
      default: read(send_some(out, below(120), 1 + below(6))); break;
    }
  }
  while (!out.empty()) read(send_some(out, 50));
  gap += out.take_gap();
  CHECK(reader.pending_bytes() == 0);
  CHECK(must_come.empty());
  CHECK(gap == lost);
  CHECK(received == accepted - lost - conflated);
  CHECK(lost > 100);
  CHECK(conflated > 100);
}
