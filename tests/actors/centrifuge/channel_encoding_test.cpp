// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "channel_world.hpp"
#include "fossil_apply.hpp"

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;

TEST_CASE("channel: a publication is encoded once for each kind of subscriber",
          "[actors][centrifuge][channel]") {
  auto options = with_history();
  options.allowed_delta_types = {"fossil"};
  options.delta_publish = true;
  world w({.channels = options});
  const std::string base(100, 'x');
  w.publish("c", base);
  CHECK(w.json.calls == std::array{0, 0, 0}); // nobody listens
  std::vector<fan> all;
  for (int i = 0; i < 1000; ++i) all.push_back(w.subscribed("m" + std::to_string(i), "c"));
  w.publish("c", base + "1");
  CHECK(w.json.calls == std::array{1, 0, 0});
  CHECK(w.protobuf.calls == std::array{0, 0, 0});
  w.subscribed("p", "c", {.codec = encoding::protobuf});
  w.subscribed("d", "c", {.delta = true});
  w.publish("c", base + "2");
  CHECK(w.json.calls == std::array{2, 1, 1});
  CHECK(w.protobuf.calls == std::array{1, 0, 0});
  for (const auto& one : all)
    CHECK(one->seen == strings{"answer", "plain:" + base + "1", "plain:" + base + "2"});
}

TEST_CASE("channel: frames have the type and framing of their encoding",
          "[actors][centrifuge][channel]") {
  world w;
  const auto j = w.subscribed("j", "c"), p = w.subscribed("p", "c", {.codec = encoding::protobuf});
  w.publish("c", "1");
  const auto of = [](const fan& f, encoding as) {
    return f->events.back()->encoded[static_cast<std::size_t>(as)][0]->message;
  };
  CHECK(of(j, encoding::json) == frame::encode(opcode::text, "plain:1"));
  CHECK(of(p, encoding::protobuf) == frame::encode(opcode::binary, "length+plain:1"));
}

TEST_CASE("channel: what an encoding cannot write reaches its subscribers without bytes",
          "[actors][centrifuge][channel]") {
  world w;
  const auto j = w.subscribed("j", "c"), p = w.subscribed("p", "c", {.codec = encoding::protobuf});
  w.ask<publish_answered>(w.of("c"), publish_channel{"c", {"\xff", false}, {}, {}, {}, {}});
  CHECK(j->seen.back() == "unwritable");
  CHECK(p->seen.back() == "length+plain:\xff");
}

TEST_CASE("channel: deliveries tell when they came, and some are followed on their way",
          "[actors][centrifuge][channel]") {
  world w;
  const auto a = w.subscribed("a", "c");
  w.advance(std::chrono::seconds{3});
  w.ask<publish_answered>(w.of("c"), publish_channel{"c", {"1", true}, {}, {}, {}, {}});
  const auto first = a->events.back()->encoded[0][0];
  CHECK(first->born > delivery::clock::time_point{});
  CHECK(first->is_sample());
  w.ask<publish_answered>(w.of("c"), publish_channel{"c", {"2", true}, {}, {}, {}, {}});
  CHECK_FALSE(a->events.back()->encoded[0][0]->is_sample()); // too soon
}

TEST_CASE("channel: deliveries carry the namespace's policy, and keys of different channels differ",
          "[actors][centrifuge][channel]") {
  world_options o;
  o.channels.slow_consumer = overflow::latest_per_key;
  o.channels.join_leave = true;
  world w(o);
  const auto a = w.subscribed("a", "c", with_joins), b = w.subscribed("b", "d", with_joins);
  const auto delivered = [](const fan& f) { return f->events.back()->encoded[0][0]; };
  CHECK(delivered(a)->policy == overflow::drop_oldest); // its join
  auto m = world::text("c", "1");
  m.key = "k";
  w.ask<publish_answered>(w.of("c"), m);
  m.channel = "d";
  w.ask<publish_answered>(w.of("d"), m);
  CHECK(delivered(a)->policy == overflow::latest_per_key);
  CHECK(delivered(a)->key != delivered(b)->key);
}

TEST_CASE("channel: deltas lead from each publication to the next",
          "[actors][centrifuge][channel]") {
  auto options = with_history(3);
  options.allowed_delta_types = {"fossil"};
  options.delta_publish = true;
  world w({.channels = options});
  auto how = recoverable;
  how.delta = true;
  const auto a = w.subscribed("a", "c", how);
  CHECK(a.result().delta);
  std::string expected, has;
  std::size_t deltas = 0;
  for (int i = 0; i < 20; ++i) {
    // Now and then one with nothing in common, for which a delta is not smaller.
    expected = i % 7 == 3 ? std::to_string(i) : std::string(80, 'x') + std::to_string(i);
    w.publish("c", expected);
    const auto& text = a->seen.back();
    if (text.starts_with("delta:")) {
      ++deltas;
      const auto applied = fossil_apply(has, text.substr(6));
      REQUIRE(applied);
      has = *applied;
    } else {
      REQUIRE(text.starts_with("full:"));
      has = text.substr(5);
    }
    REQUIRE(has == expected);
    const auto& forms = a->events.back()->encoded[0];
    CHECK(forms[static_cast<std::size_t>(payload_form::full)]); // for those who lack the base
    CHECK_FALSE(forms[static_cast<std::size_t>(payload_form::plain)]);
  }
  CHECK(deltas > 10);
  CHECK(a->seen[1].starts_with("full:")); // there was nothing before it
}

TEST_CASE("channel: recovered publications are full first, then deltas",
          "[actors][centrifuge][channel]") {
  auto options = with_history();
  options.allowed_delta_types = {"fossil"};
  world w({.channels = options});
  const std::string base(80, 'x');
  for (int i = 1; i <= 4; ++i) w.publish("c", base + std::to_string(i));
  auto how = recovering({1, {}});
  how.delta = true;
  const auto a = w.subscribed("a", "c", how);
  const auto& got = a.result().publications;
  REQUIRE(got.size() == 3);
  CHECK(got[0].form == payload_form::full);
  for (std::size_t i = 1; i < 3; ++i) {
    REQUIRE(got[i].form == payload_form::delta);
    CHECK(fossil_apply(got[i - 1].publication->data.bytes, got[i].delta) ==
          got[i].publication->data.bytes);
  }
  w.publish("c", base + "5"); // delta_publish is off
  CHECK(a->seen.back() == "full:" + base + "5");
}
