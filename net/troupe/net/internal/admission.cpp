// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/admission.hpp>

namespace troupe::net {

ticket::~ticket() {
  if (!from_ || from_->retired()) return;
  auto& home = from_->home();
  home.post([from = std::move(from_), address = address_] { from->leave(address); });
}

admission::verdict admission::enter(const asio::ip::address& address) {
  auto result = verdict::admitted;
  ++open_;
  if (limits_.connections_per_address != 0 &&
      ++by_address_[address] > limits_.connections_per_address)
    result = verdict::address_full;
  if (limits_.connections != 0 && open_ > limits_.connections) result = verdict::node_full;
  return result;
}

void admission::leave(const asio::ip::address& address) {
  --open_;
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

} // namespace troupe::net
