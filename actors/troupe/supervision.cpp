// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/supervision.hpp>

#include <algorithm>

namespace troupe {

bool supervision::kill(std::uint64_t actor) {
  return std::ranges::any_of(all_, [&](supervisor* each) { return each->kill(actor); });
}

std::vector<ward> supervision::wards() const {
  std::vector<ward> all;
  for (const auto* each : all_) each->describe(all);
  return all;
}

void supervisor::enter(supervision& loop) {
  loop_ = &loop;
  loop.all_.push_back(this);
}

supervisor::~supervisor() {
  if (loop_) std::erase(loop_->all_, this);
}

} // namespace troupe
