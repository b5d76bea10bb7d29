// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/api/paced.hpp>

#include "support/catch.hpp"

#include <deque>
#include <vector>

using troupe::net::api::paced;

TEST_CASE("paced: steps begin in order, no more than the window at a time", "[net][api][paced]") {
  std::vector<std::size_t> begun;
  std::deque<std::function<void()>> open;
  int finished = 0;
  paced::run(
    5, 2,
    [&](std::size_t n, std::function<void()> done) {
      begun.push_back(n);
      open.push_back(std::move(done));
    },
    [&] { ++finished; });
  CHECK(begun == std::vector<std::size_t>{0, 1});
  const auto end = [&](std::size_t at) {
    const auto done = open[at];
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
    done();
  };
  end(1);
  CHECK(begun == std::vector<std::size_t>{0, 1, 2});
  end(0);
  end(0);
  CHECK(begun == std::vector<std::size_t>{0, 1, 2, 3, 4});
  end(0);
  CHECK(finished == 0);
  end(0);
  CHECK(finished == 1);
}

TEST_CASE("paced: steps that end at once neither recurse nor get lost", "[net][api][paced]") {
  std::size_t count = 0;
  int finished = 0;
  paced::run(
    1'000'000, 1,
    [&](std::size_t n, const std::function<void()>& done) {
      count += n == count ? 1 : 0;
      done();
    },
    [&] { ++finished; });
  CHECK(count == 1'000'000);
  CHECK(finished == 1);
}

TEST_CASE("paced: no steps are finished at once", "[net][api][paced]") {
  int finished = 0;
  paced::run(0, 1, [](std::size_t, const std::function<void()>&) {}, [&] { ++finished; });
  CHECK(finished == 1);
}
