// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What observers hear of clients: nothing before it is known who they are, then one up and one down.
#include "client_node.hpp"

#include <variant>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::tests;

namespace {

struct listener_state {
  static constexpr const char* name = "listener";
};

using texts = std::vector<std::string>;

/// Tells what it hears as "up 42", "down 42 peer_reset", "refused stale".
class observed_clients : public client_node {
public:
  explicit observed_clients(client_options options = open_to_all()) : client_node(std::move(options)) {
    auto listen = [](hosted_pointer<connection_observer, listener_state>,
                     std::shared_ptr<std::vector<connection_event>> heard)
      -> connection_observer::behavior_type {
      return {[heard](const connection_events& m) {
        heard->insert(heard->end(), m.events.begin(), m.events.end());
        return noted{};
      }};
    };
    listener_ = spawn_on(host(), +listen, events);
    caf::anon_send(home_shard(), observe{listener_});
    run();
    tokens->connections["good"] = {connection_grant{
      .user = "42", .labels = {"beta"}, .meta = R"({"plan":"gold"})"}};
    tokens->connections["elsewhere"] = {connection_grant{.user = "42", .subs = {{"nons:a", {}}}}};
  }
  ~observed_clients() { caf::anon_send_exit(listener_, caf::exit_reason::kill); }

  [[nodiscard]] texts heard() const {
    texts all;
    for (const auto& e : *events) {
      if (const auto* up = std::get_if<connection_up>(&e)) all.push_back("up " + up->who->user);
      if (const auto* down = std::get_if<connection_down>(&e))
        all.push_back("down " + down->who->user + " " + to_string(down->how.reason));
      if (const auto* never = std::get_if<connection_refused>(&e))
        all.push_back("refused " + to_string(never->end.how.reason));
    }
    return all;
  }

  /// As observing again tells.
  std::uint64_t up() {
    const auto told = deterministic_system::ask<receipt>(home_shard(), observe{listener_});
    REQUIRE(told);
    return told->matched;
  }

  std::shared_ptr<std::vector<connection_event>> events = std::make_shared<std::vector<connection_event>>();

private:
  connection_observer listener_;
};

} // namespace

TEST_CASE_METHOD(observed_clients, "observers: a client is up when it is known who it is, with all its token says",
                 "[net][centrifuge][observers]") {
  const auto p = open();
  CHECK(heard().empty());
  ask(p, R"({"id":1,"connect":{"token":"good"}})");
  REQUIRE(heard() == texts{"up 42"});
  const auto& who = *std::get<connection_up>(events->front()).who;
  CHECK(who.id == p.id);
  CHECK(who.labels == texts{"beta"});
  CHECK(who.meta() == R"({"plan":"gold"})");
  p->client_fails();
  run();
  CHECK(heard() == texts{"up 42", "down 42 peer_reset"});
  CHECK(std::get<connection_down>(events->back()).who->meta() == R"({"plan":"gold"})");
}

TEST_CASE_METHOD(observed_clients, "observers: an anonymous client is up when it has connected",
                 "[net][centrifuge][observers]") {
  const auto p = connect();
  CHECK(heard() == texts{"up "});
  caf::anon_send_exit(p.who, caf::exit_reason::kill);
  run();
  CHECK(heard() == texts{"up ", "down  internal_error"});
}

TEST_CASE_METHOD(observed_clients, "observers: one that ends before it is a client is refused, once",
                 "[net][centrifuge][observers]") {
  const auto heard_of = [&](auto lives) {
    events->clear();
    const auto p = open();
    lives(p);
    run();
    if (!p->closed()) p->client_fails();
    run();
    return heard();
  };
  CHECK(heard_of([](const peer&) {}) == texts{"refused peer_reset"});
  CHECK(heard_of([&](const peer& p) { send(p, R"({"id":1,"connect":{"token":"forged"}})"); }).size() == 1);
  CHECK(heard_of([&](const peer& p) { send(p, R"({"id":1,"connect":{"token":"elsewhere"}})"); }) ==
        texts{"refused peer_reset"});
  CHECK(heard_of([&](const peer& p) { caf::anon_send_exit(p.who, caf::exit_reason::kill); }) ==
        texts{"refused internal_error"});
  CHECK(heard_of([&](const peer& p) {
          tokens->silent = true;
          send(p, R"({"id":1,"connect":{"token":"good"}})");
          tokens->silent = false;
        }) == texts{"refused peer_reset"});
}

TEST_CASE_METHOD(observed_clients, "observers: a client killed as it becomes one is up and down",
                 "[net][centrifuge][observers]") {
  const auto p = open();
  p->client_sends(R"({"id":1,"connect":{"token":"good"}})");
  tokens->silent = true;
  run();
  tokens->answer();
  caf::anon_send_exit(p.who, caf::exit_reason::kill); // behind the verdict
  run();
  const auto all = heard();
  CHECK((all == texts{"up 42", "down 42 internal_error"} || all == texts{"refused internal_error"}));
}

TEST_CASE_METHOD(observed_clients,
                 "observers: a client is up before its channels are asked, what it is told waits for the reply",
                 "[net][centrifuge][observers]") {
  tokens->connections["server"] = {connection_grant{.user = "42", .subs = {{"pub:s", {}}}}};
  book->silent = true;
  const auto p = open();
  send(p, R"({"id":1,"connect":{"token":"server"}})");
  CHECK(heard() == texts{"up 42"});
  caf::anon_send(p.who, push_message{{"1", true}});
  caf::anon_send(p.who, renew_connection{.expires_in = 60s, .info = {}});
  run();
  CHECK(p.frames().empty());
  book->answer();
  run();
  std::string all;
  for (const auto& each : p.frames()) all += each + "\n";
  const auto replied = all.find("\"connect\""), told = all.find("\"message\""), renewed = all.find("\"refresh\"");
  CHECK(replied < told);
  CHECK(told < renewed);
  CHECK(renewed != std::string::npos);
}

TEST_CASE_METHOD(observed_clients, "observers: a client whose channels fail is up and down, and told nothing more",
                 "[net][centrifuge][observers]") {
  tokens->connections["server"] = {connection_grant{.user = "42", .subs = {{"pub:s", {}}}}};
  book->subscribe = [](const auto&) { return error_code::limit_exceeded; };
  book->silent = true;
  const auto p = open();
  send(p, R"({"id":1,"connect":{"token":"server"}})");
  caf::anon_send(p.who, push_message{{"1", true}});
  run();
  book->answer();
  run();
  const auto replies = p.frames();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], Catch::Matchers::Contains("\"code\":106"));
  advance(10s);
  p->client_fails();
  run();
  CHECK(heard() == texts{"up 42", "down 42 connect_refused"});
}

TEST_CASE_METHOD(observed_clients, "observers: observing tells how many are up, without those that are not yet",
                 "[net][centrifuge][observers]") {
  connect();
  open();
  CHECK(up() == 1);
}

TEST_CASE_METHOD(observed_clients, "observers: a user is found by name when its connect is answered",
                 "[net][centrifuge][observers]") {
  const auto p = open();
  const auto of_42 = [&] {
    const auto told = deterministic_system::ask<listed_connections>(
      home_shard(), list_connections{.user = "42"});
    REQUIRE(told);
    return told->connections.size();
  };
  CHECK(of_42() == 0);
  ask(p, R"({"id":1,"connect":{"token":"good"}})");
  CHECK(of_42() == 1);
}
