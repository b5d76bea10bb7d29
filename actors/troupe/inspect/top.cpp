// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/inspect/top.hpp>

#include <algorithm>
#include <utility>

namespace troupe::inspection {

namespace {

struct ranked {
  double value;
  row what;
};

} // namespace

top_page top(const observatory& of, const top_query& query) {
  const auto wanted = std::min(max_rows, std::min(query.offset, max_rows) + std::min(query.limit, max_rows));
  const auto sign = query.in == order::descending ? -1.0 : 1.0;
  const auto before = [](const ranked& a, const ranked& b) {
    return std::pair{a.value, a.what.id} < std::pair{b.value, b.what.id};
  };
  top_page page;
  std::vector<ranked> best; // a heap with the last one in front
  const auto see = [&](const row& r) {
    if (query.where && !query.where(r)) return;
    ++page.matching;
    const auto value = sign * (query.by ? query.by->value(r) : static_cast<double>(r.id));
    if (best.size() == wanted) {
      if (wanted == 0 || std::pair{value, r.id} >= std::pair{best.front().value, best.front().what.id})
        return;
      std::ranges::pop_heap(best, before);
      best.back() = {value, r};
    } else {
      best.push_back({value, r});
    }
    std::ranges::push_heap(best, before);
  };
  if (query.kind) of.visit(*query.kind, see);
  else of.visit(see);
  std::ranges::sort_heap(best, before);
  for (auto i = std::min(query.offset, best.size()); i < best.size(); ++i)
    page.rows.push_back(std::move(best[i].what));
  return page;
}

} // namespace troupe::inspection
