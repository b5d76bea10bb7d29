// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "node.hpp"

#include <troupe/ledger.hpp>

#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;

namespace {

const auto day_one = std::chrono::system_clock::time_point{24h};

connection_down down(close_reason reason, std::string user = {},
                     std::chrono::system_clock::time_point when = day_one) {
  return {connection_profile_ptr{new connection_profile({0, 1, 0}, client_id::random(),
                                                        std::move(user), {}, {}, {}, when),
                                 false},
          when, {.reason = reason}, {}};
}

struct ledger_node : node {
  explicit ledger_node(const node_options& o = {.hosts = 2}) : node(o) {
    book = system().spawn(troupe::ledger, closed_bounds{.max_entries = 10});
    run();
    REQUIRE(ask<receipt>(registry, observe{book}));
  }
  ~ledger_node() {
    caf::anon_send_exit(book, caf::exit_reason::user_shutdown);
    book = nullptr;
    run();
  }
  closed_page find(closed_query q = {}) {
    auto page = ask<closed_page>(book, find_closed{std::move(q)});
    REQUIRE(page);
    return *page;
  }

  ledger_actor book;
};

} // namespace

TEST_CASE("closed_connections: keeps the newest, up to its number", "[actors][ledger]") {
  closed_connections all{{.max_entries = 3}};
  for (const auto* user : {"a", "b", "c", "d"}) all.add(down(close_reason::kicked, user));
  const auto page = all.find({});
  REQUIRE(page.rows.size() == 3);
  CHECK(page.rows[0].who->user == "d");
  CHECK(page.rows[2].who->user == "b");
  CHECK(page.kept == 3);
  CHECK(page.ended == 4);
}

TEST_CASE("closed_connections: keeps no more bytes than it may", "[actors][ledger]") {
  closed_connections all{{.max_entries = 1000, .max_bytes = 20'000}};
  for (int i = 0; i < 100; ++i) {
    all.add(down(close_reason::kicked, std::string(1000, 'u')));
    CHECK(all.bytes() <= 20'000);
  }
  CHECK(all.size() >= 10);
  CHECK(all.size() < 20);
  all.add(down(close_reason::kicked, std::string(30'000, 'u')));
  CHECK(all.size() == 0);
  CHECK(all.bytes() == 0);
}

TEST_CASE("closed_connections: finds by reason, initiator, user, ID and time, together",
          "[actors][ledger]") {
  closed_connections all;
  all.add(down(close_reason::kicked, "ada", day_one));
  all.add(down(close_reason::peer_closed, "ada", day_one + 1h));
  all.add(down(close_reason::kicked, "eve", day_one + 2h));
  CHECK(all.find({.reason = close_reason::kicked}).matching == 2);
  CHECK(all.find({.by = initiator::client}).matching == 1);
  CHECK(all.find({.user = "ada"}).matching == 2);
  CHECK(all.find({.user = ""}).matching == 0);
  CHECK(all.find({.since = day_one + 1h}).matching == 2);
  CHECK(all.find({.reason = close_reason::kicked, .since = day_one + 1h}).matching == 1);
  const auto id = all.find({}).rows[1].who->id;
  const auto one = all.find({.id = id});
  REQUIRE(one.rows.size() == 1);
  CHECK(one.rows[0].how.reason == close_reason::peer_closed);
}

TEST_CASE("closed_connections: pages do not overlap and tell how many there are", "[actors][ledger]") {
  closed_connections all;
  for (int i = 0; i < 25; ++i) all.add(down(close_reason::kicked, std::to_string(i)));
  std::vector<std::string> users;
  for (std::size_t at = 0; at < 30; at += 10) {
    const auto page = all.find({.offset = at, .limit = 10});
    CHECK(page.matching == 25);
    for (const auto& row : page.rows) users.push_back(row.who->user);
  }
  REQUIRE(users.size() == 25);
  for (std::size_t i = 0; i < users.size(); ++i) CHECK(users[i] == std::to_string(24 - i));
}

TEST_CASE("closed_connections: an answer has no more rows than it may", "[actors][ledger]") {
  closed_connections all;
  for (std::size_t i = 0; i <= closed_connections::max_answer; ++i) all.add(down(close_reason::idle));
  CHECK(all.find({.limit = 1'000'000}).rows.size() == closed_connections::max_answer);
}

TEST_CASE("closed_connections: counts by reason", "[actors][ledger]") {
  closed_connections all;
  all.add(down(close_reason::kicked, "ada"));
  all.add(down(close_reason::kicked));
  all.add(down(close_reason::idle));
  const auto counts = all.count({});
  CHECK(counts.matching == 3);
  CHECK(counts.by_reason[static_cast<std::size_t>(close_reason::kicked)] == 2);
  CHECK(counts.by_reason[static_cast<std::size_t>(close_reason::idle)] == 1);
  CHECK(all.count({.user = "ada"}).matching == 1);
}

TEST_CASE_METHOD(ledger_node, "ledger: knows each connection that ended, from every shard",
                 "[actors][ledger]") {
  const auto a = connect({.user = "ada", .host = 0});
  const auto b = connect({.user = "eve", .host = 1});
  a->client_closes(4777, "bye");
  caf::anon_send_exit(b.who, caf::exit_reason::kill);
  run();
  CHECK(find().matching == 2);
  const auto of_ada = find({.user = "ada"});
  REQUIRE(of_ada.rows.size() == 1);
  CHECK(of_ada.rows[0].how.code_received == 4777);
  const auto counts = ask<closed_counts>(book, count_closed{});
  REQUIRE(counts);
  CHECK(counts->by_reason[static_cast<std::size_t>(close_reason::internal_error)] == 1);
}

TEST_CASE_METHOD(ledger_node, "ledger: goes on after more have ended than it keeps", "[actors][ledger]") {
  for (int i = 0; i < 30; ++i) connect({.user = std::to_string(i)})->client_fails();
  run();
  const auto page = find();
  CHECK(page.kept == 10);
  CHECK(page.ended == 30);
  CHECK(page.missed == 0);
  CHECK(page.rows.front().who->user == "29");
}
