// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "channel_world.hpp"

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;

TEST_CASE("channel: a stream is recovered whole or not at all", "[actors][centrifuge][channel]") {
  world w({.channels = with_history(5), .settings = {.max_recovered_publications = 4}});
  for (int i = 1; i <= 8; ++i) w.publish("c", std::to_string(i));
  const auto top = w.position("c");
  CHECK(top.offset == 8);
  int n = 0;
  const auto tries = [&](stream_position from) {
    return w.subscribed("m" + std::to_string(n++), "c", recovering(std::move(from)));
  };
  SECTION("what was missed comes with the answer, which echoes the position") {
    const auto a = tries({5, top.epoch});
    const auto& r = a.result();
    CHECK((r.positioned && r.recoverable && r.recovered && r.was_recovering));
    CHECK(r.position == stream_position{5, top.epoch});
    CHECK(data_of(r) == strings{"6", "7", "8"});
  }
  SECTION("who missed nothing has recovered with nothing") {
    const auto a = tries(top);
    CHECK(a.result().recovered);
    CHECK(a.result().publications.empty());
  }
  SECTION("a gap, another epoch, an offset of the future or too many are not recovered") {
    for (const auto& from :
         {stream_position{2, top.epoch}, {8, "other"}, {9, top.epoch}, {3, top.epoch}}) {
      const auto a = tries(from);
      const auto& r = a.result();
      CHECK((r.positioned && r.recoverable && r.was_recovering && !r.recovered));
      CHECK(r.position == top);
      CHECK(r.publications.empty());
    }
  }
  SECTION("who insists on recovery is not subscribed without") {
    const auto a = w.comes("a");
    w.subscribe(a, "c", recovering({1, top.epoch}, true));
    CHECK(a.error() == error_code::unrecoverable_position);
    w.publish("c", "9");
    CHECK(a->events.empty());
    w.subscribe(a, "c", recovering({8, top.epoch}, true));
    CHECK(data_of(a.result()) == strings{"9"});
  }
  SECTION("who does not ask starts at the top") {
    const auto a = w.subscribed("a", "c", recoverable);
    CHECK((a.result().recoverable && !a.result().was_recovering && !a.result().recovered));
    CHECK(a.result().position == top);
    CHECK(a.result().publications.empty());
  }
}

TEST_CASE("channel: in cache mode only the latest publication is recovered",
          "[actors][centrifuge][channel]") {
  auto options = with_history(2);
  options.force_recovery = true;
  options.force_recovery_mode = recovery_mode::cache;
  options.auto_cache_recover = GENERATE(false, true);
  CAPTURE(options.auto_cache_recover);
  world w({.channels = options});
  for (int i = 1; i <= 3; ++i) w.publish("c", std::to_string(i));
  const auto top = w.position("c");
  const auto behind = w.subscribed("a", "c", recovering({1, "other"}));
  CHECK((behind.result().recovered && behind.result().position.offset == 1));
  CHECK(data_of(behind.result()) == strings{"3"});
  const auto current = w.subscribed("b", "c", recovering(top));
  CHECK(current.result().recovered);
  CHECK(current.result().publications.empty());
  const auto fresh = w.subscribed("d", "c", recoverable);
  CHECK(fresh.result().was_recovering == options.auto_cache_recover);
  CHECK(data_of(fresh.result()) == (options.auto_cache_recover ? strings{"3"} : strings{}));
  CHECK(fresh.result().position.offset == (options.auto_cache_recover ? 0 : 3));
}

TEST_CASE("channel: history is paged up to the cap, and refused where there is none",
          "[actors][centrifuge][channel]") {
  world w({.channels = with_history(5), .settings = {.max_history_publications = 2}});
  for (int i = 1; i <= 4; ++i)
    CHECK(std::get<stream_position>(w.publish("c", std::to_string(i))).offset ==
          static_cast<std::uint64_t>(i));
  const auto page =
    w.ask<history_answered>(w.of("c"), get_history{"c", {.limit = -1, .reverse = true}});
  const auto& found = std::get<history_page>(page->value);
  REQUIRE(found.publications.size() == 2);
  CHECK(found.publications[0]->data.bytes == "4");
  CHECK(found.top.offset == 4);
  world without;
  const auto refused = without.ask<history_answered>(without.of("c"), get_history{"c", {}});
  CHECK(std::get<error_code>(refused->value) == error_code::not_available);
}
