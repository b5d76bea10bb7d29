// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The tokens of a client: who they say it is, what they grant, and what happens when their time is over.
#include <troupe/centrifuge/client.hpp>

#include <algorithm>
#include <utility>

namespace troupe::centrifuge {
namespace {

using namespace std::chrono_literals;

constexpr auto longest = std::chrono::hours{24 * 365}; // clients are told no more

} // namespace

// -- asking ---

template <class Verdict, class Question>
void client_state::await_verdict(Question question, std::function<void(const Verdict&)> then) {
  if (!settings_->authenticator) return then(Verdict{token_fault::invalid});
  await_answer(settings_->authenticator, std::move(question), Verdict{token_fault::unavailable}, std::move(then));
}

void client_state::verify(verify_connection question, connection_judged then) {
  await_verdict<connection_verdict>(std::move(question), std::move(then));
}

void client_state::verify(verify_subscription question, subscription_judged then) {
  await_verdict<subscription_verdict>(std::move(question), std::move(then));
}

// -- connecting ---

void client_state::on_verdict(std::uint32_t id, const connect_request& r,
                              const connection_verdict& m) {
  if (const auto* fault = std::get_if<token_fault>(&m.value)) switch (*fault) {
    case token_fault::invalid: return disconnect(close_reason::invalid_token);
    case token_fault::expired: return refuse(id, error_code::token_expired);
    case token_fault::over: return refuse(id, error_code::expired);
    case token_fault::unavailable: return refuse(id, error_code::internal);
    }
  const auto& granted = std::get<connection_grant>(m.value);
  if (granted.user.empty() && settings_->options.disallow_anonymous_connection_tokens)
    return disconnect(close_reason::permission_denied);
  identify(granted);
  for (const auto& [channel, terms] : granted.subs) granted_.insert(channel);
  admit(id, r, granted.subs);
}

void client_state::identify(const connection_grant& granted) {
  profile_.user = granted.user;
  info_ = granted.info;
  end_ = end_of(granted.expires_in);
  connecting_->who.labels = granted.labels;
  connecting_->who.meta = meta_ = granted.meta;
}

// -- subscribing ---

bool client_state::is_for(const subscription_grant& granted, const std::string& channel) const {
  return granted.user == profile_.user && granted.channel == channel &&
         (granted.client.empty() || granted.client == profile_.id.to_string());
}

void client_state::on_verdict(std::uint32_t id, const subscribe_request& r,
                              const subscription_verdict& m) {
  if (const auto* fault = std::get_if<token_fault>(&m.value)) switch (*fault) {
    case token_fault::invalid: return fail(id, error_code::permission_denied);
    case token_fault::expired: return fail(id, error_code::token_expired);
    case token_fault::over: return fail(id, error_code::expired);
    case token_fault::unavailable: return fail(id, error_code::internal);
    }
  const auto& granted = std::get<subscription_grant>(m.value);
  if (!is_for(granted, r.channel)) return disconnect(close_reason::invalid_token);
  subscribe_client(id, r, granted.terms, end_of(granted.expires_in));
}

// -- refreshing ---

void client_state::on(std::uint32_t id, const refresh_request& r) {
  if (r.token.empty() || settings_->asks_refresh) return disconnect(close_reason::bad_request);
  verify(verify_connection{r.token},
         [this, id, r](const connection_verdict& m) { on_verdict(id, r, m); });
}

void client_state::on_verdict(std::uint32_t id, const refresh_request&, const connection_verdict& m) {
  if (const auto* fault = std::get_if<token_fault>(&m.value)) switch (*fault) {
    case token_fault::invalid: return disconnect(close_reason::invalid_token);
    case token_fault::expired:
    case token_fault::over: return disconnect(close_reason::connection_expired);
    case token_fault::unavailable: return fail(id, error_code::internal);
    }
  const auto& granted = std::get<connection_grant>(m.value);
  if (granted.user != profile_.user) return disconnect(close_reason::invalid_token);
  for (const auto& [channel, terms] : granted.subs)
    if (!settings_->channels->find(channel)) return fail(id, error_code::unknown_channel);
  // Other channels than before: the client connects again to get them.
  const auto is_new = [this](const auto& each) { return !subscriptions_.contains(each.first); };
  const auto is_gone = [&](const auto& channel) { return !granted.subs.contains(channel); };
  if (std::ranges::any_of(granted.subs, is_new) || std::ranges::any_of(granted_, is_gone))
    return disconnect(close_reason::insufficient_state);
  if (!granted.info.empty()) info_ = granted.info;
  end_ = end_of(granted.expires_in);
  arm();
  reply(id, refresh_result{expiry_of(end_)});
}

void client_state::on(std::uint32_t id, const sub_refresh_request& r) {
  if (!settings_->channels->find(r.channel)) return fail(id, error_code::unknown_channel);
  const auto found = subscriptions_.find(r.channel);
  if (found == subscriptions_.end()) return fail(id, error_code::permission_denied);
  if (r.token.empty()) return fail(id, error_code::bad_request);
  if (found->second.server_side() || found->second.is_refreshed_here())
    return disconnect(close_reason::bad_request);
  verify(verify_subscription{r.token},
         [this, id, r](const subscription_verdict& m) { on_verdict(id, r, m); });
}

void client_state::on_verdict(std::uint32_t id, const sub_refresh_request& r,
                              const subscription_verdict& m) {
  if (const auto* fault = std::get_if<token_fault>(&m.value)) switch (*fault) {
    case token_fault::invalid: return disconnect(close_reason::invalid_token);
    case token_fault::expired:
    case token_fault::over: return disconnect(close_reason::subscription_expired);
    case token_fault::unavailable: return fail(id, error_code::internal);
    }
  const auto& granted = std::get<subscription_grant>(m.value);
  if (!is_for(granted, r.channel)) return disconnect(close_reason::invalid_token);
  const auto found = subscriptions_.find(r.channel);
  if (found == subscriptions_.end()) return fail(id, error_code::permission_denied); // it has just ended
  auto& refreshed = found->second;
  if (!granted.terms.info.empty()) refreshed.inform(granted.terms.info);
  set_end(refreshed, end_of(granted.expires_in));
  reply(id, sub_refresh_result{expiry_of(refreshed.end())});
}

// -- time ---

std::optional<client_state::time_point> client_state::end_of(const time_left& left) const {
  if (!left) return std::nullopt;
  return self_->home().now() + std::min<std::chrono::milliseconds>(*left, longest);
}

expiry client_state::expiry_of(std::optional<time_point> end) const {
  if (!end) return std::nullopt;
  return std::chrono::floor<std::chrono::seconds>(*end - self_->home().now());
}

void client_state::set_end(subscription& of, std::optional<time_point> end) {
  of.end_at(end);
  if (!end) return;
  next_sub_due_ = std::min(due(of), next_sub_due_.value_or(due(of)));
  arm();
}

std::optional<client_state::time_point> client_state::due() const {
  if (!end_ || settings_->asks_refresh) return end_;
  return *end_ + settings_->options.expired_close_delay;
}

client_state::time_point client_state::due(const subscription& of) const {
  return of.is_refreshed_here() ? *of.end() : *of.end() + settings_->options.expired_sub_close_delay;
}

std::optional<client_state::time_point> client_state::next_expiry() const {
  const auto next = due();
  return next && next_sub_due_ ? std::min(*next, *next_sub_due_) : next ? next : next_sub_due_;
}

bool client_state::expire() {
  const auto now = self_->home().now();
  if (const auto over = due(); over && now >= *over) {
    if (!settings_->asks_refresh) {
      disconnect(close_reason::connection_expired);
      return false;
    }
    ask_to_go_on();
  }
  if (next_sub_due_ && now >= *next_sub_due_) expire_subscriptions(now);
  return !line_.is_closing();
}

void client_state::expire_subscriptions(time_point now) {
  next_sub_due_.reset();
  for (auto next = subscriptions_.begin(); next != subscriptions_.end();) {
    const auto each = next++;
    if (!each->second.end()) continue;
    if (const auto over = due(each->second); now < over) {
      next_sub_due_ = std::min(over, next_sub_due_.value_or(over));
    } else if (each->second.is_refreshed_here()) {
      ask_to_go_on(each);
    } else if (each->second.server_side()) {
      return disconnect(close_reason::subscription_expired);
    } else {
      end_subscription(each, unsubscribe_code::subscription_expired, true);
    }
  }
  flush();
}

} // namespace troupe::centrifuge
