// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// webhook.rpc beside a program's own methods and its users' actors, over real sockets.
#include "../web/receiver.hpp"
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using net::web::tests::posted;
using net::web::tests::receiver;
using net::web::tests::reply;

namespace {

hooks::method_actor::behavior_type own(hooks::method_actor::pointer) {
  return {[](const hooks::call&) { return hooks::call_result::of({R"("own")", true}); }};
}

hooks::user_actor::behavior_type of_user(hooks::user_actor::pointer) {
  return {[](const hooks::opened&) {}, [](const hooks::closed&) {},
          [](const hooks::call&) { return hooks::call_result::of({R"("user")", true}); },
          [](const hooks::letter&) { return hooks::call_result{}; }};
}

struct asked_server {
  explicit asked_server(hooks::extensions all) {
    auto o = quiet();
    o.webhook.rpc = hook.url();
    o.client.allow_anonymous_connect_without_token = true;
    server.emplace(o, std::vector<net::page>{}, std::move(all));
    client.emplace(server->port(), client_options{.path = "/connection/websocket", .headers = {}, .line = {}});
    client->say(R"({"id":1,"connect":{}})");
    client->text();
  }
  std::string call(const std::string& method) {
    client->say(R"({"id":2,"rpc":{"method":")" + method + R"("}})");
    return nlohmann::json::parse(client->text())["rpc"].value("data", "none");
  }

  receiver hook{[](const posted&) { return reply{.body = R"({"result":{"data":"web"}})"}; }};
  std::optional<running_server> server;
  std::optional<wire_client> client;
};

} // namespace

TEST_CASE("webhook.rpc: a method of the program wins, the webhook answers the others", "[net][webhooks]") {
  asked_server s{{.methods = {{.name = "mine", .actor = hooks::on_scheduler(own)}},
                  .users = hooks::user_hook{.actor = hooks::on_scheduler(of_user)}}};
  CHECK(s.call("mine") == "own");
  CHECK(s.hook.requests == 0);
  CHECK(s.call("other") == "web"); // an anonymous client has no actor
  CHECK(s.hook.requests == 1);
}

TEST_CASE("webhook.rpc: a program that answers all methods leaves it none", "[net][webhooks]") {
  asked_server s{{.methods = {{.name = "*", .actor = hooks::on_scheduler(own)}}}};
  CHECK(s.call("other") == "own");
  CHECK(s.hook.requests == 0);
}
