// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/admission.hpp>

#include <troupe/net/internal/networks.hpp>

namespace troupe::net {

ticket::~ticket() {
  if (!from_ || from_->retired()) return;
  auto& home = from_->home();
  home.post([from = std::move(from_), address = address_] { from->leave(address); });
}

void ticket::admit_as(const asio::ip::address& address, io_loop& loop,
                      std::function<void(admission_verdict)> done) {
  address_ = address;
  // Before the ticket can give it back: that goes the same way.
  from_->home().post([from = from_, address, &loop, done = std::move(done)] {
    const auto verdict = from->count(address);
    if (verdict != admission_verdict::admitted) from->home().counters().refused.add();
    loop.post([done, verdict] { done(verdict); });
  });
}

admission::verdict admission::enter(const asio::ip::address& address) {
  const auto of_node = enter_proxied();
  const auto of_address = count(address);
  return of_node != verdict::admitted ? of_node : of_address;
}

admission::verdict admission::enter_proxied() {
  ++open_;
  return limits_.connections != 0 && open_ > limits_.connections ? verdict::node_full : verdict::admitted;
}

admission::verdict admission::count(const asio::ip::address& address) {
  if (!counts_addresses_) return verdict::admitted;
  const auto now = ++by_address_[counted_address(address)];
  const auto most = limits_.connections_per_address;
  return most != 0 && now > most ? verdict::address_full : verdict::admitted;
}

void admission::leave(const asio::ip::address& address) {
  --open_;
  if (by_address_.empty()) return;
  const auto found = by_address_.find(counted_address(address));
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

} // namespace troupe::net
