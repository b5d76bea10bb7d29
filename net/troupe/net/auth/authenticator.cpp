// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/authenticator.hpp>

#include <troupe/net/auth/jwks.hpp>

#include <utility>

namespace troupe::net::auth {

using namespace troupe::centrifuge;

namespace {

constexpr auto fetch_timeout = std::chrono::seconds{4}; // clients ping and wait meanwhile

} // namespace

authenticator_state::handle::behavior_type
authenticator_state::make_behavior(authenticator_settings settings) {
  settings_ = std::move(settings);
  const auto& o = settings_.options;
  connections_.emplace(court{verifier{o.connection}, o.connection.jwks_public_endpoint, {}, {}});
  if (o.separate_subscription)
    subscriptions_.emplace(court{verifier{o.subscription}, o.subscription.jwks_public_endpoint, {}, {}});
  cache_.emplace(settings_.cache_bytes);
  return {
      [this](const verify_connection& m) {
        auto promise = self_->make_response_promise<connection_verdict>();
        decide({m.token, purpose::connection, [this, promise](const judgement& j) mutable {
                  if (const auto* fault = std::get_if<token_fault>(&j)) {
                    promise.deliver(connection_verdict{*fault});
                    return;
                  }
                  const auto& said = *std::get<0>(j);
                  promise.deliver(connection_verdict{connection_grant{
                      said.user, said.terms.info, left_until(said.grant_ends), said.subs, said.labels,
                      said.meta}});
                }});
        return promise;
      },
      [this](const verify_subscription& m) {
        auto promise = self_->make_response_promise<subscription_verdict>();
        decide({m.token, purpose::subscription, [this, promise](const judgement& j) mutable {
                  if (const auto* fault = std::get_if<token_fault>(&j)) {
                    promise.deliver(subscription_verdict{*fault});
                    return;
                  }
                  const auto& said = *std::get<0>(j);
                  promise.deliver(subscription_verdict{subscription_grant{
                      said.user, said.channel, said.client, said.terms, left_until(said.grant_ends)}});
                }});
        return promise;
      },
      [this](const renew_rules& m) { on_renew(m); },
  };
}

void authenticator_state::on_renew(const renew_rules& m) {
  const auto& o = m.options;
  connections_->rules.change_rules(o.connection);
  if (subscriptions_) subscriptions_->rules.change_rules(o.subscription);
  cache_->clear(); // what was good may not be any more
}

authenticator_state::court& authenticator_state::court_of(purpose what) noexcept {
  return what == purpose::subscription && subscriptions_ ? *subscriptions_ : *connections_;
}

// -- questions ---

void authenticator_state::decide(question q) {
  if (self_->mailbox().size() > settings_.max_waiting) return give_up(q);
  auto& by = court_of(q.what);
  const auto now = self_->clock().now();
  const bool fetches = !by.endpoint.empty();
  if (fetches && by.schedule.is_outdated(now)) return wait_for_keys(by, std::move(q));
  const auto verdict = authenticate(by, q);
  const auto* no = std::get_if<refusal>(&verdict);
  if (no && no->what == refusal::cause::unknown_key &&
      (by.schedule.is_under_way() || by.schedule.may_fetch(now) || by.schedule.has_failed()))
    return wait_for_keys(by, std::move(q));
  conclude(q, verdict);
  if (fetches && by.schedule.is_due(now) && by.schedule.may_fetch(now)) fetch(by);
}

void authenticator_state::conclude(const question& q,
                                   const std::variant<verifier::authentic, refusal>& verdict) {
  auto no = std::optional<refusal>{};
  if (const auto* refused = std::get_if<refusal>(&verdict)) no = *refused;
  else no = verifier::check_times(*std::get<verifier::authentic>(verdict).said, settings_.now());
  auto& count = *settings_.figures;
  if (!no) {
    count.accepted.add();
    return q.answer(std::get<verifier::authentic>(verdict).said);
  }
  switch (no->what) {
  case refusal::cause::unknown_key:
  case refusal::cause::invalid: count.refused.add(); return q.answer(token_fault::invalid);
  case refusal::cause::expired: count.expired.add(); return q.answer(token_fault::expired);
  case refusal::cause::over: count.expired.add(); return q.answer(token_fault::over);
  }
}

void authenticator_state::give_up(const question& q) {
  settings_.figures->unavailable.add();
  q.answer(token_fault::unavailable);
}

std::variant<verifier::authentic, refusal> authenticator_state::authenticate(court& by, const question& q) {
  const auto now = settings_.now();
  // To compare an HMAC costs no more than to look it up.
  if (!by.rules.has_public_keys()) return by.rules.authenticate(q.token, q.what, now);
  if (auto known = cache_->find(q.token, q.what, now)) {
    settings_.figures->cached.add();
    return *std::move(known);
  }
  auto verdict = by.rules.authenticate(q.token, q.what, now);
  if (const auto* good = std::get_if<verifier::authentic>(&verdict);
      good && !(good->said->expires && now >= *good->said->expires))
    cache_->add(q.token, q.what, *good);
  return verdict;
}

time_left authenticator_state::left_until(const std::optional<claims::seconds>& end) const {
  if (!end) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(*end - settings_.now());
}

// -- keys of an endpoint ---

void authenticator_state::wait_for_keys(court& by, question q) {
  if (by.schedule.may_fetch(self_->clock().now())) fetch(by);
  if (!by.schedule.is_under_way() || by.waiting.size() >= settings_.max_waiting_for_keys) return give_up(q);
  by.waiting.push_back(std::move(q));
}

void authenticator_state::fetch(court& by) {
  by.schedule.begin();
  self_->request(settings_.keys, fetch_timeout, by.endpoint)
      .then([this, &by](const std::string& text) { on_fetched(by, text); },
            [this, &by](const caf::error&) { on_fetched(by, {}); });
}

void authenticator_state::on_fetched(court& by, const std::string& text) {
  const auto now = self_->clock().now();
  auto keys = read_key_set(text);
  const auto waiting = std::exchange(by.waiting, {});
  if (!keys) {
    settings_.figures->keys_not_fetched.add();
    by.schedule.fail(now);
    for (const auto& q : waiting) give_up(q);
    return;
  }
  settings_.figures->keys_fetched.add();
  by.schedule.succeed(now);
  by.rules.set_keys(*std::move(keys));
  cache_->clear(); // a key may have been withdrawn
  for (const auto& q : waiting) conclude(q, authenticate(by, q));
}

authenticator_state::handle::behavior_type authenticator(authenticator_state::pointer self,
                                                         authenticator_settings settings) {
  return self->state.make_behavior(std::move(settings));
}

} // namespace troupe::net::auth
