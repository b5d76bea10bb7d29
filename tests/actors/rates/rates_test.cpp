// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Rates: the bucket, the table of them, and who may pass a checkpoint.
#include <troupe/messages.hpp>
#include <troupe/rates/checkpoint.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "support/catch.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::rates;

namespace {

using time_point = token_bucket::clock::time_point;
constexpr time_point start{1000s};

int taken(token_bucket& from, const rate& limit, time_point now, int tries = 1000) {
  int n = 0;
  while (tries-- != 0 && from.take(limit, now)) ++n;
  return n;
}

} // namespace

// -- the bucket ---

TEST_CASE("token bucket: it is full at first and fills evenly", "[actors][rates]") {
  token_bucket b;
  const rate limit{.count = 10, .period = 1s};
  CHECK(taken(b, limit, start) == 10);
  CHECK(taken(b, limit, start + 99ms) == 0);
  CHECK(taken(b, limit, start + 100ms) == 1);
  CHECK(taken(b, limit, start + 600ms) == 5);
  CHECK(taken(b, limit, start + 24h) == 10);
}

TEST_CASE("token bucket: a burst is what comes at once, the rate what comes in the long run", "[actors][rates]") {
  token_bucket b;
  const rate limit{.count = 30, .period = 60s, .burst = 3};
  int n = taken(b, limit, start);
  CHECK(n == 3);
  for (auto now = start; now <= start + 60s; now += 100ms) n += taken(b, limit, now);
  CHECK(n == 3 + 30);
  token_bucket wide;
  CHECK(taken(wide, {.count = 1, .period = 1s, .burst = 20}, start) == 20);
}

TEST_CASE("token bucket: what is refused costs nothing", "[actors][rates]") {
  token_bucket b;
  const rate limit{.count = 1, .period = 1s};
  CHECK(taken(b, limit, start) == 1);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(b.take(limit, start + 500ms));
  CHECK(b.take(limit, start + 1s));
}

TEST_CASE("token bucket: the largest rate and the longest period are counted right", "[actors][rates]") {
  token_bucket b;
  CHECK(taken(b, {.count = 1, .period = 1h, .burst = 1'000'000}, start, 1'000'001) == 1'000'000);
  token_bucket fast;
  CHECK(taken(fast, {.count = 1'000'000, .period = 1s}, start, 1'000'001) == 1'000'000);
}

TEST_CASE("token bucket: with another rate nobody waits longer than that says", "[actors][rates]") {
  token_bucket b;
  CHECK(taken(b, {.count = 1, .period = 1h, .burst = 100}, start) == 100);
  const rate wider{.count = 10, .period = 1s};
  CHECK(taken(b, wider, start) == 0);
  CHECK(taken(b, wider, start + 500ms) == 5);
  const rate narrower{.count = 6, .period = 60s};
  CHECK(taken(b, narrower, start + 500ms) == 5); // it was a second from full: less than one of these takes
  CHECK(taken(b, narrower, start + 1499ms) == 0);
  CHECK(taken(b, narrower, start + 1500ms) == 1);
  CHECK(taken(b, narrower, start + 11499ms) == 0);
  CHECK(taken(b, narrower, start + 11500ms) == 1);
}

// -- the table ---

TEST_CASE("bucket table: names and operations have buckets of their own", "[actors][rates]") {
  bucket_table t{10};
  const rate limit{.count = 1};
  CHECK(t.of("a", operation::publish, start).take(limit, start));
  CHECK_FALSE(t.of("a", operation::publish, start).take(limit, start));
  CHECK(t.of("a", operation::rpc, start).take(limit, start));
  CHECK(t.of("b", operation::publish, start).take(limit, start));
  CHECK(t.size() == 2);
}

TEST_CASE("bucket table: at its bound the least recent name goes, and is counted if it was in use",
          "[actors][rates]") {
  bucket_table t{2};
  const rate limit{.count = 1, .period = 10s};
  for (const auto* name : {"a", "b"}) CHECK(t.of(name, operation::rpc, start).take(limit, start));
  CHECK_FALSE(t.of("a", operation::rpc, start).take(limit, start)); // most recent now
  t.of("c", operation::rpc, start);
  CHECK(t.size() == 2);
  CHECK(t.forgotten() == 1);
  CHECK_FALSE(t.of("a", operation::rpc, start).take(limit, start));
  CHECK(t.of("b", operation::rpc, start).take(limit, start)); // anew, in place of c, which was idle
  CHECK(t.forgotten() == 1);
}

TEST_CASE("bucket table: with a smaller bound the least recent names go by and by", "[actors][rates]") {
  bucket_table t{100};
  for (int i = 0; i < 100; ++i) t.of(std::to_string(i), operation::rpc, start);
  t.limit(10);
  t.of("99", operation::rpc, start);
  CHECK(t.size() == 100);
  t.of("new", operation::rpc, start);
  CHECK(t.size() == 99);
  for (int i = 0; i < 100; ++i) t.of("newer" + std::to_string(i), operation::rpc, start);
  CHECK(t.size() == 10);
}

// -- checkpoints ---

namespace {

struct visitor_state {
  static constexpr const char* name = "visitor";
};
using visitor_actor = caf::typed_actor<caf::reacts_to<go_on>>;

struct visits {
  checkpoint gate;
  std::string user;
  std::string address;
  operation what = operation::publish;
  std::string told; // 'g' and 'r'
};

visitor_actor::behavior_type visitor(hosted_pointer<visitor_actor, visitor_state> self,
                                     std::shared_ptr<visits> book) {
  return {[self, book](const go_on&) {
    const auto tell = [book](verdict v) { book->told += v == verdict::granted ? 'g' : 'r'; };
    if (const auto now = book->gate.pass(self, book->what, {book->user, book->address}, tell)) tell(*now);
  }};
}

class guarded : public testing::deterministic_system {
public:
  explicit guarded(rate_options options, address_reading address_counts_as = as_itself) : deterministic_system(3) {
    all = spawn_wardens({&host(0), &host(1), &host(2)}, options, address_counts_as);
    run();
  }
  ~guarded() {
    for (const auto& v : visitors) caf::anon_send_exit(v, caf::exit_reason::kill);
    for (const auto& w : all->wardens) caf::anon_send_exit(w, caf::exit_reason::kill);
    visitors.clear();
    all.reset();
    run();
    CHECK(running() == 0);
  }

  struct names {
    std::string user;
    std::string address;
  };
  struct guest {
    visitor_actor who;
    std::shared_ptr<visits> book;
  };
  guest comes(names who, std::size_t at = 0) {
    guest g{{}, std::make_shared<visits>(visits{checkpoint{all.get()}, who.user, who.address, operation::publish, {}})};
    g.who = spawn_on(host(at), visitor, g.book);
    visitors.push_back(g.who);
    return g;
  }
  std::string passes(const guest& g, int times = 1) {
    g.book->told.clear();
    for (int i = 0; i < times; ++i) caf::anon_send(g.who, go_on{});
    run();
    return g.book->told;
  }
  std::uint64_t over(scope s, operation o = operation::publish) const {
    std::uint64_t n = 0;
    for (const auto& c : all->by_loop) n += c->of(s, o).value();
    return n;
  }

  std::shared_ptr<const limits> all;
  std::vector<visitor_actor> visitors;
};

rate_options limited(scope s, rate r, operation o = operation::publish) {
  rate_options options;
  options.of(s, o) = r;
  return options;
}

} // namespace

TEST_CASE("rates: without any everybody passes", "[actors][rates]") {
  guarded g{rate_options{}};
  CHECK_FALSE(checkpoint{g.all.get()}.minds(operation::publish));
  CHECK_FALSE(checkpoint{}.minds(operation::publish));
  CHECK(g.passes(g.comes({"42", "1.2.3.4"}), 3) == "ggg");
}

TEST_CASE("rates: a connection has a bucket of its own", "[actors][rates]") {
  guarded g{limited(scope::connection, {.count = 2})};
  const auto a = g.comes({"42", {}}), b = g.comes({"42", {}}, 1);
  CHECK(g.passes(a, 3) == "ggr");
  CHECK(g.passes(b, 2) == "gg");
  g.advance(500ms);
  CHECK(g.passes(a, 2) == "gr");
  CHECK(g.over(scope::connection) == 2);
  a.book->what = operation::rpc;
  CHECK(g.passes(a, 5) == "ggggg");
}

TEST_CASE("rates: addresses that count as one share one bucket, whatever their loops", "[actors][rates]") {
  const auto first_letter = [](std::string_view address) { return std::string{address.substr(0, 1)}; };
  guarded g{limited(scope::address, {.count = 2}), first_letter};
  for (std::size_t loop = 0; loop < 3; ++loop) {
    const auto letter = std::string(1, static_cast<char>('a' + loop));
    CHECK(g.passes(g.comes({{}, letter + "1"}, 0)) == "g");
    CHECK(g.passes(g.comes({{}, letter + "2"}, 1)) == "g");
    CHECK(g.passes(g.comes({{}, letter + "3"}, 2)) == "r");
  }
}

TEST_CASE("rates: connections of a user share one bucket, whatever their loops", "[actors][rates]") {
  guarded g{limited(scope::user, {.count = 4})};
  const auto a = g.comes({"42", "1.1.1.1"}, 0), b = g.comes({"42", "2.2.2.2"}, 1), c = g.comes({"43", "1.1.1.1"}, 2);
  CHECK(g.passes(a, 3) == "ggg");
  CHECK(g.passes(b, 3) == "grr");
  CHECK(g.passes(c, 4) == "gggg");
  CHECK(g.passes(g.comes({{}, "1.1.1.1"}), 9) == "ggggggggg"); // anonymous
  CHECK(g.over(scope::user) == 2);
  g.advance(250ms);
  CHECK(g.passes(b) == "g");
}

TEST_CASE("rates: those of an address and of its users hold together", "[actors][rates]") {
  auto options = limited(scope::user, {.count = 3});
  options.of(scope::address, operation::publish) = {.count = 4};
  guarded g{options};
  const auto a = g.comes({"1", "1.1.1.1"}, 0), b = g.comes({"2", "1.1.1.1"}, 1), c = g.comes({"1", "2.2.2.2"}, 2);
  const auto count = [&](const auto& who, int times) {
    auto told = g.passes(who, times);
    std::ranges::sort(told); // refusals of the user come first
    return told;
  };
  CHECK(count(a, 4) == "gggr");
  CHECK(count(b, 3) == "grr");
  CHECK(count(c, 1) == "r");
  CHECK(g.over(scope::user) == 2);
  CHECK(g.over(scope::address) == 2);
}

TEST_CASE("rates: counting only refuses nothing", "[actors][rates]") {
  auto options = limited(scope::connection, {.count = 1});
  options.of(scope::address, operation::publish) = {.count = 1};
  options.what = enforcement::count_only;
  guarded g{options};
  CHECK(g.passes(g.comes({{}, "1.1.1.1"}), 3) == "ggg");
  CHECK(g.over(scope::connection) == 2);
  CHECK(g.over(scope::address) == 2);
}

TEST_CASE("rates: what becomes of more can change at any time", "[actors][rates]") {
  auto options = limited(scope::connection, {.count = 1});
  options.of(scope::address, operation::publish) = {.count = 1};
  options.what = enforcement::count_only;
  guarded g{options};
  const auto a = g.comes({{}, "1.1.1.1"}), b = g.comes({{}, "1.1.1.1"}, 1);
  CHECK(g.passes(a, 2) == "gg");
  CHECK(g.passes(b) == "g");
  options.what = enforcement::refuse;
  g.all->options.set(options);
  CHECK(g.passes(a) == "r");
  CHECK(g.passes(b) == "r");
  options.what = enforcement::count_only;
  g.all->options.set(options);
  CHECK(g.passes(a) == "g");
}

TEST_CASE("rates: others hold at once, for those who are there as well", "[actors][rates]") {
  guarded g{rate_options{}};
  const auto a = g.comes({"42", "1.1.1.1"}), b = g.comes({"42", "2.2.2.2"}, 1), c = g.comes({"43", "2.2.2.2"}, 2);
  for (const auto& each : {a, b, c}) CHECK(g.passes(each, 5) == "ggggg");
  g.all->options.set(limited(scope::connection, {.count = 2, .period = 1h}));
  for (const auto& each : {a, b, c}) CHECK(g.passes(each, 3) == "ggr");
  g.all->options.set(limited(scope::user, {.count = 3, .period = 1h}));
  CHECK(g.passes(a, 2) == "gg");
  CHECK(g.passes(b, 2) == "gr");
  CHECK(g.passes(c, 4) == "gggr");
  g.all->options.set(limited(scope::address, {.count = 1, .period = 1h}));
  CHECK(g.passes(b) == "g");
  CHECK(g.passes(c) == "r");
  g.all->options.set(rate_options{});
  for (const auto& each : {a, b, c}) CHECK(g.passes(each, 5) == "ggggg");
}

TEST_CASE("rates: a smaller number of names holds for the wardens that are there", "[actors][rates]") {
  auto options = limited(scope::address, {.count = 1, .period = 1h});
  guarded g{options};
  const auto come = [&](const std::string& name, int n) {
    for (int i = 0; i < n; ++i) CHECK(g.passes(g.comes({{}, name + std::to_string(i)})) == "g");
  };
  const auto tracked = [&] {
    std::uint64_t n = 0;
    for (const auto& c : g.all->by_loop) n += c->tracked.value();
    return n;
  };
  come("a", 100);
  CHECK(tracked() == 100);
  options.max_tracked = 60; // 10 of a kind for each warden
  g.all->options.set(options);
  come("b", 200);
  CHECK(tracked() == 30);
}

TEST_CASE("rates: the names that are kept have a bound", "[actors][rates]") {
  auto options = limited(scope::address, {.count = 1, .period = 1h});
  options.max_tracked = 60; // 10 of a kind for each warden
  guarded g{options};
  for (int i = 0; i < 200; ++i) CHECK(g.passes(g.comes({{}, std::to_string(i)})) == "g");
  std::uint64_t tracked = 0, forgotten = 0;
  for (const auto& c : g.all->by_loop) {
    tracked += c->tracked.value();
    forgotten += c->forgotten.value();
  }
  CHECK(tracked == 30);
  CHECK(forgotten == 170);
}
