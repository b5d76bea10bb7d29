// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/subscriber_position.hpp>

#include <algorithm>
#include <iterator>

namespace troupe::centrifuge {

arrival subscriber_position::accept(const publication& next) {
  if (next.offset == 0) return arrival::expected;
  if (last_.epoch.empty()) last_.epoch = next.epoch;
  if (next.epoch != last_.epoch) return arrival::insufficient;
  if (next.offset <= last_.offset) return arrival::repeated;
  if (next.offset != last_.offset + 1) return arrival::insufficient;
  last_.offset = next.offset;
  return arrival::expected;
}

std::optional<std::vector<publication_ptr>> merge_recovered(subscriber_position& position,
                                                            std::vector<publication_ptr> recovered,
                                                            std::vector<publication_ptr> arrived) {
  auto all = std::move(recovered);
  std::ranges::move(arrived, std::back_inserter(all));
  // Offset 0, outside of the stream, wraps around and so goes last.
  std::ranges::stable_sort(all, {}, [](const publication_ptr& p) { return p->offset - 1; });
  std::vector<publication_ptr> merged;
  for (auto& next : all) {
    const auto verdict = position.accept(*next);
    if (verdict == arrival::insufficient) return std::nullopt;
    if (verdict == arrival::expected) merged.push_back(std::move(next));
  }
  return merged;
}

} // namespace troupe::centrifuge
