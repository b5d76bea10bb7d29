// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Rates of clients: what is beyond them is error 111, or lost where there is no answer.
#include "client_node.hpp"

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::tests;
using rates::operation;
using rates::scope;

namespace {

using Catch::Matchers::Contains;

rates::rate_options limited(scope by, operation what, std::uint32_t count) {
  rates::rate_options all;
  all.of(by, what) = {.count = count, .period = 1h};
  return all;
}

client_options without_pings() {
  auto o = open_to_all();
  o.ping_interval = 0ms;
  return o;
}

class rated_node : public client_node {
public:
  explicit rated_node(const rates::rate_options& options) : client_node(without_pings()) {
    settings->limits = limits = rates::spawn_wardens({&host()}, options);
    tokens->connections["42"] = {connection_grant{.user = "42"}};
    tokens->subscriptions["sub"] = {subscription_grant{.user = "42", .channel = "priv:a"}};
    run();
  }
  ~rated_node() {
    for (const auto& w : settings->limits->wardens) caf::anon_send_exit(w, caf::exit_reason::kill);
    run();
  }

  std::shared_ptr<const rates::limits> limits;

  peer comes() {
    auto p = open();
    send(p, R"({"id":1,"connect":{"token":"42"}})");
    REQUIRE_THAT(p.frames().at(0), Contains("\"client\""));
    return p;
  }
  /// 'y', or 'n' for error 111.
  char tries(const peer& p, const std::string& command) {
    const auto replies = ask(p, R"({"id":9,)" + command + "}");
    REQUIRE(replies.size() == 1);
    if (replies[0] == R"({"id":9,"error":{"code":111,"message":"too many requests","temporary":true}})") return 'n';
    REQUIRE_THAT(replies[0], !Contains("error"));
    return 'y';
  }
  std::string tries(const peer& p, const std::string& command, int times) {
    std::string outcomes;
    while (times-- != 0) outcomes += tries(p, command);
    return outcomes;
  }
};

const std::string publishing = R"("publish":{"channel":"wild:a","data":1})";

} // namespace

TEST_CASE("rates of clients: each command has its own", "[net][centrifuge][rates]") {
  const auto [what, command] = GENERATE(table<operation, std::string>({
    {operation::publish, publishing},
    {operation::presence, R"("presence":{"channel":"pres:a"})"},
    {operation::presence, R"("presence_stats":{"channel":"pres:a"})"},
    {operation::history, R"("history":{"channel":"hist:a"})"},
    {operation::unsubscribe, R"("unsubscribe":{"channel":"pub:a"})"},
    {operation::refresh, R"("refresh":{"token":"42"})"},
    {operation::sub_refresh, R"("sub_refresh":{"channel":"priv:a","token":"sub"})"},
  }));
  rated_node n{limited(scope::connection, what, 2)};
  const auto p = n.comes();
  for (const auto* channel : {"pres:a", "hist:a"})
    n.ask(p, R"({"id":2,"subscribe":{"channel":")" + std::string{channel} + R"("}})");
  n.ask(p, R"({"id":3,"subscribe":{"channel":"priv:a","token":"sub"}})");
  CHECK(n.tries(p, command, 4) == "yynn");
  n.advance(30min);
  CHECK(n.tries(p, command, 2) == "yn");
}

TEST_CASE("rates of clients: a subscribe that is too much can be tried again", "[net][centrifuge][rates]") {
  rated_node n{limited(scope::connection, operation::subscribe, 1)};
  const auto p = n.comes();
  CHECK(n.tries(p, R"("subscribe":{"channel":"pub:a"})") == 'y');
  CHECK(n.tries(p, R"("subscribe":{"channel":"pub:b"})") == 'n');
  n.advance(1h);
  CHECK(n.tries(p, R"("subscribe":{"channel":"pub:b"})") == 'y');
}

TEST_CASE("rates of clients: a refresh that is too much is not verified, and the token can be sent again",
          "[net][centrifuge][rates]") {
  rated_node n{limited(scope::user, operation::refresh, 1)};
  const auto p = n.comes();
  CHECK(n.tries(p, R"("refresh":{"token":"42"})") == 'y');
  n.tokens->connections["42"] = {token_fault::invalid}; // would close it
  CHECK(n.tries(p, R"("refresh":{"token":"42"})", 3) == "nnn");
  n.tokens->connections["42"] = {connection_grant{.user = "42"}};
  n.advance(1h);
  CHECK(n.tries(p, R"("refresh":{"token":"42"})") == 'y');
}

TEST_CASE("rates of clients: connections of a user share its rates, and wait for its warden in order",
          "[net][centrifuge][rates]") {
  rated_node n{limited(scope::user, operation::publish, 3)};
  const auto a = n.comes(), b = n.comes();
  CHECK(n.tries(a, publishing, 2) == "yy");
  const auto replies = n.ask(b, R"({"id":5,)" + publishing + "}\n" R"({"id":6,)" + publishing + "}\n"
                                R"({"id":7,"subscribe":{"channel":"pub:a"}})");
  std::string all;
  for (const auto& each : replies) all += each + "\n";
  CHECK_THAT(all, Contains(R"({"id":5,"publish":{}})") && Contains(R"("id":6,"error":{"code":111)") &&
                    Contains(R"({"id":7,"subscribe":{}})"));
  CHECK(all.find("\"id\":5") < all.find("\"id\":6"));
  CHECK(all.find("\"id\":6") < all.find("\"id\":7"));
}

TEST_CASE("rates of clients: a user that connects too often is told to come later", "[net][centrifuge][rates]") {
  rated_node n{limited(scope::user, operation::connect, 2)};
  n.comes();
  n.comes();
  const auto p = n.open();
  CHECK_THAT(n.ask(p, R"({"id":1,"connect":{"token":"42"}})").at(0), Contains("\"code\":111"));
  n.connect(); // anonymous
}

TEST_CASE("rates of clients: a send that is too much is lost, and does not close", "[net][centrifuge][rates]") {
  rated_node n{limited(scope::connection, operation::rpc, 1)};
  const auto p = n.comes();
  CHECK_THAT(n.ask(p, R"({"id":2,"rpc":{"method":"m"}})").at(0), Contains("\"code\":108"));
  CHECK(n.ask(p, R"({"send":{"data":1}})").empty());
  CHECK(p.ended().empty());
}

TEST_CASE("rates of clients: one that is set or given up later holds for those who are there", "[net][centrifuge][rates]") {
  rated_node n{{}};
  const auto p = n.comes();
  CHECK(n.tries(p, publishing, 5) == "yyyyy");
  n.limits->options.set(limited(GENERATE(scope::connection, scope::user), operation::publish, 2));
  CHECK(n.tries(p, publishing, 4) == "yynn");
  n.limits->options.set({});
  CHECK(n.tries(p, publishing, 5) == "yyyyy");
}

TEST_CASE("rates of clients: counting only refuses nothing", "[net][centrifuge][rates]") {
  auto options = limited(scope::connection, operation::publish, 1);
  options.what = rates::enforcement::count_only;
  rated_node n{options};
  CHECK(n.tries(n.comes(), publishing, 3) == "yyy");
  CHECK(n.settings->limits->by_loop[0]->of(scope::connection, operation::publish).value() == 2);
}

TEST_CASE("rates of clients: a thousand commands in one frame are answered one by one", "[net][centrifuge][rates]") {
  rated_node n{limited(scope::connection, operation::publish, 5)};
  const auto p = n.comes();
  std::string frame;
  for (int i = 1; i <= 1000; ++i)
    frame += (i == 1 ? "{\"id\":" : "\n{\"id\":") + std::to_string(i) + "," + publishing + "}";
  n.ask(p, frame);
  CHECK(n.book->publishes.size() == 5);
}
