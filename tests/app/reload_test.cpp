// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/options.hpp"
#include "app/reload.hpp"
#include "support/catch.hpp"

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

using namespace troupe::app;
using namespace std::chrono_literals;

namespace {

using keys = std::vector<std::string>;

reload_plan plan(const settings& started, const settings& read) { return plan_reload(started, started, read); }

} // namespace

TEST_CASE("reload: what can change does, what takes a restart stays and is named", "[app][reload]") {
  settings started;
  auto read = started;
  read.log.level = troupe::severity::debug;
  read.server.drain.rate = 100;
  read.server.listen.backlog = 17;
  read.server.websocket.max_fragments = 5;
  const auto p = plan(started, read);
  CHECK(p.changed == keys{"drain.rate", "log.level"});
  CHECK(p.waiting == keys{"listen.backlog", "websocket.max_fragments"});
  CHECK(p.next.log.level == troupe::severity::debug);
  CHECK(p.next.server.drain.rate == 100);
  CHECK(p.next.server.listen.backlog == started.server.listen.backlog);
  CHECK(to_text(p) == "changed: drain.rate, log.level; for the next start: listen.backlog, websocket.max_fragments");
}

TEST_CASE("reload: what takes a restart is named each time, what has changed once", "[app][reload]") {
  settings started;
  auto read = started;
  read.log.level = troupe::severity::debug;
  read.server.listen.backlog = 17;
  const auto again = plan_reload(started, plan(started, read).next, read);
  CHECK(again.changed.empty());
  CHECK(again.waiting == keys{"listen.backlog"});
  CHECK(to_text(plan(started, started)) == "nothing changed");
}

TEST_CASE("reload: an option that is not set any more is the default again", "[app][reload]") {
  settings started;
  started.server.websocket.allowed_origins = {"https://a.example", "https://b.example"};
  started.server.api.key = "k";
  const auto p = plan(started, settings{});
  CHECK(p.changed == keys{"api.key", "websocket.allowed_origins"});
  CHECK(p.next.server.api.key.empty());
  CHECK(p.next.server.websocket.allowed_origins.empty());
}

TEST_CASE("reload: some things change only if they were there at the start", "[app][reload]") {
  settings without;
  auto with = without;
  with.server.tls.certificate = "/chain.pem";
  with.server.tls.key = "/key.pem";
  with.server.limit.connections_per_address = 10;
  with.server.auth.connection.hmac_secret_key = "secret";
  with.server.events.endpoint = "http://127.0.0.1/events";
  with.server.events.secret = "secret";
  const keys all{"tls.certificate", "tls.key", "limit.connections_per_address", "client.token.hmac_secret_key",
                 "events.endpoint", "events.secret"};
  CHECK(plan(without, with).waiting == all);
  auto other = with;
  other.server.tls.certificate = "/new/chain.pem";
  other.server.tls.key = "/new/key.pem";
  other.server.limit.connections_per_address = 20;
  other.server.auth.connection.hmac_secret_key = "new";
  other.server.events.endpoint = "http://127.0.0.2/events";
  other.server.events.secret = "new";
  CHECK(plan(with, other).changed == all);
  CHECK(plan(with, without).waiting == keys{"tls.certificate", "tls.key", "events.endpoint", "events.secret"});
}

TEST_CASE("reload: rates change, those that were not set too", "[app][reload]") {
  const settings started;
  auto read = started;
  read.server.rates.of(troupe::rates::scope::address, troupe::rates::operation::connect) = {.count = 30};
  read.server.rates.max_tracked = 5000;
  read.server.rates.what = troupe::rates::enforcement::count_only;
  const auto made = plan(started, read);
  CHECK(made.changed == keys{"rate.address_connect", "rate.mode", "rate.max_tracked"});
  CHECK(made.waiting.empty());
  CHECK(made.next.server.rates == read.server.rates);
}

TEST_CASE("reload: webhooks change, but which there are takes a restart", "[app][reload]") {
  settings without, started;
  started.server.webhook.connect = "http://127.0.0.1/connect";
  auto read = started;
  read.server.webhook.connect = "http://127.0.0.2/connect";
  read.server.webhook.rpc = "http://127.0.0.2/rpc";
  read.server.webhook.timeout = 3s;
  read.server.webhook.static_headers = {"X-Api-Key: new"};
  read.server.webhook.http_headers = {"Cookie"};
  const auto made = plan(started, read);
  CHECK(made.changed == keys{"webhook.connect", "webhook.timeout", "webhook.static_headers"});
  CHECK(made.waiting == keys{"webhook.rpc", "webhook.http_headers"});
  CHECK(plan(started, without).waiting == keys{"webhook.connect"});
  CHECK(plan(without, read).changed.empty());
}

TEST_CASE("reload: what would not go with what stays is refused", "[app][reload]") {
  settings started;
  started.server.websocket.max_message_bytes = 512 * 1024;
  auto read = started;
  read.server.websocket.max_message_bytes = 32 * 1024;
  read.server.outbox.max_bytes = 64 * 1024;
  CHECK_THROWS_WITH(require_valid(plan(started, read)),
                    "outbox.max_bytes = 64KiB (until the next start) must hold a message, with 26 bytes around it, of "
                    "websocket.max_message_bytes = 512KiB (until the next start); new in the configuration: "
                    "outbox.max_bytes, websocket.max_message_bytes");
  read.server.outbox.max_bytes = 2 * 1024 * 1024;
  CHECK_NOTHROW(require_valid(plan(started, read)));
}

TEST_CASE("reload: where keys come from takes a restart", "[app][reload]") {
  settings started;
  started.server.auth.connection.hmac_secret_key = "secret";
  auto read = started;
  read.server.auth.connection.jwks_public_endpoint = "https://keys.example";
  read.server.auth.separate_subscription = true;
  CHECK(plan(started, read).waiting == keys{"client.token.jwks_public_endpoint", "client.subscription_token.enabled"});
}

TEST_CASE("reload: namespaces change and are named", "[app][reload]") {
  settings started;
  started.server.channels.namespaces = {{"chat", {}}};
  auto read = started;
  CHECK(plan(started, read).changed.empty());
  read.server.channels.namespaces[0].options.presence = true;
  read.server.channels.without_namespace.history_size = 5;
  const auto made = plan(started, read);
  CHECK(made.changed == keys{"channel.without_namespace", "channel.namespaces"});
  CHECK(made.waiting.empty());
  CHECK(made.next.server.channels.namespaces == read.server.channels.namespaces);
  CHECK(made.next.server.channels.without_namespace.history_size == 5);
}

TEST_CASE("reload: namespaces that need what takes a restart are refused", "[app][reload]") {
  settings started;
  auto read = started;
  read.server.history.directory = "/srv/history";
  read.server.channels.namespaces = {{"chat", {.history_size = 1, .history_ttl = std::chrono::seconds{1}}}};
  read.server.channels.namespaces[0].options.history_persistent = true;
  CHECK_THROWS_WITH(require_valid(plan(started, read)),
                    "channel.namespaces[\"chat\"]: history_persistent needs history.directory = \"\" (until the next start); "
                    "new in the configuration: channel.namespaces, history.directory");
}

TEST_CASE("reload: the manual lists what can change", "[app][reload]") {
  std::ifstream file{std::string{TROUPE_DOCS_DIR} + "/configuration.md"};
  std::string manual{std::istreambuf_iterator<char>{file}, {}};
  const auto from = manual.find("## Without a restart");
  REQUIRE(from != std::string::npos);
  const auto begin = manual.find("\n- ", from);
  std::istringstream list{manual.substr(begin, manual.find("\n\n", begin) - begin)};
  std::set<std::string> listed;
  for (std::string word; std::getline(list, word, '`');)
    if (find_option(word))
      CHECK(listed.insert(word).second);
  const auto all = reloadable_keys();
  CHECK(listed == std::set<std::string>{all.begin(), all.end()});
}

TEST_CASE("reload: everybody who waits is told once", "[app][reload]") {
  reload_requests requests;
  keys told;
  for (const auto* who : {"a ", "b "})
    requests.add([&told, who](const std::string& text, bool done) { told.push_back(who + text + (done ? "!" : "?")); });
  requests.answer("first", true);
  requests.answer("second", false);
  requests.add([&](const std::string& text, bool done) { told.push_back(text + (done ? "!" : "?")); });
  requests.answer("third", false);
  CHECK(told == keys{"a first!", "b first!", "third?"});
  const auto tell = [&](const std::string& text, bool done) { told.push_back(text + (done ? "!" : "?")); };
  told.clear();
  requests.add(tell);
  requests.end("over");
  requests.add(tell);
  CHECK(told == keys{"over?", "over?"});
}
