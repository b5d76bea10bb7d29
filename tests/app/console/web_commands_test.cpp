// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "console_world.hpp"
#include "net/support/wire_client.hpp"

#include <nlohmann/json.hpp>

using namespace troupe;
using namespace troupe::app::console;
using namespace troupe::app::console::tests;
using nlohmann::json;

namespace {

const std::string operators = "an-operator-s-token";
const std::string watchers = "a-watcher-s-token";

struct web_world : console_world {
  web_world() : console_world{{.operator_token = operators, .read_only_token = watchers}} {}

  /// What a POST to /debug/command comes to.
  [[nodiscard]] troupe::tests::http_answer post(const std::string& token, const std::string& body) const {
    troupe::tests::tcp_line line{(*server).admin_port()};
    const auto bearer = token.empty() ? std::string{} : "Authorization: Bearer " + token + "\r\n";
    return troupe::tests::ask(line, fmt::format("POST /debug/command HTTP/1.1\r\nHost: localhost\r\n{}"
                                                "Content-Length: {}\r\n\r\n{}",
                                                bearer, body.size(), body));
  }
  [[nodiscard]] json run(const std::string& token, const std::string& command, int status = 200) const {
    const auto said = post(token, json{{"command", command}}.dump());
    INFO(said.body);
    CHECK(said.status == status);
    CHECK(said.headers.at("content-type") == "application/json");
    return json::parse(said.body);
  }
};

} // namespace

TEST_CASE("web commands: are answered as troupe console shows them in JSON", "[app][console]") {
  const web_world world;
  const auto said = world.run(watchers, "top actors by handled where kind = shard columns kind,actor n 1");
  REQUIRE(said["result"].size() == 1);
  CHECK(said["result"][0]["kind"] == "shard");
  CHECK(said["matched"] == 2);
  CHECK(said["total"] > 2);
  CHECK(said["notes"][0].get<std::string>().starts_with("1 of 2 that match, "));
  CHECK(world.run(watchers, "nonsense", 400)["error"].get<std::string>().starts_with("no such command"));
}

TEST_CASE("web commands: pages of a table fit together", "[app][console]") {
  const web_world world;
  const auto all = world.run(watchers, "top actors by actor columns actor n 100")["result"];
  REQUIRE(all.size() > 4);
  auto paged = json::array();
  for (std::size_t at = 0; at < all.size(); at += 2) {
    const auto page = world.run(watchers, fmt::format("top actors by actor columns actor n 2 offset {}", at));
    for (const auto& row : page["result"])
      paged.push_back(row);
  }
  CHECK(paged == all);
  CHECK(world.run(watchers, "top actors offset 10000")["result"].empty());
  CHECK(world.run(watchers, "top actors offset x", 400)["error"] == "offset takes a number from 0, got 'x'");
}

TEST_CASE("web commands: a token decides what may be done, and the log tells", "[app][console]") {
  const web_world world;
  CHECK(world.run(operators, "kick user alice") ==
        json{{"role", "operator"}, {"notes", {"0 connections told to close"}}});
  CHECK(world.logs("role=operator uid=\"\" pid=\"\" peer=http command=\"kick user alice\" done=true"));
  const auto refused = world.run(watchers, "kick user bob", 400);
  CHECK(refused["role"] == "read-only");
  CHECK(refused["error"] == "kick is for operators, and this session may only look");
  CHECK(world.logs("role=read-only uid=\"\" pid=\"\" peer=http command=\"kick user bob\" done=false"));
}

TEST_CASE("web commands: nobody gets in without a token", "[app][console]") {
  const auto body = R"({"command":"loops"})";
  const web_world world;
  for (const auto* token : {"", "an-operator-s-toke", "an-operator-s-token-", "x"})
    CHECK(world.post(token, body).status == 401);
  const console_world without; // no tokens are set: an empty one opens nothing
  troupe::tests::tcp_line line{(*without.server).admin_port()};
  CHECK(troupe::tests::ask(line, fmt::format("POST /debug/command HTTP/1.1\r\nHost: localhost\r\n"
                                             "Authorization: Bearer \r\nContent-Length: {}\r\n\r\n{}",
                                             std::string{body}.size(), body)).status == 401);
}

TEST_CASE("web commands: what is no request is refused", "[app][console]") {
  const web_world world;
  for (const auto* body : {"", "loops", "[]", R"({"command":1})", R"({"command":"loops","more":1})"}) {
    CAPTURE(body);
    CHECK(world.post(operators, body).status == 400);
  }
  troupe::tests::tcp_line line{(*world.server).admin_port()};
  CHECK(troupe::tests::ask(line, "GET /debug/command HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 405);
}

TEST_CASE("web commands: those that nobody runs are answered", "[app][console]") {
  web_world world;
  world.sockets.reset();
  CHECK(world.run(operators, "loops", 503)["error"] == "the server is stopping");
}
