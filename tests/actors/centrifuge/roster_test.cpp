// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "channel_world.hpp"

#include <troupe/centrifuge/roster.hpp>

#include <set>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;

namespace {

class roster_world : public world {
public:
  explicit roster_world(roster_options options) : who_(spawn_on(host(), roster, options)) {}
  ~roster_world() { caf::anon_send_exit(who_, caf::exit_reason::kill); }

  /// What a new connection of the user is told.
  std::pair<fan, admission> enlists(const std::string& user) {
    const auto f = comes("c" + std::to_string(fans.size()), user);
    const auto told = std::make_shared<std::optional<admission>>();
    caf::actor_cast<member_pointer>(f.who)
      ->request(who_, caf::infinite, enlist{user})
      .then([told](const enlisted& m) { *told = m.verdict; });
    run();
    REQUIRE(*told);
    return {f, **told};
  }
  void ends(const fan& f) {
    caf::anon_send_exit(f.who, caf::exit_reason::kill);
    run();
  }

private:
  roster_actor who_;
};

} // namespace

TEST_CASE("roster: a user has as many connections as the limit, others are not concerned",
          "[actors][centrifuge][roster]") {
  roster_world w({.max_connections = 2});
  CHECK(w.enlists("42").second == admission::granted);
  CHECK(w.enlists("42").second == admission::granted);
  CHECK(w.enlists("42").second == admission::refused);
  CHECK(w.enlists("43").second == admission::granted);
}

TEST_CASE("roster: one that ends makes room for one", "[actors][centrifuge][roster]") {
  roster_world w({.max_connections = 2});
  const auto first = w.enlists("42").first;
  w.enlists("42");
  w.ends(first);
  CHECK(w.enlists("42").second == admission::granted);
  const auto refused = w.enlists("42");
  CHECK(refused.second == admission::refused);
  w.ends(refused.first); // was never counted
  CHECK(w.enlists("42").second == admission::refused);
}

TEST_CASE("roster: without a limit it counts and refuses nobody", "[actors][centrifuge][roster]") {
  roster_world w({});
  for (int i = 0; i < 100; ++i) REQUIRE(w.enlists("42").second == admission::granted);
}

TEST_CASE("roster: a new connection closes the user's older ones if it is to be the only one",
          "[actors][centrifuge][roster]") {
  roster_world w({1, roster_options::surplus::close_old});
  const auto other = w.enlists("43").first;
  const auto first = w.enlists("42").first, second = w.enlists("42").first;
  CHECK(first->closed == close_reason::connection_limit);
  CHECK(second->closed == close_reason::none);
  const auto third = w.enlists("42");
  CHECK(third.second == admission::granted);
  CHECK(second->closed == close_reason::connection_limit);
  CHECK(third.first->closed == close_reason::none);
  CHECK(other->closed == close_reason::none);
  w.ends(third.first);
  CHECK(w.enlists("42").second == admission::granted);
}

TEST_CASE("roster: every user has one, and all have users", "[actors][centrifuge][roster]") {
  testing::deterministic_system system{4};
  std::vector<roster_actor> all;
  for (std::size_t i = 0; i < 4; ++i)
    all.push_back(spawn_on(system.host(i), roster, roster_options{}));
  std::set<caf::actor_id> used;
  for (int i = 0; i < 200; ++i) {
    const auto user = "user" + std::to_string(i);
    CHECK(roster_of(user, all) == roster_of(user, all));
    used.insert(roster_of(user, all).id());
  }
  CHECK(used.size() == 4);
  for (const auto& each : all) caf::anon_send_exit(each, caf::exit_reason::kill);
}
