// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// An authenticator whose keys come from an endpoint: when it asks for them, and what becomes of tokens meanwhile.
#include "auth_node.hpp"

#include <fmt/format.h>

using namespace troupe::centrifuge;
using namespace troupe::net::auth;
using namespace troupe::net::auth::tests;
using namespace std::chrono_literals;

namespace {

/// What an endpoint says, and how often it was asked.
struct endpoint {
  std::string keys;
  int asked = 0;
  bool silent = false; // answers when told to
  std::deque<std::function<void()>> owed;

  void answer() {
    for (; !owed.empty(); owed.pop_front()) owed.front()();
  }
};

key_source_actor::behavior_type source_stand_in(key_source_actor::pointer self, std::shared_ptr<endpoint> at) {
  return {[self, at](const std::string& url) {
    if (url.empty()) at->answer(); // from the test: promises are kept by their actor only
    if (url.empty()) return self->make_response_promise<std::string>();
    CHECK(url == "https://keys.example");
    ++at->asked;
    auto promise = self->make_response_promise<std::string>();
    auto answer = [promise, at]() mutable { promise.deliver(std::string{at->keys}); };
    if (at->silent) at->owed.emplace_back(answer);
    else answer();
    return promise;
  }};
}

class key_node : public auth_node {
public:
  key_node() {
    publish({{"one", &first}});
    source = system().spawn(source_stand_in, at);
    start(settings());
  }
  ~key_node() {
    at->owed.clear(); // they hold the actor that holds them
    caf::anon_send_exit(source, caf::exit_reason::kill);
    source = nullptr;
    run();
  }

  authenticator_settings settings() const {
    authenticator_settings s{.options = {.connection = {.jwks_public_endpoint = "https://keys.example"}}};
    s.keys = source;
    s.max_waiting_for_keys = 3;
    return s;
  }

  void publish(std::vector<std::pair<std::string, const signing_key*>> keys) {
    std::string list;
    for (const auto& [id, each] : keys)
      list += fmt::format(R"({}{{"kid":"{}",{}}})", list.empty() ? "" : ",", id, each->jwk_members());
    at->keys = R"({"keys":[)" + list + "]}";
  }

  std::string token(const signing_key& by, std::string_view id) const {
    return signed_with(by, algorithm::es256, R"({"sub":"42"})", fmt::format(R"({{"alg":"ES256","kid":"{}"}})", id));
  }
  std::optional<token_fault> fault(const signing_key& by, std::string_view id) {
    return fault_of(verdict(token(by, id)));
  }

  signing_key first = signing_key::ec("P-256");
  signing_key second = signing_key::ec("P-256");
  std::shared_ptr<endpoint> at = std::make_shared<endpoint>();
  key_source_actor source;
};

} // namespace

TEST_CASE_METHOD(key_node, "authenticator: keys are fetched for the first token and then known",
                 "[net][auth][jwks]") {
  CHECK(at->asked == 0);
  CHECK_FALSE(fault(first, "one"));
  CHECK_FALSE(fault(first, "one"));
  CHECK(at->asked == 1);
  CHECK(seen->keys_fetched.value() == 1);
}

TEST_CASE_METHOD(key_node, "authenticator: tokens that come during a fetch share it", "[net][auth][jwks]") {
  at->silent = true;
  std::vector<std::shared_ptr<std::optional<connection_verdict>>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(ask(token(first, "one")));
  run();
  CHECK(at->asked == 1);
  CHECK(fault_of(answers[3]->value()) == token_fault::unavailable); // beyond those that may wait
  caf::anon_send(source, std::string{});
  run();
  for (int i = 0; i < 3; ++i) CHECK_FALSE(fault_of(answers[static_cast<std::size_t>(i)]->value()));
}

TEST_CASE_METHOD(key_node, "authenticator: a new key is found by its name, an invented one is refused",
                 "[net][auth][jwks]") {
  CHECK_FALSE(fault(first, "one"));
  publish({{"one", &first}, {"two", &second}});
  CHECK(fault(second, "two") == token_fault::invalid); // the endpoint was asked just now
  advance(10s);
  CHECK_FALSE(fault(second, "two"));
  CHECK(at->asked == 2);
  advance(10s);
  CHECK(fault(second, "three") == token_fault::invalid);
  for (int i = 0; i < 5; ++i) CHECK(fault(second, std::to_string(i)) == token_fault::invalid);
  CHECK(at->asked == 3);
}

TEST_CASE_METHOD(key_node, "authenticator: a key that is withdrawn counts no more after an hour",
                 "[net][auth][jwks]") {
  CHECK_FALSE(fault(first, "one"));
  publish({{"two", &second}});
  advance(1h);
  CHECK_FALSE(fault(first, "one")); // which makes it ask
  CHECK(at->asked == 2);
  CHECK(fault(first, "one") == token_fault::invalid);
  CHECK_FALSE(fault(second, "two"));
}

TEST_CASE_METHOD(key_node, "authenticator: an endpoint that is down is no fault of the token's",
                 "[net][auth][jwks]") {
  at->keys.clear();
  CHECK(fault(first, "one") == token_fault::unavailable);
  CHECK(fault(first, "one") == token_fault::unavailable);
  CHECK(at->asked == 1); // not for everyone
  CHECK(seen->keys_not_fetched.value() == 1);
  publish({{"one", &first}});
  advance(1s);
  CHECK_FALSE(fault(first, "one"));
  // Once it is known, its keys hold for a while without it.
  at->keys = "<html>";
  advance(11h);
  CHECK_FALSE(fault(first, "one"));
  CHECK(fault(second, "two") == token_fault::unavailable);
  advance(1h);
  CHECK(fault(first, "one") == token_fault::unavailable);
}

TEST_CASE_METHOD(key_node, "authenticator: an endpoint that does not answer is given up on",
                 "[net][auth][jwks]") {
  at->silent = true;
  const auto answer = ask(token(first, "one"));
  run();
  CHECK_FALSE(*answer);
  advance(4s);
  CHECK(fault_of(answer->value()) == token_fault::unavailable);
}

TEST_CASE_METHOD(key_node, "authenticator: no other key counts beside an endpoint's", "[net][auth][jwks]") {
  CHECK(fault_of(verdict(signed_with("", algorithm::hs256, "{}"))) == token_fault::invalid);
  CHECK(at->asked == 1);
  CHECK(fault_of(verdict(signed_with(first, algorithm::es256, "{}"))) == token_fault::invalid); // without a name
}

TEST_CASE_METHOD(key_node, "authenticator: with other rules the keys of the endpoint stay", "[net][auth][jwks]") {
  CHECK_FALSE(fault(first, "one"));
  auto rules = settings().options;
  rules.connection.issuer = "us";
  caf::anon_send(who, renew_rules{rules});
  CHECK(fault(first, "one") == token_fault::invalid);
  rules.connection.issuer.clear();
  rules.connection.jwks_public_endpoint.clear(); // it stays all the same
  caf::anon_send(who, renew_rules{rules});
  CHECK_FALSE(fault(first, "one"));
  caf::anon_send(who, renew_rules{rules});
  CHECK_FALSE(fault(first, "one"));
  CHECK(at->asked == 1);
}
