// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The two names of a connection: a UUIDv4 for people and clients, a 64-bit handle for routing.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// A random UUID of version 4 (RFC 4122). Not a secret, but not guessable either.
class client_id {
public:
  /// The nil UUID.
  constexpr client_id() noexcept = default;

  /// A new one from the operating system's entropy. @throws std::exception if there is none.
  static client_id random();
  /// Reads the canonical text, in either case.
  static std::optional<client_id> parse(std::string_view text) noexcept;

  /// The canonical text, in lower case.
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(const client_id&, const client_id&) noexcept = default;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, client_id& x) {
    return f(x.high_, x.low_);
  }

private:
  friend struct std::hash<client_id>;
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

/// Where a connection is: shard (loop) index, slot in its shard, and a generation that tells a slot's
/// tenants apart, so that routing by handle is an array access and a stale handle matches nobody.
struct connection_handle {
  std::uint16_t shard = 0;
  std::uint16_t generation = 0; ///< 0 is nobody.
  std::uint32_t slot = 0;

  constexpr explicit operator bool() const noexcept { return generation != 0; }
  friend constexpr auto operator<=>(const connection_handle&,
                                    const connection_handle&) noexcept = default;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, connection_handle& x) {
    return f(x.shard, x.generation, x.slot);
  }
};

} // namespace troupe

template <>
struct std::hash<troupe::client_id> {
  std::size_t operator()(const troupe::client_id& id) const noexcept {
    return static_cast<std::size_t>(id.high_ ^ id.low_); // random already
  }
};

namespace troupe {

/// In [0, 1), different for each connection: spreads what would fall together.
inline double spread_of(const client_id& id) noexcept {
  constexpr std::size_t steps = 4096;
  return static_cast<double>(std::hash<client_id>{}(id) % steps) / steps;
}

} // namespace troupe
