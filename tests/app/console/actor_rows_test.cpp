// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/actor_rows.hpp"
#include "app/console/overview.hpp"
#include "app/console/query_error.hpp"
#include "app/console/render.hpp"
#include "support/catch.hpp"

#include <troupe/meters/loop_meters.hpp>

#include <fmt/format.h>

#include <ctime>
#include <memory>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::app::console;
using inspection::actor_kind;

namespace {

using steady = std::chrono::steady_clock;

/// A loop's meters with actors made up.
class made_up_loop {
public:
  made_up_loop() : loop_{std::make_shared<meters::loop_meters>(0, steady::now())} {}

  meters::meter_block& add_connection(std::string user) {
    auto& meter = add(actor_kind::connection, "connection");
    meter.identify(caf::intrusive_ptr<const meters::identity>{
        new connection_profile({}, client_id::random(), std::move(user), {"news"}, {},
                               {transport_kind::websocket, true, "192.0.2.1"},
                               std::chrono::system_clock::now()),
        false});
    return *meter;
  }
  meters::meter_block& add_channel(std::string name) {
    auto& meter = add(actor_kind::channel, "channel");
    meter.identify(caf::intrusive_ptr<const meters::identity>{new meters::actor_title{std::move(name)}, false});
    return *meter;
  }

  [[nodiscard]] inspection::observatory seen() const {
    return inspection::observatory{inspection::observatory::loop_list{loop_}};
  }
  [[nodiscard]] meters::loop_meters& loop() { return *loop_; }

private:
  meters::actor_meter& add(actor_kind kind, const char* name) {
    meters_.push_back(std::make_unique<meters::actor_meter>(loop_->actors));
    auto& meter = *meters_.back();
    meter->become(kind);
    meter.show(meters_.size(), name, steady::now().time_since_epoch().count());
    return meter;
  }

  std::shared_ptr<meters::loop_meters> loop_;
  std::vector<std::unique_ptr<meters::actor_meter>> meters_;
};

condition where(const std::string& text) {
  word_reader in{text};
  return condition::parse(in);
}

std::string csv(const answer& said) { return render(said.tables, output_format::csv) + said.notes.at(0); }

/// Three connections of two users.
made_up_loop few() {
  made_up_loop loop;
  auto& first = loop.add_connection("ada");
  first.connection.queue_bytes.set(100);
  first.connection.bytes_out.set(7);
  first.connection.rtt.set(2'000'000);
  auto& second = loop.add_connection("bob");
  second.connection.queue_bytes.set(70'000);
  second.connection.bytes_out.set(5);
  auto& third = loop.add_connection("ada");
  third.connection.queue_bytes.set(3);
  third.connection.bytes_out.set(1);
  third.connection.rtt.set(9'000'000);
  return loop;
}

} // namespace

TEST_CASE("top: connections come by their key, with those columns that were asked for",
          "[app][console]") {
  const auto loop = few();
  CHECK(csv(top(loop.seen(), {subject::connections, {}, "user,queue_bytes,tls,groups,peer", nullptr})) ==
        "user,queue_bytes,tls,groups,peer\nbob,70000,yes,news,192.0.2.1\nada,100,yes,news,192.0.2.1\n"
        "ada,3,yes,news,192.0.2.1\n3 of 3");
  CHECK(csv(top(loop.seen(), {subject::connections, {"rtt", where("user = ada"), 1}, "user,rtt", nullptr})) ==
        "user,rtt\nada,9000000\n1 of 2 that match, 3 in all");
  CHECK(csv(top(loop.seen(), {subject::connections, {"user", {}, 2}, "user", nullptr})) ==
        "user\nada\nada\n2 of 3");
  const auto usual = top(loop.seen(), {subject::connections, {"bytes_in", {}, 1}, {}, nullptr});
  CHECK(usual.tables.at(0).columns.back().name == "bytes_in");
  CHECK(top(loop.seen(), {subject::connections, {}, "all", nullptr}).tables.at(0).columns.size() ==
        columns_of(subject::connections).size());
}

TEST_CASE("top: keys may be spelled as in the JSON of the administration port", "[app][console]") {
  const auto loop = few();
  CHECK(csv(top(loop.seen(), {subject::connections, {"rtt_ms", {}, 1}, "user,rtt_ms", nullptr})) ==
        "user,rtt\nada,9000000\n1 of 3");
}

TEST_CASE("top: a column that is not there is an error that names those that are", "[app][console]") {
  const auto loop = few();
  const auto complaint = [&](top_query query) {
    try {
      (void)top(loop.seen(), std::move(query));
    } catch (const query_error& error) {
      return std::string{error.what()};
    }
    return std::string{"none"};
  };
  CHECK(complaint({subject::connections, {"size", {}, 1}, {}, nullptr})
            .starts_with("no such column 'size'; one of: id, user, "));
  CHECK(complaint({subject::connections, {"", where("size = 1"), 1}, {}, nullptr})
            .starts_with("no such column 'size'; one of: id, user, "));
  CHECK(complaint({subject::connections, {}, "user,size", nullptr})
            .starts_with("no such column 'size'; one of: id, user, "));
}

TEST_CASE("top: with a window counts become rates, and newcomers count from zero", "[app][console]") {
  auto loop = few();
  auto before = take_baseline(loop.seen(), subject::connections);
  before.taken -= std::chrono::seconds{10};
  auto& fresh = loop.add_connection("eve");
  fresh.connection.bytes_out.set(1000);
  const auto said = top(loop.seen(), {subject::connections, {"bytes_out", {}, 2}, "user,bytes_out,queue_bytes", &before});
  const auto& shown = said.tables.at(0);
  CHECK(shown.columns[1].name == "bytes_out/s");
  CHECK(shown.columns[2].name == "queue_bytes");
  REQUIRE(shown.rows.size() == 2);
  CHECK(std::get<std::string>(shown.rows[0][0]) == "eve");
  CHECK(std::get<double>(shown.rows[0][1]) == Approx(100).epsilon(0.05));
  CHECK(std::get<double>(shown.rows[1][1]) == 0);
}

TEST_CASE("top: users add up what their connections have", "[app][console]") {
  const auto loop = few();
  CHECK(csv(top(loop.seen(), {subject::users, {}, "user,connections,queue_bytes,rtt", nullptr})) ==
        "user,connections,queue_bytes,rtt\nada,2,103,9000000\nbob,1,70000,0\n2 of 2");
  CHECK(csv(top(loop.seen(), {subject::users, {"bytes_out", where("connections = 1"), 5}, "user", nullptr})) ==
        "user\nbob\n1 of 1 that match, 2 in all");
}

TEST_CASE("top: actors of all kinds and channels have rows of their own", "[app][console]") {
  auto loop = few();
  loop.add_channel("chat:lobby").channel.subscribers.set(12);
  CHECK(csv(top(loop.seen(), {subject::channels, {}, "channel,subscribers", nullptr})) ==
        "channel,subscribers\nchat:lobby,12\n1 of 1");
  CHECK(csv(top(loop.seen(), {subject::actors, {"actor", where("kind = channel"), 5}, "kind,title,name", nullptr})) ==
        "kind,title,name\nchannel,chat:lobby,channel\n1 of 1 that match, 4 in all");
}

TEST_CASE("describe: one actor is told in full, and one that is gone is not", "[app][console]") {
  auto loop = few();
  loop.add_channel("chat:lobby").channel.offset.set(7);
  const auto found = describe(loop.seen(), subject::channels,
                              [](const inspection::row& r) { return r.title == "chat:lobby"; });
  REQUIRE(found);
  CHECK(found->shape == layout::detail);
  CHECK(std::get<double>(found->rows.at(0).at(find_column(found->columns, "offset"))) == 7);
  CHECK_FALSE(describe(loop.seen(), subject::channels, [](const auto&) { return false; }));
}

TEST_CASE("overview: loops, tree and latencies show what the loop has counted", "[app][console]") {
  auto loop = few();
  loop.add_channel("a");
  loop.loop().counters.connections.add(3);
  loop.loop().counters.channels_failed.add(2);
  for (int i = 0; i < 100; ++i)
    loop.loop().stages[1].add(std::chrono::microseconds{3});
  loop.loop().stages[1].add(std::chrono::milliseconds{100});
  const auto rows = loops(loop.seen());
  CHECK(std::get<double>(rows.rows.at(0).at(find_column(rows.columns, "connections"))) == 3);
  const auto text = render({tree(loop.seen())}, output_format::csv);
  CHECK(text.find("\n      connections,3,0,") != std::string::npos);
  CHECK(text.find("\n      channels,1,2,") != std::string::npos);
  const auto times = latencies(loop.seen());
  const auto& mailbox = times.rows.at(1);
  CHECK(std::get<std::string>(mailbox[0]) == "mailbox");
  CHECK(std::get<double>(mailbox[1]) == 101);
  CHECK(std::get<double>(mailbox[3]) == 4000);  // p50, to a factor of two
  CHECK(std::get<double>(mailbox[6]) >= 1e8);   // p999
  CHECK(std::holds_alternative<std::monostate>(times.rows.at(0)[3]));
}

TEST_CASE("top: 100,000 connections cost milliseconds", "[app][console]") {
  made_up_loop loop;
  for (std::size_t i = 0; i < 100'000; ++i) {
    auto& block = loop.add_connection(fmt::format("user-{}", i));
    block.connection.queue_bytes.set((i + 1) * 2'654'435'761U % 1'000'000);
    block.connection.bytes_out.set(i);
  }
  const auto measure = [](const char* what, auto work) {
    const auto before = std::clock();
    work();
    fmt::print("{} at 100,000 connections: {:.1f} ms of CPU\n", what,
               1000.0 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC);
  };
  const auto seen = loop.seen();
  measure("top conns by queue_bytes", [&] {
    const auto said = top(seen, {subject::connections, {"queue_bytes", {}, 20}, {}, nullptr});
    CHECK(said.notes.at(0) == "20 of 100000");
  });
  measure("top conns where user ~ 77 and queue_bytes > 1KiB", [&] {
    const auto said = top(seen, {subject::connections,
                                 {"bytes_out", where("user ~ 77 and queue_bytes > 1KiB"), 20}, {}, nullptr});
    CHECK(said.tables.at(0).rows.size() == 20);
  });
  measure("a baseline for a window", [&] { CHECK(take_baseline(seen, subject::connections).counts.size() == 100'000); });
}
