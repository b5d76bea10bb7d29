// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "auth_node.hpp"

using namespace troupe::centrifuge;
using namespace troupe::net::auth;
using namespace troupe::net::auth::tests;
using namespace std::chrono_literals;

namespace {

std::string by_secret(std::string_view claims, std::string_view secret = "secret") {
  return signed_with(secret, algorithm::hs256, claims);
}

} // namespace

TEST_CASE_METHOD(auth_node, "authenticator: a good token grants what it says, for as long as it says",
                 "[net][auth][authenticator]") {
  start(auth_options{.connection = {.hmac_secret_key = "secret"}});
  const auto m = verdict(by_secret(R"({"sub":"42","exp":2000000060,"info":{"a":1},"channels":["news"],"labels":["x"]})"));
  const auto& granted = std::get<connection_grant>(m.value);
  CHECK(granted.user == "42");
  CHECK(granted.info.bytes == R"({"a":1})");
  CHECK(granted.expires_in == 60s);
  CHECK(granted.subs.contains("news"));
  CHECK(granted.labels == std::vector<std::string>{"x"});
  CHECK_FALSE(std::get<connection_grant>(verdict(by_secret("{}")).value).expires_in);
  const auto s = subscription(by_secret(R"({"sub":"42","channel":"a","expire_at":2000000005})"));
  CHECK(std::get<subscription_grant>(s.value).channel == "a");
  CHECK(std::get<subscription_grant>(s.value).expires_in == 5s);
  CHECK(seen->accepted.value() == 3);
}

TEST_CASE_METHOD(auth_node, "authenticator: each fault is told and counted", "[net][auth][authenticator]") {
  start(auth_options{.connection = {.hmac_secret_key = "secret"}});
  CHECK(fault_of(verdict("rubbish")) == token_fault::invalid);
  CHECK(fault_of(verdict(by_secret("{}", "other"))) == token_fault::invalid);
  CHECK(fault_of(verdict(by_secret(R"({"exp":2000000000})"))) == token_fault::expired);
  CHECK(fault_of(verdict(by_secret(R"({"expire_at":2000000000})"))) == token_fault::over);
  CHECK(seen->refused.value() == 2);
  CHECK(seen->expired.value() == 2);
}

TEST_CASE_METHOD(auth_node, "authenticator: subscription tokens follow their own rules if they have some",
                 "[net][auth][authenticator]") {
  start(auth_options{.connection = {.hmac_secret_key = "secret"},
                     .subscription = {.hmac_secret_key = "other"},
                     .separate_subscription = true});
  CHECK(fault_of(subscription(by_secret(R"({"channel":"a"})"))) == token_fault::invalid);
  CHECK_FALSE(fault_of(subscription(by_secret(R"({"channel":"a"})", "other"))));
  CHECK(fault_of(verdict(by_secret("{}", "other"))) == token_fault::invalid);
}

TEST_CASE_METHOD(auth_node, "authenticator: a signature is verified once, times every time",
                 "[net][auth][authenticator]") {
  const auto theirs = signing_key::ec("P-256");
  start(auth_options{.connection = {.ecdsa_public_key = theirs.public_pem()}});
  const auto token = signed_with(theirs, algorithm::es256, R"({"sub":"42","exp":2000000060})");
  CHECK_FALSE(fault_of(verdict(token)));
  CHECK_FALSE(fault_of(verdict(token)));
  CHECK(seen->cached.value() == 1);
  CHECK(fault_of(subscription(token)) == token_fault::invalid); // for connections alone
  now += 60s;
  CHECK(fault_of(verdict(token)) == token_fault::expired);
  CHECK(fault_of(verdict(token)) == token_fault::expired);
  CHECK(seen->cached.value() == 1);
}

TEST_CASE_METHOD(auth_node, "authenticator: of too many questions the oldest are to be asked again",
                 "[net][auth][authenticator]") {
  start(authenticator_settings{.options = {.connection = {.hmac_secret_key = "secret"}}, .max_waiting = 10});
  std::vector<std::shared_ptr<std::optional<connection_verdict>>> answers;
  // All at once: senders run before the authenticator does.
  system().spawn([this, &answers](caf::event_based_actor* self, const authenticator_actor& to) {
    for (int i = 0; i < 30; ++i) {
      answers.push_back(std::make_shared<std::optional<connection_verdict>>());
      self->request(to, caf::infinite, verify_connection{by_secret("{}")})
          .then([answer = answers.back()](const connection_verdict& m) { *answer = m; });
    }
  }, who);
  run();
  std::size_t granted = 0;
  for (const auto& answer : answers) {
    REQUIRE(*answer);
    if (const auto fault = fault_of(**answer)) CHECK(*fault == token_fault::unavailable);
    else ++granted;
  }
  CHECK(granted >= 10);
  CHECK(granted <= 12);
  CHECK(seen->unavailable.value() == 30 - granted);
  CHECK_FALSE(fault_of(**answers.back()));
}

TEST_CASE_METHOD(auth_node, "authenticator: other rules hold at once, for tokens that were accepted before too",
                 "[net][auth][authenticator]") {
  const auto ours = signing_key::ec("P-256");
  const auto others = signing_key::ec("P-256");
  start(auth_options{.connection = {.hmac_secret_key = "secret", .ecdsa_public_key = ours.public_pem()}});
  const auto token = signed_with(ours, algorithm::es256, R"({"sub":"42"})");
  CHECK_FALSE(fault_of(verdict(token)));
  CHECK_FALSE(fault_of(verdict(by_secret("{}"))));
  caf::anon_send(who, renew_rules{{.connection = {.hmac_secret_key = "other",
                                                   .hmac_previous_secret_key = "secret",
                                                   .ecdsa_public_key = others.public_pem()}}});
  CHECK(fault_of(verdict(token)) == token_fault::invalid);
  CHECK_FALSE(fault_of(verdict(by_secret("{}"))));
  CHECK_FALSE(fault_of(verdict(by_secret("{}", "other"))));
  caf::anon_send(who, renew_rules{{.connection = {.hmac_secret_key = "other", .audience = "us"}}});
  CHECK(fault_of(verdict(by_secret("{}"))) == token_fault::invalid);
  CHECK(fault_of(verdict(by_secret("{}", "other"))) == token_fault::invalid);
  CHECK_FALSE(fault_of(verdict(by_secret(R"({"aud":"us"})", "other"))));
}

TEST_CASE_METHOD(auth_node, "authenticator: rules of subscriptions change by themselves", "[net][auth][authenticator]") {
  auth_options rules{.connection = {.hmac_secret_key = "secret"},
                     .subscription = {.hmac_secret_key = "other"},
                     .separate_subscription = true};
  start(rules);
  rules.subscription.hmac_secret_key = "third";
  caf::anon_send(who, renew_rules{rules});
  CHECK(fault_of(subscription(by_secret(R"({"channel":"a"})", "other"))) == token_fault::invalid);
  CHECK_FALSE(fault_of(subscription(by_secret(R"({"channel":"a"})", "third"))));
  CHECK_FALSE(fault_of(verdict(by_secret("{}"))));
}
