// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A message that is longer than the broker takes goes in pieces, each with a first byte that tells which it is. Those of
// one sender come in order, or are missing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::net::cluster {

enum class piece : char { whole = 'w', first = 'f', next = 'n', last = 'l' };

/// Puts pieces together again. Thread: one. Bounded by: max_bytes of all that is not whole, of max_senders.
class piece_joiner {
public:
  explicit piece_joiner(std::size_t max_bytes, std::size_t max_senders = 1024)
    : max_bytes_(max_bytes), max_senders_(max_senders) {}

  /// @returns what is whole now: valid until the next call.
  std::optional<std::string_view> take(const std::string& sender, std::string_view bytes);

private:
  void forget(const std::string& sender);

  std::size_t max_bytes_;
  std::size_t max_senders_;
  std::map<std::string, std::string> open_; // by sender
  std::size_t bytes_ = 0;                   // in them
  std::string done_;
};

/// Calls `send(bytes)` for each piece of at most `max_bytes`. @returns false: so did one of them, and the rest is not sent.
template <class F>
bool in_pieces(std::string_view whole, std::size_t max_bytes, std::string& memory, F send) {
  const auto room = max_bytes - 1;
  for (std::size_t at = 0; at == 0 || at < whole.size(); at += room) {
    const auto part = whole.substr(at, room);
    const bool begins = at == 0, ends = at + room >= whole.size();
    const auto kind = begins && ends ? piece::whole : begins ? piece::first : ends ? piece::last : piece::next;
    memory.assign(1, static_cast<char>(kind)).append(part);
    if (!send(std::string_view{memory})) return false;
  }
  return true;
}

} // namespace troupe::net::cluster
