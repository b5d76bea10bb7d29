// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/centrifuge/presence.hpp>

#include <map>
#include <random>
#include <set>

using namespace troupe::centrifuge;

TEST_CASE("presence: counts connections and distinct users", "[actors][centrifuge][presence]") {
  presence present;
  CHECK(present.add({"42", "a", {}, {}}));
  CHECK(present.add({"42", "b", {}, {}}));
  CHECK(present.add({"", "c", {}, {}}));
  CHECK(present.add({"", "d", {}, {}}));
  CHECK(present.client_count() == 4);
  CHECK(present.user_count() == 2);
}

TEST_CASE("presence: a user leaves with the last connection", "[actors][centrifuge][presence]") {
  presence present;
  present.add({"42", "a", {}, {}});
  present.add({"42", "b", {}, {}});
  CHECK(present.remove("a")->user == "42");
  CHECK(present.user_count() == 1);
  CHECK(present.remove("b"));
  CHECK(present.user_count() == 0);
  CHECK(present.client_count() == 0);
}

TEST_CASE("presence: a connection leaves once", "[actors][centrifuge][presence]") {
  presence present;
  present.add({"42", "a", {}, {}});
  CHECK(present.remove("a"));
  CHECK_FALSE(present.remove("a"));
  CHECK_FALSE(present.remove("never"));
  CHECK(present.client_count() == 0);
}

TEST_CASE("presence: adding again updates", "[actors][centrifuge][presence]") {
  presence present;
  present.add({"42", "a", {}, {}});
  CHECK_FALSE(present.add({"43", "a", {"1", true}, {}}));
  CHECK(present.client_count() == 1);
  CHECK(present.user_count() == 1);
  CHECK(present.clients().at("a").user == "43");
  CHECK(present.clients().at("a").conn_info.bytes == "1");
}

TEST_CASE("presence: counts agree with a recount after any changes",
          "[actors][centrifuge][presence]") {
  std::mt19937 random(1);
  const auto any = [&](int count) { return std::to_string(random() % count); };
  presence present;
  std::map<std::string, std::string> expected; // client -> user
  for (int i = 0; i < 5000; ++i) {
    const auto client = any(50);
    if (random() % 2 == 0) {
      const auto user = any(10);
      CHECK(present.add({user, client, {}, {}}) == !expected.contains(client));
      expected[client] = user;
    } else {
      CHECK(present.remove(client).has_value() == (expected.erase(client) == 1));
    }
    std::set<std::string> users;
    for (const auto& entry : expected) users.insert(entry.second);
    REQUIRE(present.client_count() == expected.size());
    REQUIRE(present.user_count() == users.size());
  }
}
