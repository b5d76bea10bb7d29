// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/closed_connections.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

std::size_t bytes_of(const connection_down& one) {
  auto bytes = sizeof(connection_down) + one.how.text.size();
  if (!one.who) return bytes;
  bytes += sizeof(connection_profile) + one.who->user.size() + one.who->origin.peer.size();
  for (const auto* names : {&one.who->groups, &one.who->labels})
    for (const auto& name : *names) bytes += sizeof(name) + name.size();
  return bytes;
}

bool matches(const connection_down& one, const closed_query& query) {
  return (!query.reason || one.how.reason == *query.reason) &&
         (!query.by || info(one.how.reason).by == *query.by) &&
         (!query.user || one.who->user == *query.user) && (!query.id || one.who->id == *query.id) &&
         (!query.since || one.when >= *query.since);
}

} // namespace

void closed_connections::add(connection_down one) {
  ++ended_;
  bytes_ += bytes_of(one);
  kept_.push_back(std::move(one));
  while (kept_.size() > limits_.max_entries || bytes_ > limits_.max_bytes) drop_oldest();
}

void closed_connections::drop_oldest() {
  bytes_ -= bytes_of(kept_.front());
  kept_.pop_front();
}

closed_page closed_connections::find(const closed_query& query) const {
  closed_page page{{}, 0, kept_.size(), ended_ + missed_, missed_};
  const auto limit = std::min(query.limit, max_answer);
  for (auto one = kept_.rbegin(); one != kept_.rend(); ++one) {
    if (!matches(*one, query)) continue;
    if (page.matching++ >= query.offset && page.rows.size() < limit) page.rows.push_back(*one);
  }
  return page;
}

closed_counts closed_connections::count(const closed_query& query) const {
  closed_counts counts;
  for (const auto& one : kept_) {
    if (!matches(one, query)) continue;
    ++counts.matching;
    ++counts.by_reason[static_cast<std::size_t>(one.how.reason)];
  }
  return counts;
}

} // namespace troupe
