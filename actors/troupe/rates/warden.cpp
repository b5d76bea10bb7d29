// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/rates/warden.hpp>

#include <algorithm>
#include <utility>

namespace troupe::rates {

warden_actor::behavior_type warden_state::make_behavior(const rate_options& options, live_choice<enforcement> mode,
                                                        std::size_t max_names,
                                                        std::shared_ptr<counters> figures) {
  options_ = options;
  mode_ = std::move(mode);
  users_.emplace(max_names);
  addresses_.emplace(max_names);
  figures_ = std::move(figures);
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  return {[this](const ask_permit& m) { return on_ask(m); }};
}

permit warden_state::on_ask(const ask_permit& m) {
  const auto& limit = options_.of(m.by, m.what);
  if (!limit.is_set()) return {};
  const auto now = self_->home().now();
  auto& table = m.by == scope::user ? *users_ : *addresses_;
  const auto forgotten = table.forgotten();
  const auto size = table.size();
  const bool granted = table.of(m.whose, m.what, now).take(limit, now);
  figures_->forgotten.add(table.forgotten() - forgotten);
  figures_->tracked.add(table.size() - size);
  if (granted) return {};
  figures_->of(m.by, m.what).add();
  return {mode_ == enforcement::refuse ? verdict::refused : verdict::granted};
}

warden_actor::behavior_type warden(warden_state::pointer self, rate_options options, live_choice<enforcement> mode,
                                   std::size_t max_names, std::shared_ptr<counters> figures) {
  return self->state.make_behavior(options, std::move(mode), max_names, std::move(figures));
}

std::shared_ptr<const limits> spawn_wardens(const std::vector<host*>& homes, const rate_options& options,
                                            address_reading address_counts_as) {
  if (!options.any(scope::connection) && !options.any(scope::user) && !options.any(scope::address))
    return nullptr;
  auto all = std::make_shared<limits>();
  all->options = options;
  all->mode.set(options.what);
  all->address_counts_as = address_counts_as;
  const auto names = std::max<std::size_t>(1, options.max_tracked / (2 * homes.size()));
  for (auto* home : homes) {
    all->by_loop.push_back(std::make_shared<counters>());
    all->wardens.push_back(spawn_on(*home, warden, options, all->mode, names, all->by_loop.back()));
  }
  return all;
}

} // namespace troupe::rates
