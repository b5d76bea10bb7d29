// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/extensions.hpp>
#include <troupe/server.hpp>
#include <troupe/testing/stage.hpp>
#include <troupe/type_ids.hpp>

#include "support/catch.hpp"

#include <stdexcept>
#include <string>
#include <vector>

struct strike {};

CAF_BEGIN_TYPE_ID_BLOCK(stage_test, ::troupe::first_type_id)
  CAF_ADD_TYPE_ID(stage_test, (strike))
CAF_END_TYPE_ID_BLOCK(stage_test)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(strike)

namespace {

using namespace std::chrono_literals;
using namespace troupe;
using testing::stage;
using texts = std::vector<std::string>;

// A route that says a number each second to whoever is there, and fails at "crash".
using counter_actor = hooks::route_actor::extend<caf::reacts_to<strike>>;

struct counter_state {
  int count = 0;
  std::vector<connection_actor> listeners;
};

counter_actor::behavior_type counter_of_seconds(counter_actor::stateful_pointer<counter_state> self,
                                                const hooks::birth& born) {
  self->delayed_send(self, 1s, strike{});
  for (const auto& v : born.present) self->state.listeners.push_back(v.who);
  return {
    [self](const hooks::opened& m) {
      self->state.listeners.push_back(m.what.who);
      return hooks::answer::text("hello " + m.what.user);
    },
    [](const hooks::message& m) -> caf::result<hooks::answer> {
      if (m.what.payload() == "crash") throw std::runtime_error{"told to"};
      return hooks::answer::bye(4000, "enough");
    },
    [](const hooks::closed&) {},
    [self](const strike&) {
      self->delayed_send(self, 1s, strike{});
      const auto text = frame::encode(opcode::text, std::to_string(++self->state.count));
      for (const auto& who : self->state.listeners) hooks::send_to(self, who, text);
    },
  };
}

hooks::extensions counting() {
  return {.routes = {{.path = "/count", .actor = hooks::on_scheduler(counter_of_seconds)}}};
}

hooks::method_actor::behavior_type parrot(hooks::method_actor::pointer, const hooks::birth&) {
  return {[](const hooks::call& m) { return hooks::call_result::of(m.data); }};
}

net::server_options with_open_channels() {
  net::server_options o;
  auto& open = o.channels.without_namespace;
  open.allow_subscribe_for_client = open.allow_subscribe_for_anonymous = true;
  open.allow_publish_for_subscriber = open.allow_publish_for_anonymous = true;
  return o;
}

} // namespace

TEST_CASE("stage: an actor's time passes when it is told to", "[net][testing]") {
  stage s{counting()};
  auto ann = s.open("/count", "ann");
  CHECK(ann.hears() == texts{"hello ann"});
  s.advance(3100ms); // each delay is up to a step late
  CHECK(ann.hears() == texts{"1", "2", "3"});
}

TEST_CASE("stage: a client sees how it is closed", "[net][testing]") {
  stage s{counting()};
  auto ann = s.open("/count");
  CHECK(ann.close_code() == 0);
  ann.says("anything");
  CHECK(ann.close_code() == 4000);
}

TEST_CASE("stage: a crash is followed by a restart on fake time", "[net][testing]") {
  stage s{counting()};
  auto ann = s.open("/count");
  s.advance(2100ms);
  ann.says("crash");
  CHECK(s.counters().extension_restarts.value() == 1);
  CHECK(ann.hears() == texts{"hello ", "1", "2"});
  s.advance(1200ms);
  CHECK(ann.hears() == texts{"1"}); // the successor knows her
  CHECK(ann.close_code() == 0);
}

TEST_CASE("stage: clients of the protocol call, subscribe and publish", "[net][testing]") {
  stage s{{.methods = {{.name = "parrot", .actor = hooks::on_scheduler(parrot)}}}, with_open_channels()};
  auto ann = s.connect("ann"), bob = s.connect("bob");
  CHECK(ann.asks(R"("rpc":{"method":"parrot","data":[1]})") == R"("rpc":{"data":[1]})");
  CHECK(ann.asks(R"("subscribe":{"channel":"news"})") == R"("subscribe":{})");
  CHECK(bob.asks(R"("subscribe":{"channel":"news"})") == R"("subscribe":{})");
  CHECK(bob.asks(R"("publish":{"channel":"news","data":1})") == R"("publish":{})");
  const auto heard = ann.hears();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].find(R"("data":1)") != std::string::npos);
}

namespace {

hooks::user_actor::behavior_type greeting(hooks::user_actor::pointer self, const hooks::birth& born) {
  return {
    [self](const hooks::opened& m) { hooks::push_to(self, m.what, payload_of(R"("welcome")")); },
    [](const hooks::closed&) {},
    [](const hooks::call& m) { return hooks::call_result::of(m.data); },
    [self, born](const hooks::letter& m) {
      self->send(born.registry, broadcast{.to = target::user(m.to), .message = frame::encode(opcode::text, m.data.bytes)});
      return hooks::call_result{};
    },
  };
}

} // namespace

TEST_CASE("stage: users have an actor, which clients call and are told by", "[net][testing]") {
  stage s{{.users = hooks::user_hook{.actor = hooks::on_scheduler(greeting), .grace = 5s}}, with_open_channels()};
  auto tab = s.connect("ann");
  CHECK(tab.hears() == texts{R"({"push":{"message":{"data":"welcome"}}})"});
  CHECK(tab.asks(R"("rpc":{"method":"anything","data":[1]})") == R"("rpc":{"data":[1]})");
  auto plain = s.open("/ws", "ann");
  CHECK(plain.hears() == texts{R"("welcome")"});
  CHECK(s.counters().users.value() == 1);
  auto stranger = s.connect();
  CHECK(stranger.asks(R"("rpc":{"method":"anything"})").find(R"("code":104)") != std::string::npos);
  CHECK(s.ask<hooks::call_result>(s.users().of("ann"), hooks::letter{"ann", {"psst", false}})->error.code == 0);
  CHECK(plain.hears() == texts{"psst"});
  tab.leaves(), plain.leaves();
  s.advance(6s);
  CHECK(s.counters().users.value() == 0);
  CHECK(s.ask<hooks::call_result>(s.users().of("ann"), hooks::letter{"ann", {}})->error.code == 108);
}

TEST_CASE("stage: other paths speak to everyone", "[net][testing]") {
  stage s{{}};
  auto ann = s.open("/ws"), bob = s.open("/ws");
  ann.says("hello");
  CHECK(bob.hears() == texts{"hello"});
  bob.leaves();
  CHECK(s.counters().connections.value() == 1);
}

namespace {

hooks::observer_actor::behavior_type diarist(hooks::observer_actor::pointer, const std::shared_ptr<texts>& book) {
  const auto write = [book](std::string what) { book->push_back(std::move(what)); };
  return {
    [write](const connection_up& m) { write("up " + m.who->user); },
    [](const connection_changed&) {},
    [write](const connection_down& m) { write("down " + m.who->user + " " + to_string(m.how.reason)); },
    [write](const centrifuge::channel_occupied& m) { write("occupied " + m.channel); },
    [write](const centrifuge::member_joined& m) { write(m.user + " joined " + m.channel); },
    [write](const centrifuge::member_left& m) { write(m.user + " left " + m.channel); },
    [write](const centrifuge::channel_vacated& m) { write("vacated " + m.channel); },
    [](const hooks::missed&) {},
  };
}

} // namespace

TEST_CASE("stage: an observer hears of clients and channels, in the order of each", "[net][testing]") {
  const auto book = std::make_shared<texts>();
  auto o = with_open_channels();
  o.client.subscribe_to_user_personal_channel = true;
  {
    stage s{{.observers = {{.name = "diarist", .actor = hooks::on_scheduler(diarist, book)}}}, o};
    auto ann = s.connect("ann");
    CHECK(ann.asks(R"("subscribe":{"channel":"news"})") == R"("subscribe":{})");
    CHECK(*book == texts{"up ann", "occupied #ann", "ann joined #ann", "occupied news", "ann joined news"});
    book->clear();
    CHECK(ann.asks(R"("unsubscribe":{"channel":"news"})") == R"("unsubscribe":{})");
    ann.leaves();
    CHECK(*book == texts{"ann left news", "vacated news", "ann left #ann", "vacated #ann", "down ann peer_closed"});
    s.connect("bob");
    book->clear();
  }
  CHECK(*book == texts{"bob left #bob", "vacated #bob", "down bob peer_reset"}); // as the server ends
}
