// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/rates/warden.hpp>

#include <algorithm>
#include <utility>

namespace troupe::rates {

warden_actor::behavior_type warden_state::make_behavior(live_rates options, std::size_t wardens,
                                                        std::shared_ptr<counters> figures) {
  options_ = std::move(options);
  wardens_ = wardens;
  figures_ = std::move(figures);
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  return {[this](const ask_permit& m) { return on_ask(m); }};
}

permit warden_state::on_ask(const ask_permit& m) {
  const auto& options = options_.get();
  const auto& limit = options.of(m.by, m.what);
  if (!limit.is_set()) return {}; // any more
  const auto now = self_->home().now();
  auto& table = m.by == scope::user ? users_ : addresses_;
  table.limit(std::max<std::size_t>(1, options.max_tracked / (2 * wardens_)));
  const auto forgotten = table.forgotten();
  const auto size = table.size();
  const bool granted = table.of(m.whose, m.what, now).take(limit, now);
  figures_->forgotten.add(table.forgotten() - forgotten);
  figures_->tracked.add(table.size() - size);
  if (granted) return {};
  figures_->of(m.by, m.what).add();
  return {over(options)};
}

warden_actor::behavior_type warden(warden_state::pointer self, live_rates options,
                                   std::size_t wardens, std::shared_ptr<counters> figures) {
  return self->state.make_behavior(std::move(options), wardens, std::move(figures));
}

std::shared_ptr<const limits> spawn_wardens(const std::vector<host*>& homes, const rate_options& options,
                                            address_reading address_counts_as) {
  auto all = std::make_shared<limits>();
  all->options = live_rates{options};
  all->address_counts_as = address_counts_as;
  for (auto* home : homes) {
    all->by_loop.push_back(std::make_shared<counters>());
    all->wardens.push_back(spawn_on(*home, warden, all->options, homes.size(), all->by_loop.back()));
  }
  return all;
}

} // namespace troupe::rates
