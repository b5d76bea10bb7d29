// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What only the server API asks of a publication: once by key, once by version, without history, as a
// delta; and the end of a history.
#include "channel_world.hpp"

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;
using namespace std::chrono_literals;

namespace {

stream_position position_of(const publish_answer& answer) {
  REQUIRE(std::holds_alternative<stream_position>(answer));
  return std::get<stream_position>(answer);
}

std::uint64_t publishes(world& w, publish_channel m) {
  const auto answer = w.ask<publish_answered>(w.of(m.channel), std::move(m));
  REQUIRE(answer);
  return position_of(answer->value).offset;
}

publish_channel with_key(std::string bytes, std::string key) {
  auto m = world::text("c", std::move(bytes));
  m.idempotency_key = std::move(key);
  return m;
}

publish_channel with_version(std::string bytes, std::uint64_t version, std::string epoch = {}) {
  auto m = world::text("c", std::move(bytes));
  m.version = version;
  m.version_epoch = std::move(epoch);
  return m;
}

} // namespace

TEST_CASE("channel: a publication with a key that was seen lately is answered as it was then",
          "[actors][centrifuge][channel]") {
  world w({.channels = with_history()});
  const auto f = w.subscribed("a", "c");
  CHECK(publishes(w, with_key("1", "k")) == 1);
  CHECK(publishes(w, with_key("2", "other")) == 2);
  CHECK(publishes(w, with_key("1", "k")) == 1);
  CHECK(f->seen == strings{"answer", "plain:1", "plain:2"});
  w.advance(seen_keys::kept);
  CHECK(publishes(w, with_key("1", "k")) == 3);
}

TEST_CASE("channel: it knows keys without history and while it is idle", "[actors][centrifuge][channel]") {
  world w({.settings = {.idle = 5s}});
  publishes(w, with_key("1", "k"));
  w.advance(60s);
  CHECK(w.total(&loop_counters::channels) == 1);
  const auto f = w.subscribed("a", "c");
  publishes(w, with_key("1", "k"));
  CHECK(f->seen == strings{"answer"});
  w.unsubscribe(f, "c");
  w.advance(seen_keys::kept);
  CHECK(w.total(&loop_counters::channels) == 0);
}

TEST_CASE("channel: a publication is dropped unless its version is above the last one's",
          "[actors][centrifuge][channel]") {
  world w({.channels = with_history()});
  const auto f = w.subscribed("a", "c");
  CHECK(publishes(w, with_version("5", 5)) == 1);
  CHECK(publishes(w, with_version("4", 4)) == 1);
  CHECK(publishes(w, with_version("5", 5)) == 1);
  CHECK(publishes(w, with_version("6", 6)) == 2);
  CHECK(publishes(w, with_version("other", 1, "e")) == 3);
  CHECK(publishes(w, with_version("same", 1, "e")) == 3);
  CHECK(publishes(w, world::text("c", "none")) == 4);
  CHECK(f->seen == strings{"answer", "plain:5", "plain:6", "plain:other", "plain:none"});
}

TEST_CASE("channel: versions mean nothing without history", "[actors][centrifuge][channel]") {
  world w;
  const auto f = w.subscribed("a", "c");
  publishes(w, with_version("5", 5));
  publishes(w, with_version("4", 4));
  CHECK(f->seen == strings{"answer", "plain:5", "plain:4"});
}

TEST_CASE("channel: a publication that skips history has no offset", "[actors][centrifuge][channel]") {
  world w({.channels = with_history()});
  const auto f = w.subscribed("a", "c", recoverable);
  auto m = world::text("c", "1");
  m.skip_history = true;
  CHECK(publishes(w, m) == 0);
  CHECK(f->seen == strings{"answer", "plain:1"});
  CHECK(w.position("c").offset == 0);
}

TEST_CASE("channel: a publication goes as a delta if it says so", "[actors][centrifuge][channel]") {
  auto options = with_history();
  options.allowed_delta_types = {"fossil"};
  world w({.channels = options});
  const std::string base(100, 'x');
  const auto f = w.subscribed("d", "c", {.delta = true});
  publishes(w, world::text("c", base));
  publishes(w, world::text("c", base + "1"));
  auto m = world::text("c", base + "2");
  m.delta = true;
  publishes(w, m);
  CHECK(f->seen[2] == "full:" + base + "1");
  CHECK(f->seen[3].starts_with("delta:"));
}

TEST_CASE("channel: a history that is removed keeps epoch and offset", "[actors][centrifuge][channel]") {
  world w({.channels = with_history()});
  w.publish("c", "1");
  const auto before = w.position("c");
  const auto answer = w.ask<remove_history_answered>(w.of("c"), remove_history{"c"});
  REQUIRE(answer);
  CHECK(std::holds_alternative<history_removed>(answer->value));
  CHECK(w.position("c") == before);
  CHECK(data_of(w.subscribed("a", "c", recovering({0, before.epoch})).result()).empty());
}

TEST_CASE("channel: without history there is none to remove", "[actors][centrifuge][channel]") {
  world w;
  const auto answer = w.ask<remove_history_answered>(w.of("c"), remove_history{"c"});
  REQUIRE(answer);
  CHECK(std::get<error_code>(answer->value) == error_code::not_available);
}

TEST_CASE("channel: a reader may ask for more of the history than clients get",
          "[actors][centrifuge][channel]") {
  world w({.channels = with_history(), .settings = {.max_history_publications = 2}});
  for (int i = 0; i < 5; ++i) w.publish("c", std::to_string(i));
  const auto read = [&](std::optional<std::size_t> most) {
    const auto answer = w.ask<history_answered>(w.of("c"), get_history{"c", {.limit = -1}, most});
    REQUIRE(answer);
    return std::get<history_page>(answer->value).publications.size();
  };
  CHECK(read({}) == 2);
  CHECK(read(10) == 5);
}

TEST_CASE("channel: it counts subscribers, and itself while it has some", "[actors][centrifuge][channel]") {
  world w;
  const auto figures = [&] {
    return std::pair{w.total(&loop_counters::channels_occupied), w.total(&loop_counters::subscriptions)};
  };
  const auto a = w.subscribed("a", "c"), b = w.subscribed("b", "c");
  w.subscribe(a, "d");
  CHECK(figures() == std::pair{std::uint64_t{2}, std::uint64_t{3}});
  w.unsubscribe(a, "d");
  caf::anon_send_exit(b.who, caf::exit_reason::kill);
  w.run();
  CHECK(figures() == std::pair{std::uint64_t{1}, std::uint64_t{1}});
  w.sends("c", "crash");
  w.run();
  CHECK(figures() == std::pair{std::uint64_t{0}, std::uint64_t{0}});
}
