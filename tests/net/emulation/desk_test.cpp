// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/emulation/desk.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "support/catch.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace troupe;
using namespace troupe::net::emulation;
using troupe::cluster::node_answer;
using troupe::cluster::node_call;

struct ear : listener {
  hearing hear(std::string_view commands) override {
    said.emplace_back(commands);
    return how;
  }
  std::vector<std::string> said;
  hearing how = hearing::taken;
};

/// The API of a node, which knows one method.
cluster::node_api_actor::behavior_type api(cluster::node_api_actor::pointer, std::string known) {
  return {[known = std::move(known)](const node_call& m) { return node_answer{m.method == known ? "known" : "unknown"}; }};
}

struct node : troupe::testing::deterministic_system {
  node() : deterministic_system(2) {
    settings->uid = "here";
    settings->api = system().spawn(api, std::string{"info"});
    for (std::size_t i = 0; i < 2; ++i) settings->desks.push_back(spawn_on(host(i), desk, i, settings));
    run();
  }
  ~node() {
    const auto all = settings->desks;
    *settings = {};
    for (const auto& each : all) caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    run();
  }

  std::string enter(std::size_t loop, const std::shared_ptr<ear>& who) {
    auto session = make_session(loop);
    caf::anon_send(settings->desks[loop], enter_desk{session, who});
    run();
    return session;
  }
  hearing tell(std::size_t at, const std::string& session, const std::string& uid = "here") {
    std::optional<hearing> answer;
    caf::anon_send(settings->desks[at], pass_on{{uid, session, "{}"}, [&](hearing h) { answer = h; }});
    run();
    REQUIRE(answer);
    return *answer;
  }
  std::string call(const node_call& what) {
    std::string answer;
    system().spawn([&answer, what](caf::event_based_actor* self, const desk_actor& to) {
      self->request(to, caf::infinite, what).then([&answer](const node_answer& a) { answer = a.body; });
    }, settings->desks.front());
    run();
    return answer;
  }

  std::shared_ptr<desk_settings> settings = std::make_shared<desk_settings>();
};

} // namespace

TEST_CASE("desk: what is said reaches the connection of that session, whichever desk is told", "[net][emulation]") {
  node here;
  const auto a = std::make_shared<ear>();
  const auto b = std::make_shared<ear>();
  const auto of_a = here.enter(0, a);
  const auto of_b = here.enter(1, b);
  CHECK(here.tell(0, of_a) == hearing::taken);
  CHECK(here.tell(0, of_b) == hearing::taken);
  CHECK(here.tell(1, of_b) == hearing::taken);
  CHECK(a->said == std::vector<std::string>{"{}"});
  CHECK(b->said == std::vector<std::string>{"{}", "{}"});
  b->how = hearing::busy;
  CHECK(here.tell(0, of_b) == hearing::busy);
}

TEST_CASE("desk: sessions that nobody has, or that have ended, are gone", "[net][emulation]") {
  node here;
  auto who = std::make_shared<ear>();
  const auto session = here.enter(1, who);
  for (const auto* unknown : {"", "0", "0.", ".", "0.x", "2.x", "-1.x", "99999999999999999999.x"})
    CHECK(here.tell(0, unknown) == hearing::gone);
  CHECK(here.tell(0, "0" + session.substr(1)) == hearing::gone); // of another loop
  CHECK(here.tell(0, session, "elsewhere") == hearing::gone);    // there are no other nodes
  who.reset(); // before it has said so
  CHECK(here.tell(0, session) == hearing::gone);
  who = std::make_shared<ear>();
  const auto next = here.enter(1, who);
  caf::anon_send(here.settings->desks[1], leave_desk{next});
  CHECK(here.tell(0, next) == hearing::gone);
  CHECK(who->said.empty());
}

TEST_CASE("desk: what another node was told is brought to the connection, and other questions to the API", "[net][emulation]") {
  node here;
  const auto who = std::make_shared<ear>();
  const auto session = here.enter(1, who);
  CHECK(here.call({"emulation", write_protobuf({"here", session, "{}"})}) == "taken");
  CHECK(here.call({"emulation", write_protobuf({"here", "1.x", "{}"})}) == "gone");
  CHECK(here.call({"emulation", "\x0a"}) == "gone");
  CHECK(here.call({"info", ""}) == "known");
  CHECK(who->said == std::vector<std::string>{"{}"});
}

TEST_CASE("desk: a session names its loop and cannot be guessed", "[net][emulation]") {
  CHECK(loop_of(make_session(0)) == 0u);
  CHECK(loop_of(make_session(12)) == 12u);
  CHECK(make_session(0) != make_session(0));
  CHECK(make_session(0).size() == 38); // "0." and a UUID of 122 random bits
}
