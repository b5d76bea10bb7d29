// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/restart.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace std::chrono_literals;
using namespace troupe::hooks;

namespace {

// Delays after failures that come this long after one another; -1 ms: it gave up.
std::vector<std::chrono::milliseconds> delays(restart_strategy strategy,
                                              const std::vector<std::chrono::milliseconds>& gaps) {
  restarts r{strategy};
  restarts::clock::time_point now{};
  std::vector<std::chrono::milliseconds> all;
  for (const auto gap : gaps) all.push_back(r.after_failure(now += gap).value_or(-1ms));
  return all;
}

using list = std::vector<std::chrono::milliseconds>;

} // namespace

TEST_CASE("restarts: always is at once, and slows down to once a second", "[actors][hooks]") {
  CHECK(delays(restart_strategy::always(), {0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s}) ==
        list{0ms, 10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1s, 1s});
}

TEST_CASE("restarts: a delay doubles up to its bound", "[actors][hooks]") {
  CHECK(delays(restart_strategy::back_off(100ms, 500ms), {0s, 1s, 1s, 1s, 1s}) ==
        list{100ms, 200ms, 400ms, 500ms, 500ms});
}

TEST_CASE("restarts: who has lived for the period starts afresh", "[actors][hooks]") {
  const restart_strategy s{.first_delay = 100ms, .max_delay = 10s, .period = 60s};
  CHECK(delays(s, {0s, 1s, 60s + 200ms, 1s}) == list{100ms, 200ms, 100ms, 200ms});
  CHECK(delays(s, {0s, 1s, 60s + 199ms}) == list{100ms, 200ms, 400ms}); // 200 ms of it was dead
}

TEST_CASE("restarts: as many failures as are allowed within the period, and no more",
          "[actors][hooks]") {
  const auto s = restart_strategy::give_up_after(2, 10s);
  CHECK(delays(s, {0s, 1s, 1s}) == list{0ms, 0ms, -1ms});
  CHECK(delays(s, {0s, 1s, 9s, 1s}) == list{0ms, 0ms, 0ms, 0ms}); // never three within ten seconds
  CHECK(delays(s, {0s, 1s, 9s - 1ms}) == list{0ms, 0ms, -1ms});
}
