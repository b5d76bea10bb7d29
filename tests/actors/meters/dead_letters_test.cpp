// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "actors/node.hpp"

#include <troupe/meters/message_type.hpp>
#include <troupe/shard.hpp>

#include <thread>

using namespace troupe;
using namespace troupe::tests;
using meters::dead_letters;

TEST_CASE("dead letters: the last ones are kept and all are counted", "[actors][meters]") {
  dead_letters box;
  CHECK(box.recent().empty());
  for (std::uint64_t i = 1; i <= dead_letters::kept + 10; ++i) box.add({.message = &typeid(int), .name = "shard", .to = i, .from = 2});
  CHECK(box.count() == dead_letters::kept + 10);
  const auto all = box.recent();
  REQUIRE(all.size() == dead_letters::kept);
  CHECK(all.front().to == dead_letters::kept + 10);
  CHECK(all.back().to == 11);
  CHECK(all.front().message == &typeid(int));
  CHECK(all.front().name == std::string{"shard"});
}

TEST_CASE("dead letters: writers do not wait for each other nor for readers", "[actors][meters]") {
  constexpr std::uint64_t each = 20'000;
  dead_letters box;
  std::vector<std::thread> writers;
  for (std::uint64_t w = 1; w <= 3; ++w)
    writers.emplace_back([&box, w] {
      for (std::uint64_t i = 0; i < each; ++i) box.add({.when = static_cast<std::int64_t>(w), .name = "x", .to = w, .from = w});
    });
  for (int i = 0; i < 100; ++i)
    for (const auto& one : box.recent()) CHECK((one.to >= 1 && one.to <= 3));
  for (auto& w : writers) w.join();
  CHECK(box.count() == 3 * each);
  CHECK(box.recent().size() <= dead_letters::kept);
}

TEST_CASE_METHOD(node, "dead letters: a message to a hosted actor that has ended is one, with who sent it what",
                 "[actors][meters]") {
  const auto c = connect();
  const auto whom = c.who;
  CHECK(host().figures()->actors->lost().count() == 0);
  c->client_fails();
  run();
  const auto before = host().figures()->actors->lost().count();
  caf::anon_send(whom, credit{1});
  run();
  CHECK(host().figures()->actors->lost().count() == before + 1);
  const auto last = host().figures()->actors->lost().recent().at(0);
  CHECK(meters::message_name(*last.message) == "troupe::credit");
  CHECK(last.name == std::string{"connection"});
  CHECK(last.to == whom.id());
  CHECK(last.from == 0);
}

TEST_CASE("dead letters: a message to an actor whose loop is gone is one like any other", "[actors][meters]") {
  testing::deterministic_system world;
  auto gone = std::make_unique<testing::manual_host>(world.system(), 1);
  const auto figures = gone->figures();
  const auto whom = spawn_on(*gone, shard, shard_options{});
  gone->run();
  caf::anon_send_exit(whom, caf::exit_reason::kill);
  gone->run();
  gone.reset();
  caf::anon_send(whom, list_sets{});
  CHECK(figures->actors->lost().count() == 1);
}
