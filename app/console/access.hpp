// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ACCESS: what the tokens of the console allow. Thread: immutable, any.
#pragma once
#include "app/console/commands.hpp"
#include "app/console/options.hpp"

#include <troupe/net/auth/secret.hpp>

#include <optional>
#include <string_view>

namespace troupe::app::console {

class access {
public:
  explicit access(const console_options& options)
      : operate_{options.operator_token}, look_{options.read_only_token} {}

  /// Nothing if it is no token. Takes the same time whichever it is.
  [[nodiscard]] std::optional<role> of(std::string_view token) const {
    const bool operates = operate_.is(token);
    const bool looks = look_.is(token);
    return operates ? std::optional{role::operate} : looks ? std::optional{role::read_only} : std::nullopt;
  }

private:
  net::auth::secret operate_;
  net::auth::secret look_;
};

} // namespace troupe::app::console
