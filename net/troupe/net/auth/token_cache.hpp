// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TOKEN CACHE: tokens whose signature was found good, so that a client that comes back costs no second
// verification. Keeps a digest, not the token. Owner: the AUTHENTICATOR, on its thread. Bounded by: bytes; then
// the least recently used goes.
#pragma once
#include <troupe/net/auth/verifier.hpp>

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::net::auth {

class token_cache {
public:
  explicit token_cache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Nothing if it is not there, or its key or the token has expired.
  std::optional<verifier::authentic> find(std::string_view token, purpose what,
                                          unix_clock::time_point now);
  /// One that is larger than the cache is not kept.
  void add(std::string_view token, purpose what, verifier::authentic verified);
  void clear();

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
  struct entry {
    std::string digest;
    verifier::authentic verified;
    std::size_t bytes = 0;
  };
  using entries = std::list<entry>;

  void erase(entries::iterator which);

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  entries entries_; // most recently used first
  std::unordered_map<std::string_view, entries::iterator> by_digest_;
};

} // namespace troupe::net::auth
