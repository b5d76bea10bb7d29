// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/inspect/observatory.hpp>

#include "support/catch.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::meters;
using inspection::actor_kind;

namespace {

/// Tells when it is destroyed.
struct watched_title final : identity {
  explicit watched_title(int& alive_) : alive(alive_) { ++alive; }
  ~watched_title() override { --alive; }
  int& alive;
};

struct one_loop {
  std::shared_ptr<loop_meters> loop = std::make_shared<loop_meters>(3, std::chrono::steady_clock::now());
  inspection::observatory readers{{loop}};

  [[nodiscard]] std::set<std::uint64_t> seen() const {
    std::set<std::uint64_t> ids;
    readers.visit([&](const inspection::row& r) { ids.insert(r.id); });
    return ids;
  }
};

void show(actor_meter& m, std::uint64_t id) {
  m.show(id, "test", std::chrono::steady_clock::now().time_since_epoch().count());
}

} // namespace

TEST_CASE_METHOD(one_loop, "meter_slab: an actor is seen from show() to hide()", "[actors][meters]") {
  actor_meter m{loop->actors};
  CHECK(seen().empty());
  show(m, 7);
  CHECK(seen() == std::set<std::uint64_t>{7});
  CHECK(loop->actors->shown() == 1);
  m.hide();
  CHECK(seen().empty());
  m.hide();
  CHECK(loop->actors->shown() == 0);
}

TEST_CASE_METHOD(one_loop, "meter_slab: an actor that is destroyed without an end is seen no more",
                 "[actors][meters]") {
  {
    actor_meter m{loop->actors};
    show(m, 7);
  }
  CHECK(seen().empty());
}

TEST_CASE_METHOD(one_loop, "meter_slab: a block that is used again begins with nothing",
                 "[actors][meters]") {
  meter_block* first = nullptr;
  {
    actor_meter m{loop->actors};
    first = &*m;
    show(m, 1);
    m->become(actor_kind::connection);
    m->enqueued_here();
    m->enqueued_elsewhere();
      m->handled(&typeid(int), 5000);
    m->failed();
    m->connection.bytes_in.add(9);
    m->channel.offset.set(9);
    m.identify(caf::make_counted<actor_title>("it"));
  }
  actor_meter again{loop->actors};
  REQUIRE(&*again == first);
  show(again, 2);
  const auto rows = readers.snapshot(actor_kind::custom);
  REQUIRE(rows.size() == 1);
  const auto& r = rows[0];
  CHECK(r.id == 2);
  CHECK(r.handled == 0);
  CHECK(r.mailbox == 0);
  CHECK(r.mailbox_peak == 0);
  CHECK(r.errors == 0);
  CHECK(r.busy == 0ns);
  CHECK(r.times.total() == 0);
  CHECK(r.last_message_name().empty());
  CHECK(r.connection.bytes_in == 0);
  CHECK(r.channel.offset == 0);
  CHECK(r.title.empty());
}

TEST_CASE_METHOD(one_loop, "meter_slab: any number of actors has blocks of their own",
                 "[actors][meters]") {
  std::vector<std::unique_ptr<actor_meter>> all;
  std::set<const meter_block*> blocks;
  for (std::uint64_t i = 0; i < 3 * meter_slab::chunk_blocks + 1; ++i) {
    all.push_back(std::make_unique<actor_meter>(loop->actors));
    show(*all.back(), i);
    blocks.insert(&**all.back());
  }
  CHECK(blocks.size() == all.size());
  CHECK(seen().size() == all.size());
  const auto extent = loop->actors->extent();
  all.clear();
  for (std::size_t i = 0; i < extent; ++i) all.push_back(std::make_unique<actor_meter>(loop->actors));
  CHECK(loop->actors->extent() == extent);
}

TEST_CASE("meter_slab: actors beyond its bound are not seen, but counted, and disturb nobody", "[actors][meters]") {
  const auto slab = std::make_shared<meter_slab>(2);
  auto first = std::make_unique<actor_meter>(slab);
  actor_meter second{slab};
  {
    actor_meter third{slab};
    actor_meter fourth{slab};
    for (auto* each : {first.get(), &second, &third, &fourth}) show(*each, 1);
    CHECK(slab->unseen() == 2);
    CHECK(slab->shown() == 2);
    CHECK(slab->extent() == 2);
    CHECK(&*third != &*second);
  }
  CHECK(slab->shown() == 2);
  first.reset();
  actor_meter fifth{slab};
  show(fifth, 5);
  CHECK(slab->shown() == 2);
  CHECK(slab->unseen() == 2);
}

TEST_CASE_METHOD(one_loop, "meter_slab: what an actor has done is in its row", "[actors][meters]") {
  actor_meter m{loop->actors};
  show(m, 1);
  for (int i = 0; i < 3; ++i) m->enqueued_here();
  m->enqueued_elsewhere();
  m->handled(&typeid(std::vector<int>), 1000);
  m->handled(&typeid(int), 1'000'000);
  m->failed();
  const auto rows = readers.snapshot(actor_kind::custom);
  REQUIRE(rows.size() == 1);
  const auto& r = rows[0];
  CHECK(r.loop == 3);
  CHECK(r.name == std::string_view{"test"});
  CHECK(r.handled == 2);
  CHECK(r.mailbox == 2);
  CHECK(r.mailbox_peak == 4);
  CHECK(r.errors == 1);
  CHECK(r.busy > 0ns);
  CHECK(r.times.total() == 2);
  CHECK(r.times.quantile(0.5) < r.times.quantile(0.99));
  CHECK(r.last_message_name() == "int");
}

TEST_CASE_METHOD(one_loop, "meter_slab: an identity that is replaced goes at once if nobody reads",
                 "[actors][meters]") {
  int alive = 0;
  actor_meter m{loop->actors};
  show(m, 1);
  m.identify(caf::make_counted<watched_title>(alive));
  m.identify(caf::make_counted<watched_title>(alive));
  CHECK(alive == 1);
  m.hide();
  CHECK(alive == 0);
}

TEST_CASE_METHOD(one_loop, "meter_slab: an identity that was replaced stays while somebody reads",
                 "[actors][meters]") {
  int alive = 0;
  actor_meter m{loop->actors};
  show(m, 1);
  std::optional<meter_slab::reading> first, second;
  first.emplace(*loop->actors);
  m.identify(caf::make_counted<watched_title>(alive));
  m.identify(caf::make_counted<watched_title>(alive));
  CHECK(alive == 2);
  second.emplace(*loop->actors);
  first.reset();
  CHECK(alive == 2);
  second.reset();
  CHECK(alive == 1);
}

TEST_CASE("meter_slab: a slab that nobody owns any more frees its identities", "[actors][meters]") {
  int alive = 0;
  {
    auto slab = std::make_shared<meter_slab>();
    auto m = std::make_unique<actor_meter>(slab);
    slab.reset();
    m->identify(caf::make_counted<watched_title>(alive)); // never shown
  }
  CHECK(alive == 0);
}

TEST_CASE("handler_times: a quantile is the limit of the bucket it falls into", "[actors][meters]") {
  handler_times t;
  t.first_limit_ns = 100;
  CHECK(t.quantile(0.99) == 0ns);
  t.counts[0] = 98;
  t.counts[3] = 2;
  CHECK(t.quantile(0.5) == 100ns);
  CHECK(t.quantile(0.98) == 100ns);
  CHECK(t.quantile(0.99) == 800ns);
  auto later = t;
  later.counts[5] = 1;
  CHECK(later.since(t).total() == 1);
  CHECK(later.since(t).quantile(0) == 100ns);
  CHECK(later.since(t).quantile(0.5) == 3200ns);
}

TEST_CASE("meter_block: a time falls into the bucket whose limit is above it", "[actors][meters]") {
  constexpr auto first = std::uint64_t{1} << meter_block::first_bucket_bits;
  CHECK(meter_block::bucket_of(0) == 0);
  CHECK(meter_block::bucket_of(first - 1) == 0);
  CHECK(meter_block::bucket_of(first) == 1);
  CHECK(meter_block::bucket_of(2 * first - 1) == 1);
  CHECK(meter_block::bucket_of(2 * first) == 2);
  CHECK(meter_block::bucket_of(~std::uint64_t{0}) == handler_times::buckets - 1);
}

TEST_CASE("latency: counts by limits that belong to the bucket below", "[actors][meters]") {
  latency l;
  l.add(0ns);
  l.add(1us);
  l.add(1001ns);
  l.add(2us);
  l.add(1h);
  CHECK(latency::limit(0) == 1us);
  CHECK(latency::limit(1) == 2us);
  CHECK(l.count(0) == 2);
  CHECK(l.count(1) == 2);
  CHECK(l.count(latency::buckets - 1) == 1);
  CHECK(l.sum() == 1h + 4001ns);
}
