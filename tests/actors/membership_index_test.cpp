// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/membership_index.hpp>

#include "support/catch.hpp"

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace troupe;

namespace {

std::multiset<std::uint32_t> slots_of(const membership_index& index, membership in,
                                      const std::string& name) {
  std::multiset<std::uint32_t> slots;
  if (const auto* members = index.find(in, name))
    for (std::uint32_t i = 0; i < members->extent(); ++i)
      if (const auto slot = (*members)[i].slot; slot != membership_index::member::none)
        slots.insert(slot);
  return slots;
}

using slots = std::multiset<std::uint32_t>;

} // namespace

TEST_CASE("stable_list: items keep their positions while others go", "[actors][membership_index]") {
  stable_list<std::string> list;
  const auto a = list.insert("a"), b = list.insert("b"), c = list.insert("c");
  list.erase(b);
  CHECK(list[a] == "a");
  CHECK(list[b].empty());
  CHECK(list[c] == "c");
  CHECK(list.size() == 2);
  CHECK(list.extent() == 3);
}

TEST_CASE("stable_list: holes are filled first", "[actors][membership_index]") {
  stable_list<int> list;
  for (int i = 0; i < 4; ++i) list.insert(i);
  list.erase(1);
  list.erase(3);
  const std::set<std::uint32_t> filled{list.insert(10), list.insert(11)};
  CHECK(filled == std::set<std::uint32_t>{1, 3});
  CHECK(list.extent() == 4);
  CHECK(list.insert(12) == 4);
  CHECK(list.size() == 5);
}

TEST_CASE("membership_index: a set exists while it has members", "[actors][membership_index]") {
  membership_index index;
  membership_index::memberships one, two;
  CHECK_FALSE(index.find(membership::group, "g"));
  index.add(membership::group, "g", 1, one);
  index.add(membership::group, "g", 2, two);
  CHECK(slots_of(index, membership::group, "g") == slots{1, 2});
  CHECK(index.find(membership::group, "g")->size() == 2);
  index.remove(membership::group, "g", one);
  CHECK(slots_of(index, membership::group, "g") == slots{2});
  index.remove(membership::group, "g", two);
  CHECK_FALSE(index.find(membership::group, "g"));
}

TEST_CASE("membership_index: joining twice is joining once", "[actors][membership_index]") {
  membership_index index;
  membership_index::memberships mine;
  for (int i = 0; i < 3; ++i) index.add(membership::label, "l", 5, mine);
  CHECK(slots_of(index, membership::label, "l") == slots{5});
  index.remove(membership::label, "l", mine);
  CHECK_FALSE(index.find(membership::label, "l"));
}

TEST_CASE("membership_index: leaving what one is not in does nothing", "[actors][membership_index]") {
  membership_index index;
  membership_index::memberships mine, other;
  index.add(membership::group, "g", 1, mine);
  index.remove(membership::group, "g", other);
  index.remove(membership::label, "g", mine);
  index.remove(membership::group, "h", mine);
  CHECK(slots_of(index, membership::group, "g") == slots{1});
}

TEST_CASE("membership_index: users, groups and labels of one name are three sets",
          "[actors][membership_index]") {
  membership_index index;
  membership_index::memberships a, b, c;
  index.add(membership::user, "x", 1, a);
  index.add(membership::group, "x", 2, b);
  index.add(membership::label, "x", 3, c);
  CHECK(slots_of(index, membership::user, "x") == slots{1});
  CHECK(slots_of(index, membership::group, "x") == slots{2});
  CHECK(slots_of(index, membership::label, "x") == slots{3});
}

TEST_CASE("membership_index: a new user replaces the former one", "[actors][membership_index]") {
  membership_index index;
  membership_index::memberships mine, other;
  index.add(membership::user, "ann", 1, mine);
  index.add(membership::user, "ann", 2, other);
  index.add(membership::user, "bob", 1, mine);
  CHECK(slots_of(index, membership::user, "ann") == slots{2});
  CHECK(slots_of(index, membership::user, "bob") == slots{1});
  index.add(membership::user, "bob", 1, mine);
  CHECK(slots_of(index, membership::user, "bob") == slots{1});
}

TEST_CASE("membership_index: whoever leaves leaves everything", "[actors][membership_index]") {
  membership_index index;
  membership_index::memberships mine, other;
  index.add(membership::user, "ann", 1, mine);
  index.add(membership::group, "g", 1, mine);
  index.add(membership::group, "h", 1, mine);
  index.add(membership::label, "l", 1, mine);
  index.add(membership::group, "g", 2, other);
  index.remove_all(mine);
  CHECK_FALSE(index.find(membership::user, "ann"));
  CHECK_FALSE(index.find(membership::group, "h"));
  CHECK_FALSE(index.find(membership::label, "l"));
  CHECK(slots_of(index, membership::group, "g") == slots{2});
  index.remove_all(mine);
  CHECK(slots_of(index, membership::group, "g") == slots{2});
}

TEST_CASE("membership_index: a walk in steps sees each who stays once, while others come and go",
          "[actors][membership_index]") {
  std::mt19937 random{GENERATE(1U, 2U, 3U)};
  membership_index index;
  std::map<std::uint32_t, membership_index::memberships> members;
  std::uint32_t next_slot = 0;
  const auto join = [&] {
    index.add(membership::group, "g", next_slot, members[next_slot]);
    ++next_slot;
  };
  for (int i = 0; i < 100; ++i) join();
  std::set<std::uint32_t> stayed;
  for (const auto& [slot, ignored] : members) stayed.insert(slot);
  std::multiset<std::uint32_t> seen;
  for (std::uint32_t cursor = 0;; ++cursor) {
    const auto* group = index.find(membership::group, "g");
    if (!group || cursor >= group->extent()) break;
    if (const auto slot = (*group)[cursor].slot; slot != membership_index::member::none)
      seen.insert(slot);
    if (random() % 3 == 0) join();
    if (random() % 2 == 0 && members.size() > 1) {
      const auto leaver = std::next(members.begin(), static_cast<std::ptrdiff_t>(random() % members.size()));
      index.remove_all(leaver->second);
      stayed.erase(leaver->first);
      members.erase(leaver);
    }
  }
  CHECK(stayed.size() < 100);
  for (const auto slot : stayed) CHECK(seen.count(slot) == 1);
}

namespace {

using figures = std::map<std::string, std::size_t>;

// Everything of a kind, a few sets at a time; `between` may change the index after each part.
template <class F>
figures visited(const membership_index& index, std::size_t budget, F between) {
  figures found;
  for (membership_index::part at; !at.through; between()) {
    figures now;
    at = index.visit(membership::group, at, budget,
                     [&](const std::string& name, std::size_t size) { now[name] = size; });
    if (at.anew) found.clear();
    found.merge(now);
  }
  return found;
}

} // namespace

TEST_CASE("membership_index: a visit in parts sees every set with its size",
          "[actors][membership_index]") {
  membership_index index;
  std::vector<membership_index::memberships> of(50);
  figures expected;
  for (std::uint32_t slot = 0; slot < 50; ++slot)
    for (std::uint32_t g = 0; g <= slot; ++g) {
      index.add(membership::group, std::to_string(g), slot, of[slot]);
      ++expected[std::to_string(g)];
    }
  index.add(membership::user, "ann", 0, of[0]);
  for (const std::size_t budget : {1, 7, 1000})
    CHECK(visited(index, budget, [] {}) == expected);
  CHECK(visited(membership_index{}, 10, [] {}).empty());
}

TEST_CASE("membership_index: a visit begins anew when the index grows under it",
          "[actors][membership_index]") {
  membership_index index;
  std::vector<membership_index::memberships> of(500);
  const auto add = [&](std::uint32_t n) {
    index.add(membership::group, std::to_string(n), n, of[n]);
  };
  for (std::uint32_t n = 0; n < 50; ++n) add(n);
  std::uint32_t next = 50;
  const auto found = visited(index, 5, [&] {
    for (int i = 0; i < 20 && next < 500; ++i) add(next++);
  });
  for (std::uint32_t n = 0; n < 50; ++n) CHECK(found.contains(std::to_string(n)));
}
