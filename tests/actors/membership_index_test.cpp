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
