// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/webhooks/backend.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "support/catch.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <deque>
#include <memory>
#include <optional>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::net;
using namespace troupe::net::webhooks;
using namespace std::chrono_literals;

namespace {

/// A backend, and the webhook it asks: it answers when the test says so.
class backend_world : public testing::deterministic_system {
public:
  ~backend_world() {
    requests.clear();
    caf::anon_send_exit(who, caf::exit_reason::kill);
    caf::anon_send_exit(caller, caf::exit_reason::kill);
    who = nullptr;
    caller = nullptr;
    run();
  }

  void start() {
    in_use.set(options);
    asker_settings asking{.options = in_use, .figures = figures};
    asking.send = [this](web::request what, std::function<void(web::outcome)> done) {
      requests.push_back({std::move(what), std::move(done)});
    };
    who = system().spawn(backend, backend_settings{asking, [] { return std::chrono::system_clock::time_point{}; }});
    caller = system().spawn(web_method, asking);
    run();
  }

  template <class Answer, class Question>
  std::shared_ptr<std::optional<Answer>> asks(Question question) {
    auto answer = std::make_shared<std::optional<Answer>>();
    system().spawn([answer, to = who](caf::event_based_actor* self, const Question& q) {
      self->request(to, caf::infinite, q).then([answer](const Answer& a) { *answer = a; });
    }, std::move(question));
    run();
    return answer;
  }
  auto connects() { return asks<connect_ruling>(ask_connect{{"c1", {}, {}, {}, headers}, {}, {}, {}, {}}); }

  void answer(web::outcome what) {
    REQUIRE(!requests.empty());
    const auto done = std::move(requests.front().done);
    requests.pop_front();
    done(std::move(what));
    run();
  }
  void fail_one() {
    const auto said = connects();
    answer(web::failure{web::failure::kind::timed_out, "late"});
    CHECK(code_of(said) == 100);
  }

  static std::uint32_t code_of(const std::shared_ptr<std::optional<connect_ruling>>& said) {
    REQUIRE(*said);
    const auto* no = std::get_if<denial>(&(*said)->value);
    return no ? no->error.code : 0;
  }

  struct request {
    web::request what;
    std::function<void(web::outcome)> done;
  };

  webhook_options options{.connect = "http://127.0.0.1/connect", .refresh = "http://127.0.0.1/refresh",
                          .publish = "http://127.0.0.1/publish", .rpc = "http://127.0.0.1/rpc"};
  live_options in_use;
  std::shared_ptr<counters> figures = std::make_shared<counters>();
  std::shared_ptr<const request_headers> headers;
  backend_state::handle who;
  web_method_state::handle caller;
  std::deque<request> requests;
};

} // namespace

TEST_CASE_METHOD(backend_world, "backend: a question goes to its webhook, and the answer back", "[net][webhooks][backend]") {
  options.static_headers = {"X-Api-Key: key"};
  headers = std::make_shared<const request_headers>(request_headers{{"Cookie", "c=1"}});
  start();
  const auto said = connects();
  REQUIRE(requests.size() == 1);
  const auto& sent = requests.front().what;
  CHECK(sent.to.target == "/connect");
  CHECK(sent.how == web::method::post);
  CHECK(sent.timeout == 1s);
  CHECK(sent.headers == web::header_list{{"Content-Type", "application/json"}, {"X-Api-Key", "key"}, {"Cookie", "c=1"}});
  answer(web::response{200, R"({"result":{"user":"42"}})"});
  REQUIRE(*said);
  CHECK(std::get<admittance>((*said)->value).grant.user == "42");
  CHECK(figures->of(hook::connect).requests.value() == 1);
  CHECK(figures->of(hook::connect).failures.value() == 0);
}

TEST_CASE_METHOD(backend_world, "backend: a failure, another status or nonsense is error 100", "[net][webhooks][backend]") {
  start();
  for (const auto& what : {web::outcome{web::failure{web::failure::kind::unreachable, "gone"}},
                           web::outcome{web::response{500, R"({"result":{"user":"42"}})"}},
                           web::outcome{web::response{200, "no JSON"}},
                           web::outcome{web::response{200, R"({"result":{"user":42}})"}}}) {
    const auto said = connects();
    answer(what);
    CHECK(code_of(said) == 100);
  }
  CHECK(figures->of(hook::connect).failures.value() == 4);
}

TEST_CASE_METHOD(backend_world, "backend: a status can have a meaning", "[net][webhooks][backend]") {
  options.status_codes = {"404=404:not found", "401=4501:go away"};
  start();
  auto said = connects();
  answer(web::response{404, {}});
  CHECK(code_of(said) == 404);
  said = connects();
  answer(web::response{401, {}});
  CHECK(std::get<denial>((*said)->value).close.code == 4501);
  CHECK(figures->of(hook::connect).failures.value() == 0);
}

TEST_CASE_METHOD(backend_world, "backend: a webhook that fails too often is not asked for a while", "[net][webhooks][backend]") {
  options.breaker_failures = 3;
  start();
  for (int i = 0; i < 3; ++i) fail_one();
  CHECK(code_of(connects()) == 100);
  CHECK(requests.empty());
  CHECK(figures->of(hook::connect).refused.value() == 1);
  CHECK(figures->of(hook::connect).breaker_open.value() == 1);
  // Others are.
  const auto other = asks<refresh_ruling>(ask_refresh{{"c1", {}, {}, {}, {}}});
  answer(web::response{200, "{}"});
  CHECK(std::holds_alternative<time_is_over>((*other)->value));
  advance(2s);
  const auto said = connects();
  CHECK(code_of(connects()) == 100); // one tries at a time
  answer(web::response{200, R"({"result":{}})"});
  CHECK(code_of(said) == 0);
  CHECK(figures->of(hook::connect).breaker_open.value() == 0);
  static_cast<void>(connects());
  CHECK(requests.size() == 1);
}

TEST_CASE_METHOD(backend_world, "backend: other options hold for the next question", "[net][webhooks][backend]") {
  start();
  const auto first = connects();
  options.connect = "http://127.0.0.1/moved";
  options.static_headers = {"X-Api-Key: new"};
  options.status_codes = {"404=404:not found"};
  options.timeout = 3s;
  in_use.set(options);
  answer(web::response{200, R"({"result":{"user":"42"}})"});
  CHECK(std::get<admittance>((*first)->value).grant.user == "42");
  const auto second = connects();
  const auto& sent = requests.front().what;
  CHECK(sent.to.target == "/moved");
  CHECK(sent.headers == web::header_list{{"Content-Type", "application/json"}, {"X-Api-Key", "new"}});
  CHECK(sent.timeout == 3s);
  answer(web::response{404, {}});
  CHECK(code_of(second) == 404);
}

TEST_CASE_METHOD(backend_world, "backend: with other options a webhook is asked at once, although it has failed",
                 "[net][webhooks][backend]") {
  options.breaker_failures = 2;
  start();
  for (int i = 0; i < 2; ++i) fail_one();
  CHECK(code_of(connects()) == 100);
  CHECK(requests.empty());
  CHECK(figures->of(hook::connect).breaker_open.value() == 1);
  in_use.set(options);
  const auto said = connects();
  CHECK(figures->of(hook::connect).breaker_open.value() == 0);
  answer(web::response{200, R"({"result":{"user":"42"}})"});
  CHECK(std::get<admittance>((*said)->value).grant.user == "42");
}

TEST_CASE_METHOD(backend_world, "backend: what has effects is sent at most once, what has none may be sent again",
                 "[net][webhooks][backend]") {
  start();
  static_cast<void>(asks<publish_ruling>(ask_publish{{"c1", {}, {}, {}, {}}, "news", {"1", true}}));
  static_cast<void>(connects());
  static_cast<void>(ask<hooks::call_result>(caller, hooks::call{"add", {"1", true}, {}}));
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].what.repeat == web::delivery::at_most_once);
  CHECK(requests[1].what.repeat == web::delivery::repeatable);
  CHECK(requests[2].what.repeat == web::delivery::at_most_once);
}

TEST_CASE_METHOD(backend_world, "backend: nobody can tell whether a client goes on if its webhook fails", "[net][webhooks][backend]") {
  start();
  const auto said = asks<refresh_ruling>(ask_refresh{{"c1", {}, {}, {}, {}}});
  answer(web::failure{web::failure::kind::timed_out, "late"});
  CHECK(std::holds_alternative<no_answer>((*said)->value));
}
