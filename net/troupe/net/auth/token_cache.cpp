// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/token_cache.hpp>

#include <openssl/sha.h>

#include <array>
#include <utility>

namespace troupe::net::auth {
namespace {

/// What tells tokens apart, also by what they are for.
std::string digest_of(std::string_view token, purpose what) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  return std::string{reinterpret_cast<const char*>(hash.data()), hash.size()} +
         (what == purpose::connection ? 'c' : 's');
}

/// Claims take about as much again as their text, and every entry its nodes.
std::size_t cost_of(std::string_view token) noexcept { return 512 + 2 * token.size(); }

} // namespace

std::optional<verifier::authentic> token_cache::find(std::string_view token, purpose what,
                                                     unix_clock::time_point now) {
  const auto found = by_digest_.find(digest_of(token, what));
  if (found == by_digest_.end()) return std::nullopt;
  const auto which = found->second;
  const auto& verified = which->verified;
  const auto& expires = verified.said->expires;
  if ((verified.until && now >= *verified.until) || (expires && now >= *expires)) {
    erase(which);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, which);
  return verified;
}

void token_cache::add(std::string_view token, purpose what, verifier::authentic verified) {
  const auto bytes = cost_of(token);
  auto digest = digest_of(token, what);
  if (bytes > max_bytes_ || by_digest_.contains(digest)) return;
  while (bytes_ + bytes > max_bytes_) erase(std::prev(entries_.end()));
  entries_.push_front({std::move(digest), std::move(verified), bytes});
  by_digest_.emplace(entries_.front().digest, entries_.begin());
  bytes_ += bytes;
}

void token_cache::clear() {
  by_digest_.clear();
  entries_.clear();
  bytes_ = 0;
}

void token_cache::erase(entries::iterator which) {
  bytes_ -= which->bytes;
  by_digest_.erase(which->digest);
  entries_.erase(which);
}

} // namespace troupe::net::auth
