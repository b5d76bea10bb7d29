// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Accepting: out of descriptors, and at a pace.
#include "net/support/running_server.hpp"
#include "support/catch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::tests;

/// Leaves this process `spare` descriptors for as long as it lives.
class few_descriptors {
public:
  explicit few_descriptors(int spare) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0); // the lowest that is free; above it there are none in use
    ::close(next);
    auto now = before_;
    now.rlim_cur = static_cast<rlim_t>(next + spare);
    if (::setrlimit(RLIMIT_NOFILE, &now) != 0)
      throw std::runtime_error{"setrlimit"};
  }
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;

private:
  rlimit before_{};
};

/// UBSan needs descriptors when it meets a class for the first time: here it meets those ahead.
void meet_classes(event_log& log, wire_client& client) {
  log.write(severity::debug, "test", {});
  client.say("test");
  client.text();
  boost::asio::io_context context;
  boost::asio::steady_timer timer{context, std::chrono::milliseconds{1}};
  timer.async_wait([](boost::system::error_code) {});
  context.run();
}

std::chrono::duration<double> processor_time() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

} // namespace

TEST_CASE("server: without descriptors it turns clients away, backs off and resumes by itself",
          "[net][accept]") {
  running_server server;
  auto established = server.connect();
  meet_classes(server.log(), established);
  // Client and server share a process: the clients' sockets are made before descriptors run out.
  std::vector<tcp_line> early(8);
  std::optional<few_descriptors> limit{std::in_place, 4};
  for (auto& l : early)
    l.connect(server.port()); // the kernel accepts, the server cannot
  running_server::await([&] { return !server.log().named("accept_failed").empty(); },
                        "an accept fails");
  const auto cpu = processor_time();
  const auto logged = server.log().named("accept_failed").size();
  std::this_thread::sleep_for(1500ms);
  const auto used = processor_time() - cpu;
  const auto more_logged = server.log().named("accept_failed").size() - logged;
  std::vector<std::string> said;
  for (int i = 0; i < 50; ++i) {
    established.say(std::to_string(i));
    said.push_back(established.text());
  }
  limit.reset();
  const auto begin = std::chrono::steady_clock::now();
  wire_client late{server.port()};
  CHECK(std::chrono::steady_clock::now() - begin < 2s); // the longest back-off and some
  late.say("in after all");
  CHECK(late.text() == "in after all");
  CHECK(used.count() < 0.5); // it did not spin
  CHECK(more_logged <= 2);
  for (int i = 0; i < 50; ++i)
    CHECK(said.at(static_cast<std::size_t>(i)) == std::to_string(i));
}

TEST_CASE("server: without descriptors waiting clients are not left hanging", "[net][accept]") {
  running_server server;
  auto established = server.connect();
  meet_classes(server.log(), established);
  std::vector<tcp_line> early(6);
  std::optional<few_descriptors> limit{std::in_place, 2};
  for (auto& l : early)
    l.connect(server.port());
  // Two of them hold what there is; the others are turned away one by one.
  int turned_away = 0;
  for (std::size_t i = 2; i < early.size(); ++i)
    turned_away += early[i].read_to_end().empty() ? 1 : 0;
  limit.reset();
  CHECK(turned_away == 4);
}

TEST_CASE("server: connections are accepted at the pace of the option", "[net][accept]") {
  auto o = quiet();
  o.limit.accepts_per_second = 20; // so 2 at once
  running_server server{o};
  const auto begin = std::chrono::steady_clock::now();
  std::vector<wire_client> clients;
  for (int i = 0; i < 22; ++i)
    clients.emplace_back(server.port()); // the rest waits in the backlog
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= 950ms);
  CHECK(took < 5s);
  clients.back().say("all in");
  CHECK(clients.front().text() == "all in");
}
