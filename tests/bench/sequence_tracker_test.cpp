// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/sequence_tracker.hpp"

#include "support/catch.hpp"

#include <initializer_list>
#include <vector>

using namespace troupe::app::bench;

namespace {

std::vector<arrival> note_all(sequence_tracker& tracker,
                              std::initializer_list<std::uint64_t> numbers) {
  std::vector<arrival> result;
  for (const auto number : numbers)
    result.push_back(tracker.note(number));
  return result;
}

} // namespace

TEST_CASE("numbers in order are neither lost nor late", "[app][bench][sequence_tracker]") {
  sequence_tracker tracker;
  for (std::uint64_t number = 0; number < 1'000; ++number)
    REQUIRE(tracker.note(number) == arrival::in_order);
  CHECK(tracker.lost(1'000) == 0);
}

TEST_CASE("a number that never comes is lost", "[app][bench][sequence_tracker]") {
  sequence_tracker tracker;
  CHECK(note_all(tracker, {0, 2, 3}) ==
        std::vector{arrival::in_order, arrival::early, arrival::in_order});
  CHECK(tracker.lost(4) == 1);
  CHECK(tracker.lost(6) == 3);
}

TEST_CASE("nothing received means everything lost", "[app][bench][sequence_tracker]") {
  CHECK(sequence_tracker{}.lost(5) == 5);
  CHECK(sequence_tracker{}.lost(0) == 0);
}

TEST_CASE("a late number is late, not lost", "[app][bench][sequence_tracker]") {
  sequence_tracker tracker;
  CHECK(note_all(tracker, {1, 0, 2}) ==
        std::vector{arrival::early, arrival::late, arrival::in_order});
  CHECK(tracker.lost(3) == 0);
}

TEST_CASE("a number that comes again is a duplicate and hides no loss",
          "[app][bench][sequence_tracker]") {
  sequence_tracker tracker;
  CHECK(note_all(tracker, {0, 0, 2, 2, 1, 1}) == std::vector{arrival::in_order, arrival::duplicate,
                                                             arrival::early, arrival::duplicate,
                                                             arrival::late, arrival::duplicate});
  CHECK(tracker.lost(3) == 0);
  CHECK(tracker.lost(4) == 1);
}

TEST_CASE("lateness is told from duplication up to 64 numbers back",
          "[app][bench][sequence_tracker]") {
  for (const std::uint64_t gap : {62, 63, 64, 65, 1'000}) {
    CAPTURE(gap);
    sequence_tracker tracker;
    CHECK(tracker.note(0) == arrival::in_order);
    CHECK(tracker.note(gap + 1) == arrival::early);
    CHECK(tracker.lost(gap + 2) == gap);
    CHECK(tracker.note(1) == (gap < 64 ? arrival::late : arrival::duplicate));
    CHECK(tracker.note(gap) == arrival::late);
    CHECK(tracker.note(gap) == arrival::duplicate);
    CHECK(tracker.note(0) == arrival::duplicate);
    CHECK(tracker.note(gap + 2) == arrival::in_order);
  }
}
