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
  /// The members of a set, or nullptr if it has none.
  [[nodiscard]] const members* find(membership in, const std::string& name) const;

private:
  using sets = std::unordered_map<std::string, members>;
  static constexpr std::size_t kinds = 4;

  sets& of(membership in) noexcept { return sets_[static_cast<std::size_t>(in)]; }
  void forget(const memberships::entry& e);

  std::array<sets, kinds> sets_;
};

} // namespace troupe
