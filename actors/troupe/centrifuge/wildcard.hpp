// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Subscriptions to many channels at once: in a pattern, levels are separated by ".", "*" stands for
// exactly one level and a final ">" for one or more. "a.*.b" matches "a.x.b", "a.>" matches "a.x"
// and "a.x.y". Work of a match: one step per trie node reached, and never more than stored. A channel
// is matched by less than 2^(max_pattern_levels + 1) patterns, however many there are.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::centrifuge {

inline constexpr std::size_t max_pattern_levels = 8;

/// Whether a name is meant as a pattern: one of its levels is "*" or ">".
bool is_pattern(std::string_view name);

/// Whether a pattern can be subscribed to: at most max_pattern_levels levels, none empty, ">" only
/// at the end.
bool is_valid_pattern(std::string_view pattern);

/// Goes through the levels of a name: "a..b" has three, the empty name has one.
class levels {
public:
  explicit levels(std::string_view name) : rest_(name) {}

  /// The next level; nothing after the last.
  std::optional<std::string_view> next();

private:
  std::string_view rest_;
  bool done_ = false;
};

/// Values by pattern, found by the channels that the patterns match. Not safe from several threads.
template <class T>
class wildcard_map {
public:
  /// The value of a pattern, made if there is none. `pattern` must be valid. The reference holds
  /// until the pattern is erased.
  T& operator[](std::string_view pattern) {
    node* at = &root_;
    levels parts(pattern);
    while (const auto level = parts.next()) {
      auto child = at->children.find(*level);
      if (child == at->children.end())
        child = at->children.emplace(std::string(*level), std::make_unique<node>()).first;
      at = child->second.get();
    }
    if (!at->value) {
      at->value.emplace();
      ++size_;
    }
    return *at->value;
  }

  /// The value of exactly this pattern; null if there is none.
  T* find(std::string_view pattern) {
    node* at = &root_;
    levels parts(pattern);
    while (const auto level = parts.next()) {
      const auto child = at->children.find(*level);
      if (child == at->children.end()) return nullptr;
      at = child->second.get();
    }
    return at->value ? &*at->value : nullptr;
  }

  /// Forgets a pattern and the nodes only it needed. Whether there was one.
  bool erase(std::string_view pattern) { return erase(root_, levels(pattern)); }

  /// Calls `visit(value)` once for every pattern that matches the channel. The map must not change
  /// meanwhile.
  template <class Visit>
  void match(std::string_view channel, Visit&& visit) const {
    match(root_, levels(channel), visit);
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

private:
  struct node {
    std::map<std::string, std::unique_ptr<node>, std::less<>> children;
    std::optional<T> value;
  };

  bool erase(node& at, levels parts) {
    const auto level = parts.next();
    if (!level) {
      if (!at.value) return false;
      at.value.reset();
      --size_;
      return true;
    }
    const auto child = at.children.find(*level);
    if (child == at.children.end() || !erase(*child->second, parts)) return false;
    if (child->second->children.empty() && !child->second->value) at.children.erase(child);
    return true;
  }

  // As deep as the longest pattern, however long the channel's name is.
  template <class Visit>
  static void match(const node& at, levels parts, Visit& visit) {
    const auto level = parts.next();
    if (!level) {
      if (at.value) visit(*at.value);
      return;
    }
    if (const auto rest = at.children.find(">"); rest != at.children.end() && rest->second->value)
      visit(*rest->second->value);
    if (const auto any = at.children.find("*"); any != at.children.end())
      match(*any->second, parts, visit);
    // A channel's own level may be spelled like a wildcard: those nodes have just been visited.
    if (*level == "*" || *level == ">") return;
    if (const auto same = at.children.find(*level); same != at.children.end())
      match(*same->second, parts, visit);
  }

  node root_;
  std::size_t size_ = 0;
};

} // namespace troupe::centrifuge
