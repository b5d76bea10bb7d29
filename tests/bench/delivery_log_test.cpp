// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/delivery_log.hpp"

#include "support/catch.hpp"

#include <memory>

using namespace troupe::app::bench;

namespace {

struct fixture {
  std::unique_ptr<histogram> latency = std::make_unique<histogram>();
  std::unique_ptr<histogram> on_arrival = std::make_unique<histogram>();

  delivery_log log(std::size_t readers, std::size_t senders = 1, bool echo = true) {
    return {readers, readers, senders, senders, echo, *latency, *on_arrival};
  }
};

stamp message(std::uint64_t sequence, std::uint32_t sender = 0, std::uint64_t time = 0) {
  return {.sender = sender, .sequence = sequence, .time = time};
}

} // namespace

TEST_CASE_METHOD(fixture, "a message is complete when every reader has it",
                 "[app][bench][delivery_log]") {
  auto received = log(3);
  CHECK(received.note(0, message(0), {.sent = 2}));
  CHECK(received.note(0, message(1), {.sent = 2}));
  CHECK(received.note(1, message(0), {.sent = 2}));
  CHECK(received.complete() == 0);
  CHECK(received.note(2, message(0), {.sent = 2}));
  CHECK(received.complete() == 1);
  CHECK(received.lost(2) == 2);
  CHECK(received.deliveries() == 4);
}

TEST_CASE_METHOD(fixture, "a message is complete without those that are not prompt, who miss it all the same",
                 "[app][bench][delivery_log]") {
  delivery_log received{3, 2, 1, 1, true, *latency, *on_arrival};
  received.measure_from(0);
  received.note(0, message(0), {.now = 5, .sent = 1});
  received.note(1, message(0), {.now = 5, .sent = 1});
  CHECK(received.complete() == 1);
  CHECK(received.lost(1) == 1);
  received.note(2, message(0), {.now = 900, .sent = 1});
  CHECK(received.complete() == 1);
  CHECK(received.lost(1) == 0);
  CHECK(received.deliveries() == 3);
  CHECK(latency->count() == 2);
}

TEST_CASE_METHOD(fixture, "a duplicate does not complete a message", "[app][bench][delivery_log]") {
  auto received = log(2);
  received.note(0, message(0), {.sent = 1});
  received.note(0, message(0), {.sent = 1});
  CHECK(received.complete() == 0);
  CHECK(received.duplicated() == 1);
  CHECK(received.lost(1) == 1);
}

TEST_CASE_METHOD(fixture, "messages out of order complete once the earlier ones are there",
                 "[app][bench][delivery_log]") {
  auto received = log(1);
  received.note(0, message(1), {.sent = 3});
  received.note(0, message(2), {.sent = 3});
  CHECK(received.complete() == 0);
  received.note(0, message(0), {.sent = 3});
  CHECK(received.complete() == 3);
  CHECK(received.reordered() == 1);
  CHECK(received.lost(3) == 0);
}

TEST_CASE_METHOD(fixture, "a lost message no longer holds up the others once it is skipped",
                 "[app][bench][delivery_log]") {
  auto received = log(2);
  for (std::uint64_t sequence = 0; sequence < 3; ++sequence)
    received.note(0, message(sequence), {.sent = 3});
  CHECK(received.complete() == 0);
  received.skip_to(3);
  CHECK(received.complete() == 3);
  received.note(0, message(3), {.sent = 4});
  received.note(1, message(3), {.sent = 4});
  CHECK(received.complete() == 4);
  CHECK(received.lost(4) == 3);
}

TEST_CASE_METHOD(fixture, "the order is kept per sender", "[app][bench][delivery_log]") {
  auto received = log(1, 2);
  received.note(0, message(0, 1), {.sent = 4});
  received.note(0, message(0, 0), {.sent = 4});
  received.note(0, message(1, 0), {.sent = 4});
  CHECK(received.reordered() == 0);
  CHECK(received.complete() == 3);
  CHECK(received.lost(4) == 1);
  CHECK(received.lost(3) == 0);
}

TEST_CASE_METHOD(fixture, "a sender without echo need not receive its own messages",
                 "[app][bench][delivery_log]") {
  auto received = log(3, 1, false);
  received.note(1, message(0), {.sent = 1});
  received.note(2, message(0), {.sent = 1});
  CHECK(received.complete() == 1);
  CHECK(received.lost(1) == 0);
}

TEST_CASE_METHOD(fixture, "latency counts from the measured message on",
                 "[app][bench][delivery_log]") {
  auto received = log(1);
  received.note(0, message(0, 0, 100), {.now = 900, .sent = 3});
  CHECK(latency->count() == 0);
  received.measure_from(1);
  received.note(0, message(1, 0, 1'000), {.now = 1'250, .sent = 3});
  CHECK(latency->count() == 1);
  CHECK(latency->max() == 250);
  received.note(0, message(2, 0, 2'000), {.now = 1'999, .sent = 3});
  CHECK(latency->count() == 2);
  CHECK(latency->max() == 250);
}

TEST_CASE_METHOD(fixture, "the time until a message came counts if it is known", "[app][bench][delivery_log]") {
  auto received = log(1);
  received.measure_from(0);
  received.note(0, message(0, 0, 100), {.now = 900, .arrived = 400, .sent = 2});
  CHECK(latency->max() == 800);
  CHECK(on_arrival->max() == 300);
  received.note(0, message(1, 0, 200), {.now = 900, .sent = 2});
  CHECK(latency->count() == 2);
  CHECK(on_arrival->count() == 1);
}

TEST_CASE_METHOD(fixture, "messages that were never sent are refused",
                 "[app][bench][delivery_log]") {
  auto received = log(1);
  CHECK_FALSE(received.note(0, message(5), {.sent = 5}));
  CHECK_FALSE(received.note(0, message(0, 1), {.sent = 5}));
  CHECK(received.deliveries() == 0);
}

TEST_CASE_METHOD(fixture, "nobody is waited for where nobody reads", "[app][bench][delivery_log]") {
  CHECK(log(0).complete() == delivery_log::everything);
}

TEST_CASE_METHOD(fixture, "more messages than the ring holds are followed in turn",
                 "[app][bench][delivery_log]") {
  auto received = log(2);
  const std::uint64_t many = 3 * max_in_flight;
  for (std::uint64_t sequence = 0; sequence < many; ++sequence) {
    received.note(0, message(sequence), {.sent = many});
    received.note(1, message(sequence), {.sent = many});
  }
  CHECK(received.complete() == many);
  CHECK(received.lost(many) == 0);
}
