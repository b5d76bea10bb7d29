// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Methods that clients call: `rpc` and `send`.
#include <troupe/hooks/directory.hpp>
#include <troupe/registry.hpp>

#include "client_node.hpp"

#include <stdexcept>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::tests;

namespace {

using texts = std::vector<std::string>;

struct diary {
  texts seen;
};

hooks::method_actor::behavior_type answering(hooks::method_actor::pointer,
                                             const std::shared_ptr<diary>& book) {
  return {[book](const hooks::call& m) {
    book->seen.push_back(m.method + " " + m.data.bytes + " " + m.from.user);
    if (m.method == "unknown") return hooks::call_result::fail(error_code::method_not_found);
    if (m.method == "fail") return hooks::call_result::fail(404, "no such thing");
    if (m.method == "bye") return hooks::call_result::bye(4500, "as you wish");
    if (m.method == "crash") throw std::runtime_error{"told to"};
    return hooks::call_result::of(m.data);
  }};
}

hooks::user_actor::behavior_type of_user(hooks::user_actor::pointer, const std::shared_ptr<diary>& book) {
  return {
    [](const hooks::opened&) {},
    [](const hooks::closed&) {},
    [book](const hooks::call& m) {
      book->seen.push_back(m.method + " of " + m.from.user);
      return m.method == "mine" ? hooks::call_result::of({"1", true})
                                : hooks::call_result::fail(error_code::method_not_found);
    },
    [](const hooks::letter&) { return hooks::call_result{}; },
  };
}

struct with_methods : client_node {
  with_methods() {
    hooks::extensions all;
    for (const char* name : {"", "echo", "fail", "bye", "crash"})
      all.methods.push_back({.name = name, .actor = hooks::on_loop(answering, diary)});
    make(all);
  }
  ~with_methods() { end(); }

  void make(const hooks::extensions& all) {
    const std::vector<std::reference_wrapper<troupe::host>> homes{host()};
    made = std::make_shared<hooks::directory>(all, homes, registry_actor{}, channels{},
                                              event_log::none());
    settings->extensions = made;
    run();
  }
  void end() {
    for (const auto& k : made->keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
    run();
  }
  /// As the server does with webhook.rpc.
  void begin_with_fallback(hooks::extensions all) {
    end();
    all.fallback = hooks::method{.name = "webhook.rpc", .actor = hooks::on_loop(answering, fallback)};
    make(all);
  }
  std::string call(const peer& p, const std::string& method) {
    return ask(p, R"({"id":2,"rpc":{"method":")" + method + R"(","data":7}})").at(0);
  }

  std::shared_ptr<::diary> diary = std::make_shared<::diary>();
  std::shared_ptr<::diary> fallback = std::make_shared<::diary>();
  std::shared_ptr<const hooks::directory> made;
};

} // namespace

TEST_CASE_METHOD(with_methods, "method: its actor answers a call with data or an error",
                 "[net][centrifuge][hooks]") {
  const auto p = connect();
  CHECK(ask(p, R"({"id":2,"rpc":{"method":"echo","data":{"a":1}}})") ==
        texts{R"({"id":2,"rpc":{"data":{"a":1}}})"});
  CHECK(ask(p, R"({"id":3,"rpc":{"method":"fail","data":1}})") ==
        texts{R"({"id":3,"error":{"code":404,"message":"no such thing"}})"});
  CHECK(diary->seen == texts{R"(echo {"a":1} )", "fail 1 "});
}

TEST_CASE_METHOD(with_methods, "method: one that is unknown among others is error 104",
                 "[net][centrifuge][hooks]") {
  const auto p = connect();
  for (const char* method : {"other", ""})
    CHECK(ask(p, std::string{R"({"id":2,"rpc":{"method":")"} + method + R"("}})") ==
          texts{R"({"id":2,"error":{"code":104,"message":"method not found"}})"});
  CHECK(diary->seen.empty());
}

TEST_CASE_METHOD(with_methods, "method: what is sent without one reaches the actor of none",
                 "[net][centrifuge][hooks]") {
  const auto p = connect();
  CHECK(ask(p, R"({"send":{"data":{"b":2}}})").empty());
  CHECK(diary->seen == texts{R"( {"b":2} )"});
  CHECK(p.ended().empty());
}

TEST_CASE_METHOD(with_methods, "method: its actor may close the client", "[net][centrifuge][hooks]") {
  const auto p = connect();
  send(p, R"({"id":2,"rpc":{"method":"bye"}})");
  CHECK(p.ended() == "4500 as you wish");
}

TEST_CASE_METHOD(with_methods, "method: an actor that crashes costs an error, not the connection",
                 "[net][centrifuge][hooks]") {
  const auto p = connect();
  CHECK(ask(p, R"({"id":2,"rpc":{"method":"crash"}})" "\n" R"({"id":3,"rpc":{"method":"echo","data":1}})") ==
        texts{R"({"id":2,"error":{"code":100,"message":"internal server error","temporary":true}})",
              R"({"id":3,"rpc":{"data":1}})"});
  CHECK(p.ended().empty());
}

TEST_CASE_METHOD(with_methods, "method: commands behind a call wait for its answer",
                 "[net][centrifuge][hooks]") {
  const auto p = connect();
  CHECK(ask(p, R"({"id":2,"rpc":{"method":"echo","data":1}})" "\n" R"({"id":3,"rpc":{"method":"echo","data":2}})") ==
        texts{R"({"id":2,"rpc":{"data":1}})", R"({"id":3,"rpc":{"data":2}})"});
}

TEST_CASE_METHOD(with_methods, "method: the fallback answers what no method does, and never a send",
                 "[net][centrifuge][hooks]") {
  hooks::extensions all;
  for (const char* name : {"echo", "unknown"})
    all.methods.push_back({.name = name, .actor = hooks::on_loop(answering, diary)});
  begin_with_fallback(all);
  const auto p = connect();
  CHECK(call(p, "echo") == R"({"id":2,"rpc":{"data":7}})");
  CHECK(call(p, "other") == R"({"id":2,"rpc":{"data":7}})");
  CHECK(call(p, "unknown") == R"({"id":2,"error":{"code":104,"message":"method not found"}})"); // its own answer
  CHECK(diary->seen == texts{"echo 7 ", "unknown 7 "});
  CHECK(fallback->seen == texts{"other 7 "});
  send(p, R"({"send":{"data":1}})");
  CHECK(p.ended() == "3508 not available");
}

TEST_CASE_METHOD(with_methods, "method: one for all others leaves nothing to the fallback", "[net][centrifuge][hooks]") {
  begin_with_fallback({.methods = {{.name = "*", .actor = hooks::on_loop(answering, diary)}}});
  CHECK(call(connect(), "other") == R"({"id":2,"rpc":{"data":7}})");
  CHECK(diary->seen.size() == 1);
  CHECK(fallback->seen.empty());
}

TEST_CASE_METHOD(with_methods, "method: a user's actor leaves to the fallback what it does not know",
                 "[net][centrifuge][hooks]") {
  begin_with_fallback({.methods = {{.name = "echo", .actor = hooks::on_loop(answering, diary)}},
                       .users = hooks::user_hook{.actor = hooks::on_loop(of_user, diary)}});
  const auto ann = open(encoding::json, false, "ann");
  send(ann, R"({"id":1,"connect":{}})");
  ann.frames();
  const connection_profile_ptr who{new connection_profile({0, 1, 0}, ann.id, "ann", {}, {}, {}, {}), false};
  caf::anon_send(made->of_users().of("ann"), hooks::user_came{who, caf::actor_cast<connection_actor>(ann.who)});
  run();
  CHECK(call(ann, "echo") == R"({"id":2,"rpc":{"data":7}})");
  CHECK(call(ann, "mine") == R"({"id":2,"rpc":{"data":1}})");
  CHECK(call(ann, "other") == R"({"id":2,"rpc":{"data":7}})");
  CHECK(diary->seen == texts{"echo 7 ann", "mine of ann", "other of ann"});
  CHECK(call(connect(), "mine") == R"({"id":2,"rpc":{"data":7}})"); // anonymous: nobody's
  CHECK(fallback->seen == texts{"other 7 ann", "mine 7 "});
}
