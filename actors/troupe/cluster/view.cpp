// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/cluster/view.hpp>

#include <algorithm>
#include <utility>

namespace troupe::cluster {

namespace {

std::uint64_t mixed(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// FNV-1a of 64 bits, and the finalizer of splitmix64.
std::uint64_t stable_hash(std::string_view bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : bytes) hash = (hash ^ c) * 0x100000001b3;
  return mixed(hash);
}

} // namespace

std::uint64_t view::weight(std::string_view uid, std::string_view channel) noexcept {
  return mixed(stable_hash(channel) ^ stable_hash(uid));
}

view::view(const std::string& self, std::vector<other> others, bool connected, bool owns) : connected_(connected) {
  for (auto& each : others) {
    peers_.push_back(each.who);
    if (!each.settled) unsettled_.push_back(each.who);
    if (each.owns) candidates_.push_back({stable_hash(each.uid), std::move(each.who)});
  }
  if (owns || candidates_.empty()) candidates_.push_back({stable_hash(self), {}});
}

const peer_actor& view::owner_of(std::string_view channel) const noexcept {
  const auto name = stable_hash(channel);
  const auto weight_of = [name](const candidate& c) { return mixed(name ^ c.seed); };
  return std::ranges::max_element(candidates_, {}, weight_of)->who;
}

bool view::has_owners_of(const view& there) const noexcept {
  return std::ranges::equal(candidates_, there.candidates_, [](const candidate& a, const candidate& b) {
    return a.seed == b.seed && a.who == b.who;
  });
}

bool view::is_peer(const caf::strong_actor_ptr& who) const noexcept {
  return who && std::ranges::any_of(peers_, [&](const peer_actor& p) { return p.id() == who->id(); });
}

} // namespace troupe::cluster
