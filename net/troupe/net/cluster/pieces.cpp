// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/cluster/pieces.hpp>

#include <utility>

namespace troupe::net::cluster {

std::optional<std::string_view> piece_joiner::take(const std::string& sender, std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto kind = static_cast<piece>(bytes.front());
  bytes.remove_prefix(1);
  if (kind == piece::whole) {
    open_.erase(sender);
    return bytes;
  }
  if (kind == piece::first) {
    if (open_.size() >= max_senders_ && !open_.contains(sender)) return std::nullopt;
    open_[sender] = bytes;
    return std::nullopt;
  }
  const auto found = open_.find(sender);
  if (found == open_.end()) return std::nullopt; // its beginning is missing
  if (found->second.size() + bytes.size() > max_bytes_ || (kind != piece::next && kind != piece::last)) {
    open_.erase(found);
    return std::nullopt;
  }
  found->second += bytes;
  if (kind == piece::next) return std::nullopt;
  done_ = std::move(found->second);
  open_.erase(found);
  return done_;
}

} // namespace troupe::net::cluster
