// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ACCESS: what the tokens of the console allow. Thread: any; change() by one at a time.
#pragma once
#include "app/console/commands.hpp"
#include "app/console/options.hpp"

#include <troupe/live.hpp>
#include <troupe/net/auth/secret.hpp>

#include <optional>
#include <string_view>

namespace troupe::app::console {

class access {
public:
  explicit access(const console_options& options) : tokens_{tokens{options}} {}

  /// Others, for sessions and requests to come.
  void change(const console_options& options) {
    if (const tokens next{options}; next != tokens_.get())
      tokens_.set(next);
  }

  /// Nothing if it is no token. Takes the same time whichever it is.
  [[nodiscard]] std::optional<role> of(std::string_view token) const {
    const auto& now = tokens_.get();
    const bool operates = now.operate.is(token);
    const bool looks = now.look.is(token);
    return operates ? std::optional{role::operate} : looks ? std::optional{role::read_only} : std::nullopt;
  }

private:
  struct tokens {
    explicit tokens(const console_options& options)
        : operate{options.operator_token}, look{options.read_only_token} {}

    net::auth::secret operate;
    net::auth::secret look;
    friend bool operator==(const tokens&, const tokens&) = default;
  };
  live<tokens> tokens_;
};

} // namespace troupe::app::console
