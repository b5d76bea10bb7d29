// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "actors/node.hpp"

#include <troupe/meters/message_type.hpp>
#include <troupe/tracing/trace.hpp>

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::tests;
using namespace troupe::tracing;

namespace {

struct traced_node : node {
  /// Traces from now on.
  std::shared_ptr<trace> begin(trace_options options) {
    const auto t = std::make_shared<trace>(std::move(options), hosts());
    for (std::size_t i = 0; i < hosts(); ++i) host(i).begin(t);
    return t;
  }
  /// "in message 5 hello"
  static std::vector<std::string> seen(trace& t) {
    std::vector<std::string> all;
    t.take(1000, [&](const event& e) {
      all.push_back(fmt::format("{} {} {}{}{}", e.to == direction::in ? "in" : "out",
                                e.message ? meters::message_name(*e.message) : e.what,
                                std::string_view{e.payload.data(), e.shown}, e.note.empty() ? "" : " ", e.note));
    });
    return all;
  }
};

} // namespace

TEST_CASE_METHOD(traced_node, "trace: a connection's shows what goes in and out, in order", "[actors][tracing]") {
  const auto a = connect({.user = "alice"}), b = connect({.user = "bob"});
  const auto t = begin({.of = trace_options::subject::connection, .connection = a.id, .payload = true});
  a->client_sends("hello");
  run();
  b->client_sends("good day");
  run();
  caf::anon_send(a.who, close_connection{{close_reason::kicked, 4001, "kicked"}});
  run();
  CHECK(a->client_reads().size() == 3);
  run();
  CHECK(seen(*t) == std::vector<std::string>{"in message hello", "out message hello queued", "out message good day queued",
                                             "out close kicked kicked", "in end kicked kicked"});
}

TEST_CASE_METHOD(traced_node, "trace: a user's follows connections that come later", "[actors][tracing]") {
  const auto t = begin({.of = trace_options::subject::user, .name = "alice"});
  const auto a = connect({.user = "alice"}), b = connect({.user = "bob"});
  a->client_sends("hello");
  run();
  CHECK(seen(*t) == std::vector<std::string>{"in message ", "out message  queued"});
}

TEST_CASE_METHOD(traced_node, "trace: an actor's shows the messages it handles", "[actors][tracing]") {
  const auto a = connect();
  const auto t = begin({.of = trace_options::subject::actor, .actor = registry.id(), .payload = true});
  a->client_sends("hello");
  run();
  const auto all = seen(*t);
  REQUIRE_FALSE(all.empty());
  CHECK(all.front() == "in troupe::submit hello");
}

TEST_CASE_METHOD(traced_node, "trace: one that is taken off its loops sees nothing more", "[actors][tracing]") {
  const auto a = connect();
  CHECK(host().tracer() == nullptr);
  const auto t = begin({.of = trace_options::subject::connection, .connection = a.id});
  const auto other = begin({.of = trace_options::subject::connection, .connection = a.id});
  host().end(*t);
  a->client_sends("hello");
  run();
  CHECK(seen(*t).empty());
  CHECK(seen(*other).size() == 2);
  host().end(*other);
  CHECK(host().tracer() == nullptr);
}
