// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SECRET: a key or token that callers have to name. Holds its digest alone, so that comparing takes the same
// time whatever a guess has in common with it. Thread: immutable, any.
#pragma once
#include <array>
#include <string_view>

namespace troupe::net::auth {

class secret {
public:
  /// @param text Empty: nothing is it.
  explicit secret(std::string_view text);

  [[nodiscard]] bool is(std::string_view guess) const;
  [[nodiscard]] bool empty() const noexcept { return empty_; }
  friend bool operator==(const secret&, const secret&) = default; // of two that are ours: takes no guess

private:
  std::array<unsigned char, 32> digest_{};
  bool empty_;
};

/// What follows a scheme such as "Bearer", in any case, in an Authorization header; empty if it is another one.
std::string_view credentials(std::string_view authorization, std::string_view scheme);

} // namespace troupe::net::auth
