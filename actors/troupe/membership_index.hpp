// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// MEMBERSHIP INDEX: which slots of a shard belong to which users, groups, labels
// and channels. Positions in a set
// are stable while members come and go, so that a long walk over it can be interrupted and resumed
// without missing or repeating anyone who stays.
// Thread: its shard's. Bounded by: memberships of live connections.
#pragma once
#include <troupe/target.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

/// Items at stable positions; erased ones leave holes that are filled first.
template <class T>
class stable_list {
public:
  std::uint32_t insert(T item) {
    if (holes_.empty()) {
      items_.push_back(std::move(item));
      return static_cast<std::uint32_t>(items_.size() - 1);
    }
    const auto at = holes_.back();
    holes_.pop_back();
    items_[at] = std::move(item);
    return at;
  }
  void erase(std::uint32_t at) {
    items_[at] = T{};
    holes_.push_back(at);
  }
  /// Positions in use, holes included.
  [[nodiscard]] std::uint32_t extent() const noexcept {
    return static_cast<std::uint32_t>(items_.size());
  }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size() - holes_.size(); }
  T& operator[](std::uint32_t at) noexcept { return items_[at]; }
  const T& operator[](std::uint32_t at) const noexcept { return items_[at]; }

private:
  std::vector<T> items_;
  std::vector<std::uint32_t> holes_;
};

class membership_index {
public:
  /// Slot of a member; a hole has none.
  struct member {
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    std::uint32_t slot = none;
  };
  using members = stable_list<member>;

  /// What one slot belongs to; kept by the slot's owner, changed only here.
  class memberships {
    friend class membership_index;
    struct entry {
      membership in;
      std::pair<const std::string, members>* set;
      std::uint32_t position;
    };
    std::vector<entry> entries_;
  };

  /// Adds `slot` to a set; does nothing if it is in it. A new user replaces the former one.
  void add(membership in, const std::string& name, std::uint32_t slot, memberships& of_slot);
  void remove(membership in, const std::string& name, memberships& of_slot);
  void remove_all(memberships& of_slot);
  /// Calls visit(kind, name) for everything a slot belongs to.
  template <class Visit>
  static void for_each(const memberships& of_slot, Visit visit) {
    for (const auto& e : of_slot.entries_) visit(e.in, e.set->first);
  }
  /// The members of a set, or nullptr if it has none.
  [[nodiscard]] const members* find(membership in, const std::string& name) const;

  /// Calls visit(name, size) for a part of the sets of a kind: about `budget` of them from `from` on,
  /// which is the default at first and then what the call before has returned. Nothing follows the
  /// part whose result says `through`. Sets that stay are visited at least once; all anew if the
  /// index has grown between two parts, which the result says too.
  struct part {
    std::size_t next = 0;
    std::size_t extent = 0;
    bool anew = false;
    bool through = false;
  };
  template <class Visit>
  part visit(membership in, const part& from, std::size_t budget, Visit visit) const {
    const auto& all = sets_[static_cast<std::size_t>(in)];
    part now{0, all.bucket_count()};
    now.anew = from.next != 0 && from.extent != now.extent;
    if (!now.anew) now.next = from.next;
    for (; now.next < now.extent && budget != 0; ++now.next, --budget)
      for (auto set = all.begin(now.next); set != all.end(now.next); ++set) {
        visit(set->first, set->second.size());
        if (budget > 1) --budget;
      }
    now.through = now.next >= now.extent;
    return now;
  }

private:
  using sets = std::unordered_map<std::string, members>;
  static constexpr std::size_t kinds = 4;

  sets& of(membership in) noexcept { return sets_[static_cast<std::size_t>(in)]; }
  void forget(const memberships::entry& e);

  std::array<sets, kinds> sets_;
};

} // namespace troupe
