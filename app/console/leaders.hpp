// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LEADERS: the first n of many items by a key, in one pass, with room for 2n of them. An item that does
// not make it costs one comparison. Thread: its owner's.
#pragma once
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace troupe::app::console {

/// @tparam Before Whether a key comes before another one. Equal keys keep the order in which they came.
template <class Key, class Item, class Before>
class leaders {
public:
  explicit leaders(std::size_t count, Before before = {}) : count_{count}, before_{before} {}

  /// Takes `make()` in if its key is among the first so far.
  template <class Make>
  void offer(Key key, Make make) {
    const auto number = offered_++;
    if (count_ == 0 || (is_full_ && !before_(key, last_)))
      return;
    kept_.push_back({std::move(key), number, make()});
    if (kept_.size() >= 2 * count_)
      cut();
  }

  /// Of all that were offered, in order.
  std::vector<Item> take() {
    std::sort(kept_.begin(), kept_.end(), in_order());
    if (kept_.size() > count_)
      kept_.erase(at(count_), kept_.end());
    std::vector<Item> items;
    std::transform(kept_.begin(), kept_.end(), std::back_inserter(items),
                   [](entry& each) { return std::move(each.item); });
    kept_.clear();
    return items;
  }

private:
  struct entry {
    Key key;
    std::size_t number;
    Item item;
  };

  auto in_order() const {
    return [this](const entry& a, const entry& b) {
      if (before_(a.key, b.key))
        return true;
      return !before_(b.key, a.key) && a.number < b.number;
    };
  }
  auto at(std::size_t position) { return kept_.begin() + static_cast<std::ptrdiff_t>(position); }

  void cut() {
    std::nth_element(kept_.begin(), at(count_ - 1), kept_.end(), in_order());
    kept_.erase(at(count_), kept_.end());
    last_ = kept_.back().key;
    is_full_ = true;
  }

  std::size_t count_;
  Before before_;
  std::vector<entry> kept_;
  std::size_t offered_ = 0;
  Key last_{};           // of those kept after a cut: what does not come before it is out
  bool is_full_ = false;
};

} // namespace troupe::app::console
