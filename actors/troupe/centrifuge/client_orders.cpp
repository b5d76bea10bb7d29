// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What other servers have a client do.
#include <troupe/centrifuge/client.hpp>

#include <utility>

namespace troupe::centrifuge {

template <class Order>
client_state::promised client_state::in_turn(const Order& m) {
  auto promise = self_->make_response_promise<carried_out>();
  if (!is_known_ || stage_ == stage::refused || line_.is_closing()) { // it is nobody, or about to be
    promise.deliver(carried_out{});
    return promise;
  }
  orders_.push_back([this, m, promise] { carry_out(m, promise); });
  work();
  return promise;
}

client_state::promised client_state::on_order(const grant_subscription& m) { return in_turn(m); }
client_state::promised client_state::on_order(const revoke_subscription& m) { return in_turn(m); }
client_state::promised client_state::on_order(const renew_connection& m) { return in_turn(m); }

void client_state::carry_out(const grant_subscription& m, promised done) {
  const auto* in = settings_->channels->find(m.channel);
  const bool repeated = subscriptions_.contains(m.channel);
  if (!in || repeated) {
    done.deliver(carried_out{repeated ? error_code::already_subscribed : error_code::unknown_channel});
    return;
  }
  if (subscriptions_.size() >= settings_->options.channel_limit) {
    done.deliver(carried_out{});
    return disconnect(close_reason::channel_limit);
  }
  subscribe_request wish;
  if (m.recover_since) {
    wish.recover = true;
    wish.offset = m.recover_since->offset;
    wish.epoch = m.recover_since->epoch;
  }
  busy_ = true;
  subscribe(m.channel, *in, wish, subscription::source::server, m.terms,
            [this, m, done](subscribe_answer answer) mutable {
              if (const auto* failed = std::get_if<error_code>(&answer)) {
                done.deliver(carried_out{*failed});
              } else {
                set_end(subscriptions_.at(m.channel), end_of(m.expires_in));
                tell_granted(m.channel, std::get<subscribe_result>(answer));
                done.deliver(carried_out{});
              }
              go_on();
            });
}

void client_state::tell_granted(const std::string& channel, subscribe_result& granted) {
  push(channel, subscribe_push{granted.positioned, granted.recoverable, std::move(granted.position),
                               std::move(granted.data)});
  for (auto& missed : granted.publications) push(channel, std::move(missed));
}

void client_state::carry_out(const revoke_subscription& m, promised done) {
  granted_.erase(m.channel); // a refresh need not grant it again
  if (const auto found = subscriptions_.find(m.channel); found != subscriptions_.end())
    end_subscription(found, unsubscribe_code::server_unsubscribe, true);
  done.deliver(carried_out{});
}

void client_state::carry_out(const renew_connection& m, promised done) {
  if (!m.info.empty()) info_ = m.info;
  end_ = end_of(m.expires_in);
  arm();
  push({}, refresh_push{expiry_of(end_)});
  done.deliver(carried_out{});
}

} // namespace troupe::centrifuge
