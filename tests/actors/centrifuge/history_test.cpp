// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/centrifuge/history.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

using namespace troupe::centrifuge;
using namespace std::chrono_literals;

namespace {

using offsets = std::vector<std::uint64_t>;

offsets offsets_of(const std::vector<publication_ptr>& publications) {
  offsets result;
  for (const auto& p : publications) result.push_back(p->offset);
  return result;
}

/// A history whose epochs are "e1", "e2" and so on.
struct fixture {
  history::time_point now{};
  int epochs = 0;
  history stream{{3, 60s, 3600s}, [this] { return fmt::format("e{}", ++epochs); }, now};

  void publish(int count) {
    for (int i = 0; i < count; ++i) stream.append({}, now);
  }

  history_page read(history_query query, std::size_t cap = 300) {
    return std::get<history_page>(stream.read(query, cap, now));
  }

  error_code read_error(history_query query) {
    return std::get<error_code>(stream.read(query, 300, now));
  }

  recovery recover(stream_position seen, recovery_mode mode = recovery_mode::stream,
                   std::size_t cap = 300) {
    return stream.recover(seen, mode, cap, now);
  }
};

} // namespace

TEST_CASE("history: offsets rise from 1 by 1", "[actors][centrifuge][history]") {
  fixture f;
  CHECK(f.stream.top(f.now) == stream_position{0, "e1"});
  CHECK(f.stream.append({}, f.now)->offset == 1);
  const auto second = f.stream.append({}, f.now);
  CHECK(second->offset == 2);
  CHECK(second->epoch == "e1");
  CHECK(f.stream.top(f.now) == stream_position{2, "e1"});
}

TEST_CASE("history: keeps the last of them", "[actors][centrifuge][history]") {
  fixture f;
  f.publish(5);
  CHECK(offsets_of(f.read({-1, {}, false}).publications) == offsets{3, 4, 5});
  CHECK(f.stream.latest(f.now)->offset == 5);
}

TEST_CASE("history: a limit of 0 reads the position only", "[actors][centrifuge][history]") {
  fixture f;
  f.publish(2);
  const auto page = f.read({0, {}, false});
  CHECK(page.publications.empty());
  CHECK(page.top == stream_position{2, "e1"});
}

TEST_CASE("history: limits are cut to the cap", "[actors][centrifuge][history]") {
  fixture f;
  f.publish(3);
  CHECK(offsets_of(f.read({-1, {}, false}, 2).publications) == offsets{1, 2});
  CHECK(offsets_of(f.read({3, {}, false}, 2).publications) == offsets{1, 2});
  CHECK(offsets_of(f.read({1, {}, false}, 2).publications) == offsets{1});
}

TEST_CASE("history: reads on from an offset", "[actors][centrifuge][history]") {
  fixture f;
  f.publish(5); // 3, 4, 5 are kept
  const auto since = [&](std::uint64_t offset) {
    return offsets_of(f.read({-1, stream_position{offset, "e1"}, false}).publications);
  };
  CHECK(since(0) == offsets{3, 4, 5});
  CHECK(since(1) == offsets{3, 4, 5});
  CHECK(since(2) == offsets{3, 4, 5});
  CHECK(since(3) == offsets{4, 5});
  CHECK(since(5) == offsets{});
  CHECK(since(9) == offsets{});
  CHECK(since(UINT64_MAX) == offsets{});
}

TEST_CASE("history: reads backwards", "[actors][centrifuge][history]") {
  fixture f;
  f.publish(5);
  CHECK(offsets_of(f.read({2, {}, true}).publications) == offsets{5, 4});
  const auto since = [&](std::uint64_t offset) {
    return offsets_of(f.read({-1, stream_position{offset, ""}, true}).publications);
  };
  CHECK(since(1) == offsets{});
  CHECK(since(3) == offsets{});
  CHECK(since(4) == offsets{3});
  CHECK(since(5) == offsets{4, 3});
  CHECK(since(6) == offsets{5, 4, 3});
  CHECK(since(UINT64_MAX) == offsets{5, 4, 3});
}

TEST_CASE("history: refuses another epoch, and to go backwards from the start",
          "[actors][centrifuge][history]") {
  fixture f;
  f.publish(1);
  CHECK(f.read_error({1, stream_position{1, "other"}, false}) ==
        error_code::unrecoverable_position);
  CHECK(f.read_error({1, stream_position{0, "e1"}, true}) == error_code::bad_request);
}

TEST_CASE("history: all publications are dropped a while after the last",
          "[actors][centrifuge][history]") {
  fixture f;
  f.publish(1);
  f.now += 59s;
  f.publish(1);
  CHECK(f.stream.expires_at() == f.now + 60s);
  f.now += 59s;
  CHECK(f.read({-1, {}, false}).publications.size() == 2);
  f.now += 1s;
  const auto page = f.read({-1, {}, false});
  CHECK(page.publications.empty());
  CHECK(page.top == stream_position{2, "e1"});
  CHECK_FALSE(f.stream.expires_at());
  CHECK(f.stream.latest(f.now) == nullptr);
  CHECK(f.stream.append({}, f.now)->offset == 3);
}

TEST_CASE("history: epoch and offset are forgotten a while after the last use",
          "[actors][centrifuge][history]") {
  fixture f;
  f.publish(2);
  f.now += 3599s;
  CHECK(f.stream.top(f.now) == stream_position{2, "e1"}); // counts as use
  f.now += 3599s;
  CHECK(f.stream.top(f.now) == stream_position{2, "e1"});
  f.now += 3600s;
  CHECK(f.stream.top(f.now) == stream_position{0, "e2"});
}

TEST_CASE("history: clearing keeps epoch and offset", "[actors][centrifuge][history]") {
  fixture f;
  f.publish(2);
  f.stream.clear();
  CHECK(f.read({-1, {}, false}).publications.empty());
  CHECK(f.recover({2, "e1"}).recovered);
  CHECK_FALSE(f.recover({1, "e1"}).recovered);
  CHECK(f.stream.append({}, f.now)->offset == 3);
}

TEST_CASE("recovery: the missed publications, if all are kept", "[actors][centrifuge][history]") {
  fixture f;
  f.publish(5); // 3, 4, 5 are kept
  struct row {
    std::uint64_t offset;
    const char* epoch;
    bool recovered;
    offsets missed;
  };
  for (const auto& [offset, epoch, recovered, missed] : {
           row{5, "e1", true, {}},
           row{4, "e1", true, {5}},
           row{2, "e1", true, {3, 4, 5}},
           row{1, "e1", false, {}},
           row{0, "e1", false, {}},
           row{6, "e1", false, {}},
           row{UINT64_MAX, "e1", false, {}},
           row{4, "other", false, {}},
           row{4, "", true, {5}},
       }) {
    CAPTURE(offset, epoch);
    const auto result = f.recover({offset, epoch});
    CHECK(result.recovered == recovered);
    CHECK(offsets_of(result.publications) == missed);
    CHECK(result.top == stream_position{5, "e1"});
  }
}

TEST_CASE("recovery: more than the cap is not recovered", "[actors][centrifuge][history]") {
  fixture f;
  f.publish(3);
  CHECK(f.recover({1, "e1"}, recovery_mode::stream, 2).recovered);
  CHECK_FALSE(f.recover({0, "e1"}, recovery_mode::stream, 2).recovered);
}

TEST_CASE("recovery: a fresh stream has nothing to miss", "[actors][centrifuge][history]") {
  fixture f;
  CHECK(f.recover({0, ""}).recovered);
  CHECK_FALSE(f.recover({1, ""}).recovered);
}

TEST_CASE("recovery: a cache sends its latest publication unless it was seen",
          "[actors][centrifuge][history]") {
  fixture f;
  f.publish(5);
  struct row {
    std::uint64_t offset;
    const char* epoch;
    offsets missed;
  };
  for (const auto& [offset, epoch, missed] : {
           row{0, "", {5}},
           row{1, "e1", {5}},
           row{4, "other", {5}},
           row{5, "other", {5}},
           row{5, "", {5}},
           row{5, "e1", {}},
       }) {
    CAPTURE(offset, epoch);
    const auto result = f.recover({offset, epoch}, recovery_mode::cache);
    CHECK(result.recovered);
    CHECK(offsets_of(result.publications) == missed);
  }
}

TEST_CASE("recovery: an empty cache is recovered only where nothing changed",
          "[actors][centrifuge][history]") {
  fixture f;
  f.publish(2);
  f.stream.clear();
  CHECK(f.recover({2, "e1"}, recovery_mode::cache).recovered);
  CHECK_FALSE(f.recover({1, "e1"}, recovery_mode::cache).recovered);
  CHECK_FALSE(f.recover({0, ""}, recovery_mode::cache).recovered);
}
