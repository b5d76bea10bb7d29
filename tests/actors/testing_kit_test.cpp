// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The kit other tests, and users', stand on.
#include <troupe/hosted.hpp>
#include <troupe/testing/deterministic_system.hpp>
#include <troupe/testing/memory_transport.hpp>
#include <troupe/testing/wire_reader.hpp>

#include "support/catch.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using testing::deterministic_system;
using testing::wire_reader;

namespace {

using namer = caf::typed_actor<caf::reacts_to<int>, caf::replies_to<std::string>::with<std::string>>;
using note = std::vector<std::string>;

struct namer_state {
  static constexpr const char* name = "namer";
};

// Writes down the numbers it gets; a positive one comes again negated after as many seconds.
namer::behavior_type hosted_namer(hosted_pointer<namer, namer_state> self, note* written) {
  return {
    [=](int n) {
      written->push_back("hosted " + std::to_string(n));
      if (n > 0) self->delayed_send(self, std::chrono::seconds{n}, -n);
    },
    [](const std::string& s) { return s + "!"; },
  };
}

// Never answers. Takes an argument because CAF 0.17 binds a null reference for function actors without.
caf::behavior silent(caf::event_based_actor* self, int) {
  return {[self](int) { return self->make_response_promise<int>(); }};
}

namer::behavior_type scheduled_namer(namer::pointer self, note* written) {
  return {
    [=](int n) {
      written->push_back("scheduled " + std::to_string(n));
      if (n > 0) self->delayed_send(self, std::chrono::seconds{n}, -n);
    },
    [](const std::string& s) { return s + "?"; },
  };
}

} // namespace

TEST_CASE_METHOD(deterministic_system, "testing: nothing runs and no time passes unless told",
                 "[actors][testing]") {
  note written;
  const auto hosted = spawn_on(host(), hosted_namer, &written);
  const auto scheduled = system().spawn(scheduled_namer, &written);
  caf::anon_send(hosted, 5);
  caf::anon_send(scheduled, 3);
  CHECK(written.empty());
  run();
  CHECK(written.size() == 2);
  written.clear();
  timer t{[](void* w) { static_cast<note*>(w)->push_back("wheel"); }, &written};
  host().timers().arm(t, host().now() + 4s);
  advance(2900ms);
  CHECK(written.empty());
  advance(200ms);
  CHECK(written == note{"scheduled -3"});
  advance(10s); // one jump, and yet in the order of the deadlines
  CHECK(written == note{"scheduled -3", "wheel", "hosted -5"});
  CHECK(host().now().time_since_epoch() == 13100ms);
  for (const auto& who : {hosted, scheduled}) caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  run();
  CHECK(running() == 0);
}

TEST_CASE_METHOD(deterministic_system, "testing: an answer, an error or silence can be told apart",
                 "[actors][testing]") {
  note written;
  const auto hosted = spawn_on(host(), hosted_namer, &written);
  const auto answer = ask<std::string>(hosted, std::string{"hi"});
  REQUIRE(answer);
  CHECK(*answer == "hi!");
  caf::anon_send_exit(hosted, caf::exit_reason::user_shutdown);
  run();
  CHECK_FALSE(ask<std::string>(hosted, std::string{"hi"}));
  const auto none = ask<int>(system().spawn(silent, 0), 1);
  REQUIRE_FALSE(none);
  CHECK(none.error() == caf::sec::request_timeout);
}

TEST_CASE("testing: actors on several hosts run and share one time", "[actors][testing]") {
  deterministic_system three{3};
  note written;
  std::vector<namer> all;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(three.host(i).index() == i);
    all.push_back(spawn_on(three.host(i), hosted_namer, &written));
    caf::anon_send(all.back(), static_cast<int>(3 - i));
  }
  three.run();
  written.clear();
  three.advance(10s);
  CHECK(written == note{"hosted -1", "hosted -2", "hosted -3"});
  for (const auto& who : all) caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
}

TEST_CASE("testing: the wire reader reads what frames hold, however it is cut", "[actors][testing]") {
  const std::vector<testing::wire_message> sent{
    {opcode::text, ""}, {opcode::binary, std::string(125, 'b')}, {opcode::text, std::string(126, 'c')},
    {opcode::ping, "p"}, {opcode::text, std::string(70'000, 'd')}, {opcode::text, "z", true}};
  std::string bytes;
  for (const auto& m : sent)
    bytes += (m.deflated ? frame::encode_deflated(m.type, m.payload) : frame::encode(m.type, m.payload)).bytes();
  const auto step = GENERATE(1U, 3U, 100'000U);
  wire_reader reader;
  std::vector<testing::wire_message> seen;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.feed(std::string_view{bytes}.substr(at, step));
    while (auto m = reader.next()) seen.push_back(std::move(*m));
  }
  CHECK(seen == sent);
  CHECK(reader.pending_bytes() == 0);
}

TEST_CASE("testing: the wire reader refuses what a server may not send", "[actors][testing]") {
  const auto bad = GENERATE(std::string{"\x01\x00", 2}, // not final
                            std::string{"\xa1\x00", 2}, // reserved bits
                            std::string{"\x81\x80", 2}, // masked
                            std::string{"\x83\x00", 2}, // no such opcode
                            std::string{"\x82\x7e\x00\x7d", 4}, // 125 in the form for 126 and more
                            std::string{"\x82\x7f\0\0\0\0\0\0\xff\xff", 10});
  wire_reader reader;
  reader.feed(bad);
  CHECK_THROWS_AS(reader.next(), std::runtime_error);
}

TEST_CASE("testing: a close frame without a code counts as 1005", "[actors][testing]") {
  CHECK(testing::wire_message{opcode::close, ""}.close_code() == 1005);
  const testing::wire_message going{opcode::close, "\x03\xe9" "bye"};
  CHECK(going.close_code() == 1001);
  CHECK(going.close_text() == "bye");
}
