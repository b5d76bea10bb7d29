// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "lone_registry.hpp"
#include "node.hpp"

#include <caf/event_based_actor.hpp>

#include <random>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;

namespace {

using texts = std::vector<std::string>;

const broadcast x{.to = {}, .message = frame::encode(opcode::text, "x")};

// The credits that wait in a mailbox.
std::vector<std::size_t> credits(caf::scoped_actor& who) {
  std::vector<std::size_t> all;
  while (who->peek_at_next_mailbox_element())
    who->receive([&](const credit& c) { all.push_back(c.bytes); });
  return all;
}

} // namespace

// -- joining ---------------------------------------------------------------------------------------

TEST_CASE_METHOD(lone_registry, "registry: broadcasts that queued up leave as one delivery",
                 "[actors][registry]") {
  for (const auto* text : {"a", "b", "c"}) send(text);
  run();
  CHECK(fanned_out_texts() == std::vector<texts>{{"abc"}});
  const auto& d = books[0]->fan_outs[0].deliveries[0];
  CHECK(d->message.count() == 3);
  CHECK(d->message.parts().size() == 3);
}

TEST_CASE_METHOD(lone_registry, "registry: a broadcast by itself leaves as it is", "[actors][registry]") {
  send("a");
  run();
  CHECK(books[0]->fan_outs.at(0).deliveries.at(0)->message.parts().empty());
}

TEST_CASE_METHOD(lone_registry, "registry: only neighbours alike are joined, and order is kept",
                 "[actors][registry]") {
  const auto g = target::group("g");
  send("a1");
  send("a2");
  send("g1", g);
  send("a3");
  send("d1", {}, overflow::drop_oldest);
  send("d2", {}, overflow::drop_oldest);
  send("x1", {}, overflow::disconnect, {.shard = 0, .generation = 1, .slot = 0});
  send("x2", {}, overflow::disconnect, {.shard = 0, .generation = 1, .slot = 0});
  send("k1", {}, overflow::latest_per_key);
  send("k2", {}, overflow::latest_per_key);
  send("g2", g);
  send("g3", g);
  run();
  CHECK(fanned_out_texts() ==
        std::vector<texts>{{"a1a2", "g1", "a3", "d1d2", "x1", "x2", "k1", "k2", "g2g3"}});
}

TEST_CASE("registry: a joined delivery holds what fits into its bound, to the byte",
          "[actors][registry]") {
  const auto spare = GENERATE(0U, 1U);
  lone_registry a{1, {.max_joined_bytes = 3 * (1 + 2) - 1 + spare}};
  for (const auto* text : {"a", "b", "c"}) a.send(text);
  a.run();
  CHECK(a.fanned_out_texts() == std::vector<texts>{spare ? texts{"abc"} : texts{"ab", "c"}});
}

TEST_CASE("registry: a message larger than the bound of joining leaves by itself",
          "[actors][registry]") {
  lone_registry a{1, {.max_joined_bytes = 10}};
  for (const auto* text : {"a", "0123456789012345", "b", "c"}) a.send(text);
  a.run();
  CHECK(a.fanned_out_texts() == std::vector<texts>{{"a", "0123456789012345", "bc"}});
}

// -- window ----------------------------------------------------------------------------------------

TEST_CASE_METHOD(lone_registry, "registry: beyond the window it gathers until a fan-out is acknowledged",
                 "[actors][registry]") {
  for (const auto* text : {"1", "2", "3", "4"}) {
    send(text);
    run();
  }
  CHECK(fanned_out_texts() == std::vector<texts>{{"1"}, {"2"}});
  books[0]->acknowledge();
  run();
  CHECK(fanned_out_texts() == std::vector<texts>{{"1"}, {"2"}, {"34"}});
  send("5");
  run();
  books[0]->acknowledge();
  books[0]->acknowledge();
  run();
  CHECK(fanned_out_texts().size() == 4);
}

TEST_CASE("registry: the slowest shard sets the pace", "[actors][registry]") {
  const auto quick = GENERATE(0U, 1U);
  lone_registry a{2, {.window = 1}};
  a.send("1");
  a.run();
  a.send("2");
  a.run();
  a.books[quick]->acknowledge();
  a.run();
  CHECK(a.books[quick]->fan_outs.size() == 1);
  a.books[1 - quick]->acknowledge();
  a.run();
  CHECK(a.fanned_out_texts(0) == std::vector<texts>{{"1"}, {"2"}});
  CHECK(a.fanned_out_texts(1) == a.fanned_out_texts(0));
}

TEST_CASE("registry: a shard that dies does not hold up the others", "[actors][registry]") {
  lone_registry a{2, {.window = 1}};
  caf::scoped_actor sender{a.system()};
  a.submit_as(sender, "1", 10);
  a.run();
  a.submit_as(sender, "2", 20);
  a.run();
  a.books[0]->acknowledge();
  a.run();
  CHECK(credits(sender).empty());
  caf::anon_send_exit(a.shards[1], caf::exit_reason::kill);
  a.run();
  CHECK(credits(sender) == std::vector<std::size_t>{10});
  CHECK(a.fanned_out_texts() == std::vector<texts>{{"1"}, {"2"}});
  CHECK(a.log.named("shard_failed").size() == 1);
  a.books[0]->acknowledge();
  a.run();
  CHECK(credits(sender) == std::vector<std::size_t>{20});
}

// -- bounds and credits ----------------------------------------------------------------------------

TEST_CASE("registry: broadcasts beyond the bound of pending bytes are refused and counted",
          "[actors][registry]") {
  lone_registry a{1, {.max_pending_bytes = 3 * (1 + 2), .window = 1}};
  a.send("0");
  a.run(); // under way, so no longer pending
  for (const auto* text : {"1", "2", "3", "4"}) a.send(text);
  a.run();
  CHECK(a.host().counters().broadcasts_refused.value() == 1);
  a.books[0]->acknowledge();
  a.run();
  CHECK(a.fanned_out_texts() == std::vector<texts>{{"0"}, {"123"}});
  a.send("5");
  a.run();
  CHECK(a.host().counters().broadcasts_refused.value() == 1);
}

TEST_CASE("registry: a receipt says when the node is over budget, until shards have answered",
          "[actors][registry]") {
  lone_registry a{1, {.max_pending_bytes = 3 * (1 + 2)}};
  const broadcast one{.to = {}, .message = frame::encode(opcode::text, "1")};
  caf::scoped_actor self{a.system()};
  for (int i = 0; i < 3; ++i) self->send(a.registry, confirm_broadcast{one});
  a.run();
  CHECK(a.books[0]->receipts_owed.size() == 3);
  const auto refused = a.ask<receipt>(a.registry, confirm_broadcast{one});
  REQUIRE(refused);
  CHECK(refused->was == acceptance::over_budget);
  CHECK(refused->matched == 0);
  CHECK(a.books[0]->receipts_owed.size() == 3);
  CHECK(a.host().counters().broadcasts_refused.value() == 1);
  a.books[0]->answer({.matched = 1, .queued = 1});
  a.run();
  self->send(a.registry, confirm_broadcast{one});
  a.run();
  CHECK(a.books[0]->receipts_owed.size() == 3);
  for (int i = 0; i < 3; ++i) a.books[0]->answer({});
  a.run();
}

TEST_CASE("registry: other threads share its budget and learn at once that it is used up",
          "[actors][registry]") {
  const auto budget = std::make_shared<send_budget>(3 * (1 + 2));
  lone_registry a{1, {.budget = budget, .window = 1}};
  a.send("0");
  a.run(); // under way
  const broadcast one{.to = {}, .message = frame::encode(opcode::text, "1")};
  const auto send = [&] {
    const auto taken = budget->take(one.message.bytes().size());
    if (taken == acceptance::accepted) caf::anon_send(a.registry, admitted{one});
    return taken;
  };
  for (int i = 0; i < 3; ++i) CHECK(send() == acceptance::accepted);
  CHECK(send() == acceptance::over_budget); // before the registry has had its turn
  a.run();
  CHECK(send() == acceptance::over_budget);
  a.books[0]->acknowledge();
  a.run();
  CHECK(a.fanned_out_texts() == std::vector<texts>{{"0"}, {"111"}});
  CHECK(budget->used() == 0);
  CHECK(a.host().counters().broadcasts_refused.value() == 2);
}

TEST_CASE("registry: a client's message is never refused: its reader waits instead",
          "[actors][registry]") {
  lone_registry a{1, {.max_pending_bytes = 0}};
  caf::scoped_actor sender{a.system()};
  a.submit_as(sender, "1", 1);
  a.send("refused");
  a.run();
  CHECK(a.fanned_out_texts() == std::vector<texts>{{"1"}});
  CHECK(a.host().counters().broadcasts_refused.value() == 1);
}

TEST_CASE("registry: every submit is credited once, when all shards have fanned it out",
          "[actors][registry]") {
  const auto quick = GENERATE(0U, 1U);
  lone_registry a{2};
  caf::scoped_actor one{a.system()}, two{a.system()};
  a.submit_as(one, "1", 10);
  a.submit_as(two, "2", 20);
  a.submit_as(one, "3", 0);
  a.run();
  a.submit_as(one, "4", 40);
  a.run();
  REQUIRE(a.books[0]->fan_outs.size() == 2);
  a.books[quick]->acknowledge();
  a.books[quick]->acknowledge();
  a.run();
  CHECK(credits(one).empty());
  a.books[1 - quick]->acknowledge();
  a.run();
  CHECK(credits(one) == std::vector<std::size_t>{10, 0});
  CHECK(credits(two) == std::vector<std::size_t>{20});
  a.books[1 - quick]->acknowledge();
  a.run();
  CHECK(credits(one) == std::vector<std::size_t>{40});
  CHECK(credits(two).empty());
}

// -- receipts --------------------------------------------------------------------------------------

TEST_CASE("registry: a receipt sums up the shards'", "[actors][registry]") {
  lone_registry a{2};
  caf::scoped_actor self{a.system()};
  auto answer = self->request(a.registry, caf::infinite, confirm_broadcast{x});
  a.run();
  a.books[0]->answer({.matched = 3, .queued = 2, .dropped = 1});
  a.run();
  CHECK_FALSE(self->peek_at_next_mailbox_element());
  receipt expected{5, 4, 1};
  SECTION("of all") { a.books[1]->answer({.matched = 2, .queued = 2, .dropped = 0}); }
  SECTION("but of one that dies, which takes its connections with it") {
    caf::anon_send_exit(a.shards[1], caf::exit_reason::kill);
    a.advance(16s);
    expected = {3, 2, 1};
  }
  SECTION("but of one that does not answer in time") {
    a.advance(16s);
    expected = {3, 2, 1};
  }
  a.run();
  REQUIRE(self->peek_at_next_mailbox_element());
  answer.receive(
    [&](const receipt& r) {
      CHECK(r.matched == expected.matched);
      CHECK(r.queued == expected.queued);
      CHECK(r.dropped == expected.dropped);
    },
    [](const caf::error&) { FAIL("no receipt"); });
}

TEST_CASE_METHOD(lone_registry, "registry: nothing overtakes what was sent before it", "[actors][registry]") {
  caf::scoped_actor self{system()};
  send("1");
  self->send(registry, confirm_broadcast{x});
  send("2");
  self->send(registry, change_membership{.name = "g"});
  send("3");
  self->send(registry, close_connections{});
  run();
  CHECK(books[0]->order == texts{"fan_out", "confirm_fan_out", "fan_out", "change_membership",
                                 "fan_out", "close_connections"});
}

TEST_CASE("registry: without shards nothing waits for an answer", "[actors][registry]") {
  lone_registry a{0};
  caf::scoped_actor sender{a.system()};
  a.submit_as(sender, "1", 10);
  a.run();
  CHECK(credits(sender) == std::vector<std::size_t>{10});
  const auto answer = a.ask<receipt>(a.registry, confirm_broadcast{x});
  REQUIRE(answer);
  CHECK(answer->matched == 0);
}

// -- the whole -------------------------------------------------------------------------------------

TEST_CASE("registry: everyone hears every sender in order, and all in the same order",
          "[actors][registry]") {
  std::mt19937 random{GENERATE(1U, 2U, 3U)};
  const auto slice = GENERATE(3U, 2048U);
  node n{{.hosts = 2, .slice = slice}};
  constexpr std::size_t senders = 6, each = 50;
  for (std::size_t i = 0; i < 20; ++i) n.opens({.host = i % 2});
  n.run();
  std::vector<std::size_t> sent(senders);
  for (std::size_t total = 0; total < senders * each;) {
    const auto s = random() % senders;
    if (sent[s] < each) {
      n.clients[s]->client_sends(std::to_string(s) + ":" + std::to_string(sent[s]++));
      ++total;
    }
    for (auto steps = random() % 20; steps > 0; --steps) n.host(random() % 2).run_one();
  }
  n.run();
  const auto first = n.clients[0]->client_reads_payloads();
  CHECK(first.size() == senders * each);
  std::vector<std::size_t> heard(senders);
  for (const auto& text : first) {
    const auto s = static_cast<std::size_t>(text[0] - '0');
    REQUIRE(text == std::to_string(s) + ":" + std::to_string(heard[s]++));
  }
  for (std::size_t i = 1; i < n.clients.size(); ++i)
    CHECK(n.clients[i]->client_reads_payloads() == first);
  for (std::size_t s = 0; s < senders; ++s) CHECK(n.clients[s]->grants() == each);
  CHECK(n.total(&loop_counters::messages_queued) == senders * each * n.clients.size());
  CHECK(n.total(&loop_counters::broadcasts) == 2 * senders * each);
}

TEST_CASE_METHOD(node, "registry: a sender that does not expect a receipt does it no harm",
                 "[actors][registry]") {
  const auto a = connect();
  const auto careless = system().spawn([](caf::event_based_actor* self, const registry_actor& to) {
    self->send(caf::actor_cast<caf::actor>(to),
               confirm_broadcast{{.to = {}, .message = frame::encode(opcode::text, "hello")}});
    return caf::behavior{[](int) {}};
  }, registry);
  run();
  send(target::everyone(), "still here");
  run();
  CHECK(a->client_reads_payloads() == std::vector<std::string>{"hello", "still here"});
  caf::anon_send_exit(careless, caf::exit_reason::kill);
}
