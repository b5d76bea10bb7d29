// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/cluster/pieces.hpp>

namespace troupe::net::cluster {

void piece_joiner::forget(const std::string& sender) {
  const auto found = open_.find(sender);
  if (found == open_.end()) return;
  bytes_ -= found->second.size();
  open_.erase(found);
}

std::optional<std::string_view> piece_joiner::take(const std::string& sender, std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto kind = static_cast<piece>(bytes.front());
  bytes.remove_prefix(1);
  if (kind == piece::whole || kind == piece::first) forget(sender); // it begins anew
  if (kind == piece::whole) return bytes;
  const bool goes_on = kind == piece::next || kind == piece::last;
  if (goes_on && !open_.contains(sender)) return std::nullopt; // its beginning is missing
  const bool fits = bytes_ + bytes.size() <= max_bytes_ && (goes_on || open_.size() < max_senders_);
  if (!fits || (!goes_on && kind != piece::first)) {
    forget(sender);
    return std::nullopt;
  }
  auto& open = open_[sender];
  open += bytes;
  bytes_ += bytes.size();
  if (kind != piece::last) return std::nullopt;
  done_ = open;
  forget(sender);
  return done_;
}

} // namespace troupe::net::cluster
