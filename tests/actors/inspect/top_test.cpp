// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/inspect/top.hpp>

#include "support/catch.hpp"

#include <memory>
#include <vector>

using namespace troupe;
using namespace troupe::inspection;

namespace {

// Actors 1 to n, of which actor i has i % 10 bytes queued.
struct crowd {
  crowd() {
    loops = {std::make_shared<meters::loop_meters>(0, std::chrono::steady_clock::now()),
             std::make_shared<meters::loop_meters>(1, std::chrono::steady_clock::now())};
    seen = observatory{{loops[0], loops[1]}};
    for (std::uint64_t i = 1; i <= 1000; ++i) {
      all.push_back(std::make_unique<meters::actor_meter>(loops[i % 2]->actors));
      auto& m = *all.back();
      m->become(i % 4 == 0 ? actor_kind::channel : actor_kind::connection);
      m->connection.queue_bytes.set(i % 10);
      m.show(i, "test", 1);
    }
  }
  std::vector<std::shared_ptr<meters::loop_meters>> loops;
  std::vector<std::unique_ptr<meters::actor_meter>> all;
  observatory seen;
};

const field* queue_bytes = find_field("queue_bytes");

} // namespace

TEST_CASE_METHOD(crowd, "top: the largest come first, those alike by ID", "[actors][inspect]") {
  const auto page = top(seen, {.by = queue_bytes, .limit = 3});
  CHECK(page.matching == 750);
  REQUIRE(page.rows.size() == 3);
  CHECK(page.rows[0].id == 9);
  CHECK(page.rows[1].id == 19);
  CHECK(page.rows[2].id == 29);
}

TEST_CASE_METHOD(crowd, "top: ascending begins with the smallest", "[actors][inspect]") {
  const auto page = top(seen, {.by = queue_bytes, .in = order::ascending, .limit = 2});
  REQUIRE(page.rows.size() == 2);
  CHECK(page.rows[0].id == 10);
  CHECK(page.rows[1].id == 30);
}

TEST_CASE_METHOD(crowd, "top: pages together are all rows, each once", "[actors][inspect]") {
  std::vector<std::uint64_t> ids;
  for (std::size_t at = 0;; at += 70) {
    const auto page = top(seen, {.kind = std::nullopt, .by = queue_bytes, .offset = at, .limit = 70});
    CHECK(page.matching == 1000);
    if (page.rows.empty()) break;
    for (const auto& r : page.rows) ids.push_back(r.id);
  }
  std::sort(ids.begin(), ids.end());
  REQUIRE(ids.size() == 1000);
  for (std::size_t i = 0; i < ids.size(); ++i) CHECK(ids[i] == i + 1);
}

TEST_CASE_METHOD(crowd, "top: takes only those that are asked for", "[actors][inspect]") {
  const auto page = top(seen, {.where = [](const row& r) { return r.id < 10; }});
  CHECK(page.matching == 7);
  CHECK(page.rows.size() == 7);
  CHECK(page.rows[0].id == 9); // without a number by ID
}

TEST_CASE_METHOD(crowd, "top: a limit of none counts only, one too large is cut", "[actors][inspect]") {
  CHECK(top(seen, {.limit = 0}).rows.empty());
  CHECK(top(seen, {.limit = 0}).matching == 750);
  CHECK(top(seen, {.limit = ~std::size_t{0}}).rows.size() == 750);
  CHECK(top(seen, {.offset = ~std::size_t{0}}).rows.empty());
}
