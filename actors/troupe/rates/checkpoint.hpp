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

/// Who does something; an empty name has no rate. Refers to what its owner has.
struct party {
  std::string_view user;
  std::string_view address;
};

class checkpoint {
public:
  /// @param all Outlives it; null: there are no rates.
  explicit checkpoint(const limits* all = nullptr) : all_(all) {}

  /// Whether somebody has a rate for it now.
  [[nodiscard]] bool minds(operation what) const noexcept { return all_ && all_->options.get().any(what); }

  /// @returns the verdict, or nothing: then `later(verdict)` is called with it, unless the actor ends before.
  template <class Self, class F>
  std::optional<verdict> pass(Self self, operation what, const party& who, F later) {
    if (!all_) return verdict::granted;
    const auto& options = all_->options.get();
    if (own_is_over(options, self->home(), what)) return verdict::refused;
    const bool user = !who.user.empty() && options.of(scope::user, what).is_set();
    const bool address = !who.address.empty() && options.of(scope::address, what).is_set();
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
    self->request(all_->wardens[of(who.user, *all_)], caf::infinite, ask_permit{what, scope::user, std::string{who.user}})
      .then([then](const permit& m) { then(m.decision); },
            [then](const caf::error&) { then(verdict::granted); });
    return std::nullopt;
  }

private:
  using buckets = std::array<token_bucket, operation_names.size()>;

  static std::size_t of(std::string_view name, const limits& all) {
    return std::hash<std::string_view>{}(name) % all.wardens.size();
  }

  bool own_is_over(const rate_options& options, host& home, operation what) {
    const auto& limit = options.of(scope::connection, what);
    if (!limit.is_set()) return false;
    if (!own_) own_ = std::make_unique<buckets>();
    if ((*own_)[static_cast<std::size_t>(what)].take(limit, home.now())) return false;
    all_->by_loop[home.index()]->of(scope::connection, what).add();
    return over(options) == verdict::refused;
  }

  const limits* all_;
  std::unique_ptr<buckets> own_; // once it has done something with a rate
};

} // namespace troupe::rates
