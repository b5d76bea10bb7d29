// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What /debug/*.json and /metrics make of figures, without a server.
#include <troupe/inspect/fields.hpp>
#include <troupe/net/internal/debug_tables.hpp>
#include <troupe/net/internal/metrics.hpp>

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::net;
using inspection::actor_kind;
using nlohmann::json;

namespace {

struct crowd {
  crowd() {
    for (std::uint64_t i = 1; i <= 20; ++i) {
      all.push_back(std::make_unique<meters::actor_meter>(loop->actors));
      auto& m = *all.back();
      m->become(i == 20 ? actor_kind::channel : actor_kind::connection);
      m->connection.queue_bytes.set(i * 100);
      m.show(i, "test", 1);
      if (i == 20) m.identify(caf::make_counted<meters::actor_title>("news\"\xff"));
      else
        m.identify(connection_profile_ptr{
          new connection_profile({0, 1, static_cast<std::uint32_t>(i)}, client_id::random(),
                                 i % 2 ? "odd" : "even", {"g"}, {},
                                 {transport_kind::websocket, true, "192.0.2.1"}, {}), false});
    }
    loop->counters.connections.add(19);
    loop->counters.closed_by_reason[static_cast<std::size_t>(close_reason::kicked)].add(3);
    loop->stages[0].add(1500ns);
    loop->stages[0].add(1h);
  }

  json table(const std::string& query, std::optional<actor_kind> kind = actor_kind::connection) {
    auto result = actors_json(seen, kind, "/debug/x.json" + query);
    INFO(query);
    REQUIRE(std::holds_alternative<std::string>(result));
    return json::parse(std::get<std::string>(result));
  }
  std::string complaint(const std::string& query) {
    auto result = actors_json(seen, std::nullopt, "/debug/x.json" + query);
    return std::holds_alternative<bad_query>(result) ? std::get<bad_query>(result).text : "none";
  }

  std::shared_ptr<meters::loop_meters> loop =
    std::make_shared<meters::loop_meters>(0, std::chrono::steady_clock::now());
  std::vector<std::unique_ptr<meters::actor_meter>> all;
  inspection::observatory seen{{loop}};
};

} // namespace

TEST_CASE_METHOD(crowd, "debug tables: sort, page and filter as the query says", "[net][debug]") {
  const auto j = table("?sort=queue_bytes&limit=2&offset=1");
  CHECK(j["matching"] == 19);
  REQUIRE(j["rows"].size() == 2);
  CHECK(j["rows"][0]["queue_bytes"] == 1800);
  CHECK(table("?sort=queue_bytes&order=asc&limit=1")["rows"][0]["queue_bytes"] == 100);
  CHECK(table("?user=odd")["matching"] == 10);
  CHECK(table("?user=")["matching"] == 0);
  const auto one = j["rows"][0]["client"].get<std::string>();
  const auto found = table("?id=" + one);
  CHECK(found["matching"] == 1);
  CHECK(found["rows"][0]["client"] == one);
  CHECK(table("?kind=channel", std::nullopt)["matching"] == 1);
  CHECK(table("", std::nullopt)["matching"] == 20);
  CHECK(table("?loop=7", std::nullopt)["matching"] == 0);
}

TEST_CASE_METHOD(crowd, "debug tables: a connection's row tells who it is and every number it has",
                 "[net][debug]") {
  const auto row = table("?limit=1")["rows"][0];
  CHECK(row["peer"] == "192.0.2.1");
  CHECK(row["transport"] == "websocket");
  CHECK(row["tls"] == true);
  CHECK(row["groups"] == json{"g"});
  for (const auto& f : inspection::fields()) {
    CAPTURE(f.name);
    CHECK(row.contains(std::string{f.name}) == has(f, actor_kind::connection));
  }
}

TEST_CASE_METHOD(crowd, "debug tables: names that are no UTF-8 do not break the JSON", "[net][debug]") {
  CHECK(table("", actor_kind::channel)["rows"][0]["title"] == "news\"\uFFFD");
}

TEST_CASE_METHOD(crowd, "debug tables: a query that is wrong is told so", "[net][debug]") {
  CHECK(complaint("?limit=1001") == "limit takes a number up to 1000");
  CHECK(complaint("?limit=-1") == "limit takes a number up to 1000");
  CHECK(complaint("?limit=") == "limit takes a number up to 1000");
  CHECK(complaint("?offset=9001") == "offset takes a number up to 9000");
  CHECK(complaint("?order=up") == "order takes one of desc, asc");
  CHECK(complaint("?id=x") == "id takes the ID of a connection");
  CHECK(complaint("?kind=bird").starts_with("kind takes one of custom, connection"));
  CHECK(complaint("?kind=hub&sort=queue_bytes").starts_with("sort takes one of mailbox"));
  CHECK(complaint("?limit=1000&offset=9000") == "none");
}

TEST_CASE("debug tables: the query of the closed connections", "[net][debug]") {
  const auto now = std::chrono::system_clock::time_point{1000h};
  const auto parse = [&](const std::string& query) {
    return closed_query_of("/debug/closed.json" + query, now);
  };
  const auto all = std::get<closed_query>(parse("?reason=kicked&by=server&user=a%20b&last=2h&offset=3&limit=7"));
  CHECK(all.reason == close_reason::kicked);
  CHECK(all.by == initiator::server);
  CHECK(all.user == "a b");
  CHECK(all.since == now - 2h);
  CHECK(all.offset == 3);
  CHECK(all.limit == 7);
  CHECK(std::get<closed_query>(parse("?last=15m")).since == now - 15min);
  CHECK(std::get<closed_query>(parse("")).limit == 50);
  for (const auto* wrong : {"?reason=tired", "?last=5", "?last=5d", "?last=h", "?last=-1s", "?by=me", "?id=1"}) {
    INFO(wrong);
    CHECK(std::holds_alternative<bad_query>(parse(wrong)));
  }
}

TEST_CASE("debug tables: a closed connection's row tells how it ended", "[net][debug]") {
  closed_page page{{{connection_profile_ptr{new connection_profile({0, 1, 1}, {}, "ada", {}, {}, {}, {}), false},
                     std::chrono::system_clock::time_point{1500ms},
                     {close_reason::kicked, 4001, 1000, "kicked"},
                     {.uptime = 3s, .queue_bytes = 5}}}, 1, 1, 2, 0};
  closed_counts counts;
  counts.by_reason[static_cast<std::size_t>(close_reason::kicked)] = 1;
  const auto j = json::parse(closed_json(page, counts));
  CHECK(j["by_reason"] == json{{"kicked", 1}});
  CHECK(j["ended"] == 2);
  const auto row = j["rows"][0];
  CHECK(row["closed"] == "1970-01-01T00:00:01.500Z");
  CHECK(row["reason"] == "kicked");
  CHECK(row["by"] == "server");
  CHECK(row["code_sent"] == 4001);
  CHECK(row["code_received"] == 1000);
  CHECK(row["uptime_ms"] == 3000);
  CHECK(row["queue_bytes"] == 5);
}

TEST_CASE_METHOD(crowd, "metrics: every line is of the text format, every family told once", "[net][metrics]") {
  std::istringstream text{metrics_text(seen, {"1.2.3", true})};
  const std::regex sample{R"(([a-z_]+)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? (\S+))"};
  std::set<std::string> families;
  std::string line;
  while (std::getline(text, line)) {
    CAPTURE(line);
    if (line.starts_with("# TYPE ")) CHECK(families.insert(line).second);
    if (!line.starts_with('#')) CHECK(std::regex_match(line, sample));
  }
  CHECK(families.size() == metric_names().size());
}

TEST_CASE_METHOD(crowd, "metrics: show what was counted", "[net][metrics]") {
  const auto text = metrics_text(seen, {"1.2.3", true});
  const auto shows = [&](const std::string& line) { return ("\n" + text).find("\n" + line + "\n") != std::string::npos; };
  CHECK(shows("troupe_connections 19"));
  CHECK(shows("troupe_connections_closed_total{reason=\"kicked\"} 3"));
  CHECK(shows("troupe_actors{kind=\"connection\"} 19"));
  CHECK(shows("troupe_info{version=\"1.2.3\"} 1"));
  CHECK(shows("troupe_draining 1"));
  CHECK(shows("troupe_fan_out_seconds_count{stage=\"ingress\"} 2"));
  CHECK(shows("troupe_fan_out_seconds_bucket{stage=\"ingress\",le=\"+Inf\"} 2"));
  CHECK(text.find("troupe_fan_out_seconds_bucket{stage=\"ingress\",le=\"2e-06\"} 1\n") != std::string::npos);
}

TEST_CASE("metrics: names keep Prometheus' customs", "[net][metrics]") {
  for (const auto& name : metric_names()) {
    CAPTURE(name);
    CHECK((name.starts_with("troupe_") || name.starts_with("process_")));
    CHECK(std::regex_match(name, std::regex{"[a-z][a-z_]*[a-z]"}));
  }
}
