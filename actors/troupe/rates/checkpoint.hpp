// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CHECKPOINT: where what a connection does is held against its rates: its own ones at once, those of its user
// and its address by their wardens.
// Thread: its connection's. Owner: that actor's state. Bounded by: the connection's own bound on what it does
// not answer yet. What is granted keeps its order; a refusal may come before what was asked earlier is granted.
#pragma once
#include <troupe/rates/warden.hpp>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::rates {

/// Who does something; an empty name has no rate.
struct party {
  std::string user;
  std::string address;
};

class checkpoint {
public:
  /// @param all Outlives it; null: there are no rates.
  explicit checkpoint(const limits* all = nullptr) : all_(all) {}

  /// Whether somebody has a rate for it.
  [[nodiscard]] bool minds(operation what) const noexcept {
    if (!all_) return false;
    for (const auto by : {scope::connection, scope::user, scope::address})
      if (all_->options.of(by, what).is_set()) return true;
    return false;
  }

  /// @returns the verdict, or nothing: then `later(verdict)` is called with it, unless the actor ends before.
  template <class Self, class F>
  std::optional<verdict> pass(Self self, operation what, const party& who, F later) {
    if (!all_) return verdict::granted;
    if (own_is_over(self->home(), what)) return verdict::refused;
    const bool user = !who.user.empty() && all_->options.of(scope::user, what).is_set();
    const bool address = !who.address.empty() && all_->options.of(scope::address, what).is_set();
    if (!user && !address) return verdict::granted;
    const auto counted = address ? all_->address_counts_as(who.address) : std::string{};
    auto ask_address = [self, all = all_, what, from = counted](auto done) {
      self->request(all->wardens[of(from, *all)], caf::infinite, ask_permit{what, scope::address, from})
        .then([done](const permit& m) { done(m.decision); },
              [done](const caf::error&) { done(verdict::granted); }); // the server ends
    };
    if (!user) {
      ask_address(std::move(later));
      return std::nullopt;
    }
    auto then = [address, ask_address, later = std::move(later)](verdict v) {
      if (v == verdict::granted && address) ask_address(later);
      else later(v);
    };
    self->request(all_->wardens[of(who.user, *all_)], caf::infinite, ask_permit{what, scope::user, who.user})
      .then([then](const permit& m) { then(m.decision); },
            [then](const caf::error&) { then(verdict::granted); });
    return std::nullopt;
  }

private:
  using buckets = std::array<token_bucket, operation_names.size()>;

  static std::size_t of(std::string_view name, const limits& all) {
    return std::hash<std::string_view>{}(name) % all.wardens.size();
  }

  bool own_is_over(host& home, operation what) {
    const auto& limit = all_->options.of(scope::connection, what);
    if (!limit.is_set()) return false;
    if (!own_) own_ = std::make_unique<buckets>();
    if ((*own_)[static_cast<std::size_t>(what)].take(limit, home.now())) return false;
    all_->by_loop[home.index()]->of(scope::connection, what).add();
    return all_->over() == verdict::refused;
  }

  const limits* all_;
  std::unique_ptr<buckets> own_; // once it has done something with a rate
};

} // namespace troupe::rates
