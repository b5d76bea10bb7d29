// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The generator against real servers on loopback, each in a process of its own.
#include "bench/coordinator.hpp"
#include "child_server.hpp"

#include "support/catch.hpp"

#include <stdexcept>
#include <string>

using namespace troupe::app::bench;
using namespace std::chrono_literals;
using troupe::test::child_server;

namespace {

load_options options_for(const child_server& server) {
  load_options options;
  options.target = parse_url("ws://127.0.0.1:" + std::to_string(server.port()) + "/ws");
  options.connections = 20;
  options.warmup = 0ms;
  options.count = 200;
  options.server = server.process();
  options.progress = false;
  return options;
}

std::string failure_of(const load_options& options) {
  try {
    run_load(options);
  } catch (const std::runtime_error& failure) {
    return failure.what();
  }
  return "no failure";
}

} // namespace

TEST_CASE("a closed loop measures every delivery of its messages", "[app][bench][load]") {
  for (const char* const program : {FLOOR_PROGRAM, FLOOR_BATCH_PROGRAM})
    for (const std::size_t payload_bytes :
         {std::size_t{24}, std::size_t{1'000}, std::size_t{70'000}}) {
      CAPTURE(program, payload_bytes);
      const child_server server{program};
      auto options = options_for(server);
      options.window = 16;
      options.payload_bytes = payload_bytes;
      options.senders = 3;
      options.warmup = 20ms;
      const auto result = run_load(options);
      CHECK(result.is_faultless());
      CHECK(result.messages == 200);
      CHECK(result.deliveries == 200 * 20);
      CHECK(result.latency.count() == 200 * 20);
      CHECK(result.on_arrival.count() == 0);
      CHECK(result.foreign == 0);
      REQUIRE(result.server);
      CHECK(result.server->cpu > 0ns);
      CHECK(result.server->resident_open > result.server->resident_before / 2);
    }
}

TEST_CASE("an open loop sends as many messages as its rate asks for", "[app][bench][load]") {
  const child_server server{FLOOR_PROGRAM};
  auto options = options_for(server);
  options.count = 0;
  options.rate = 500;
  options.duration = 400ms;
  const auto result = run_load(options);
  CHECK(result.is_faultless());
  CHECK(result.messages == 200);
  CHECK(result.deliveries == 200 * 20);
  CHECK(result.elapsed >= 390ms);
}

TEST_CASE("an open loop tells apart when a delivery came and when it was read", "[app][bench][load]") {
  const child_server server{FLOOR_PROGRAM};
  auto options = options_for(server);
  options.rate = 500;
  options.count = 100;
  const auto result = run_load(options);
  CHECK(result.is_faultless());
  CHECK(result.latency.count() == 100 * 20);
  CHECK(result.on_arrival.count() == 100 * 20);
  CHECK(result.on_arrival.mean() > 1'000); // ns: a server that takes less does nothing
  CHECK(result.on_arrival.mean() < result.latency.mean());
  CHECK(result.on_arrival.quantile(0.5) <= result.latency.quantile(0.5));
}

TEST_CASE("several workers and source addresses act as one load", "[app][bench][load]") {
  const child_server server{FLOOR_BATCH_PROGRAM};
  auto options = options_for(server);
  options.workers = 3;
  options.sources = 4;
  options.window = 8;
  const auto result = run_load(options);
  CHECK(result.is_faultless());
  CHECK(result.deliveries == 200 * 20);
  CHECK(result.workers == 3);
}

TEST_CASE("lost, duplicated and reordered deliveries are counted", "[app][bench][load]") {
  const auto server = child_server::faulty(2);
  auto options = options_for(server);
  options.connections = 2;
  options.count = 20;
  options.rate = 1'000;
  const auto result = run_load(options);
  CHECK(result.lost == 1);
  CHECK(result.duplicated == 1);
  CHECK(result.reordered == 1);
  CHECK(result.deliveries == 2 * 20);
  CHECK_FALSE(result.is_faultless());
}

TEST_CASE("a closed loop goes on after a lost message", "[app][bench][load]") {
  const auto server = child_server::faulty(2);
  auto options = options_for(server);
  options.connections = 2;
  options.count = 20;
  options.window = 2;
  const auto result = run_load(options);
  CHECK(result.messages == 20);
  CHECK(result.lost == 1);
}

TEST_CASE("connections open and close in churn mode", "[app][bench][load]") {
  const child_server server{FLOOR_PROGRAM};
  auto options = options_for(server);
  options.mode = load_mode::churn;
  options.duration = 200ms;
  const auto result = run_load(options);
  CHECK(result.cycles > 20);
  CHECK(result.handshake.count() > 20);
}

TEST_CASE("lazy readers get everything, are not waited for, and cost the load little", "[app][bench][load]") {
  const child_server server{FLOOR_PROGRAM};
  auto options = options_for(server);
  options.lazy_connections = 15;
  options.workers = 2; // the second has nobody else
  options.warmup = 20ms;
  const auto result = run_load(options);
  CHECK(result.is_faultless());
  CHECK(result.deliveries == 200 * 20);
  CHECK(result.latency.count() == 200 * 5);
}

TEST_CASE("slow readers hold up nobody and are not missed", "[app][bench][load]") {
  const child_server server{FLOOR_PROGRAM};
  auto options = options_for(server);
  options.slow_connections = 5;
  options.payload_bytes = 60'000;
  options.window = 4;
  const auto result = run_load(options);
  CHECK(result.is_faultless());
  CHECK(result.deliveries == 200 * 15);
}

TEST_CASE("a run that cannot be had says why", "[app][bench][load]") {
  const auto refusing = child_server::refusing();
  CHECK(failure_of(options_for(refusing)) ==
        "handshake with 127.0.0.1:" + std::to_string(refusing.port()) +
            " failed: the server answered 'HTTP/1.1 503 Service Unavailable'");

  auto nobody = options_for(refusing);
  nobody.target = parse_url("ws://127.0.0.1:1/");
  CHECK(failure_of(nobody) == "cannot connect to 127.0.0.1:1: Connection refused");

  auto nothing_to_measure = options_for(refusing);
  nothing_to_measure.server = 999'999'999;
  CHECK(failure_of(nothing_to_measure) == "cannot measure process 999999999: No such process");

  auto elsewhere = options_for(refusing);
  elsewhere.target = parse_url("ws://[::1]:1/");
  elsewhere.sources = 2;
  CHECK(failure_of(elsewhere) ==
        "more than one source address needs a server on 127.0.0.0/8, not [::1]:1");
}
