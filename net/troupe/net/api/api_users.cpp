// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The API's methods for the connections of a user: subscribe, unsubscribe, disconnect, refresh.
#include <troupe/net/api/api.hpp>

#include <troupe/centrifuge/disconnects.hpp>
#include <troupe/net/api/paced.hpp>
#include <troupe/net/base64.hpp>
#include <troupe/net/centrifuge/codecs.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace troupe::net::api {

using namespace troupe::centrifuge;

namespace {

constexpr std::size_t connections_of_a_part = 100; // shards have other things to do

/// JSON, or what is given in base64, which wins; nothing if that is wrong.
std::optional<payload> either(payload& plain, const std::string& in_base64) {
  if (in_base64.empty()) return std::move(plain);
  auto bytes = decode(base64::standard, in_base64);
  if (!bytes) return std::nullopt;
  return centrifuge::make_payload(*std::move(bytes));
}

/// What is left until a time since 1970, of which 0 is never.
time_left left_until(std::int64_t seconds) {
  constexpr std::int64_t last = 9'000'000'000; // in 2255; the system clock's nanoseconds end in 2262
  if (seconds == 0) return std::nullopt;
  const std::chrono::sys_seconds end{std::chrono::seconds{std::min(seconds, last)}};
  return std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::system_clock::now());
}

bool is_over(const time_left& left) { return left && left->count() <= 0; }

/// What a client is told; nothing if no client could be.
std::optional<close_status> status_of(const std::optional<disconnect_notice>& notice) {
  if (!notice) return close_status::of(close_reason::kicked);
  const bool fits = notice->code >= 3000 && notice->code <= 4999 && notice->reason.size() <= 123;
  // Clients take a reason that is JSON for something else.
  if (!fits || centrifuge::is_json(notice->reason)) return std::nullopt;
  return close_status{close_reason::kicked, static_cast<std::uint16_t>(notice->code), notice->reason};
}

} // namespace

// -- one after another ---

// Through the shards, a part of the connections at a time.
struct api_state::rounds {
  list_connections among;
  act what;
  then done;
  std::size_t shard = 0;
  std::optional<error_code> failed;
};

void api_state::make_rounds(const chosen_connections& among, act what, const then& done) {
  list_connections asked{.user = among.user, .most = connections_of_a_part};
  if (!among.client.empty()) asked.id = client_id::parse(among.client);
  const bool nobody = !among.session.empty() || (!among.client.empty() && !asked.id);
  if (nobody) return done(to_json(empty_result{}));
  go_round(std::make_shared<rounds>(rounds{std::move(asked), std::move(what), done}));
}

void api_state::go_round(const std::shared_ptr<rounds>& all) {
  if (all->shard == settings_->shards.size()) {
    if (all->failed) all->done(*all->failed);
    else all->done(to_json(empty_result{}));
    return;
  }
  const auto go_on = [this, all](const listed_connections& m) {
    if (m.through) ++all->shard;
    all->among.from = m.through ? 0 : m.next;
    const auto part = std::make_shared<const std::vector<listed_connection>>(m.connections);
    const auto begin = [all, part](std::size_t at, const std::function<void()>& ended) {
      all->what((*part)[at], [all, ended](std::optional<error_code> failed) {
        if (failed) all->failed = failed;
        ended();
      });
    };
    paced::run(part->size(), window, begin, [this, all] { go_round(all); });
  };
  self_->request(settings_->shards[all->shard], caf::infinite, all->among)
    .then(go_on, [go_on](const caf::error&) { // gone, with its connections
      go_on({.connections = {}, .next = 0, .through = true});
    });
}

template <class Order>
void api_state::order(const chosen_connections& among, Order what, const then& done) {
  make_rounds(among,
              [this, what = std::move(what)](const listed_connection& each,
                                             std::function<void(std::optional<error_code>)> ended) {
                if (speaks_plainly(each.origin.over)) return ended({});
                self_->request(caf::actor_cast<client_actor>(each.who), caf::infinite, what)
                  .then([ended](const carried_out& m) { ended(m.failed); },
                        [ended](const caf::error&) { ended({}); }); // it has just left
              },
              done);
}

// -- the methods ---

void api_state::run(subscribe_request& r, const then& done) {
  if (!look_up(r.channel, done)) return;
  auto info = either(r.info, r.b64info);
  auto data = either(r.data, r.b64data);
  if (!info || !data) return done(error_code::bad_request);
  const auto left = left_until(r.expire_at);
  if (is_over(left)) return done(error_code::expired);
  const auto told = [done](const answer& what) {
    // What the API has always said for one that is subscribed already.
    const auto* why = std::get_if<failure>(&what);
    const bool repeated = why && why->code == static_cast<std::uint32_t>(error_code::already_subscribed);
    done(repeated ? answer{error_code::internal} : what);
  };
  order(r,
        grant_subscription{std::move(r.channel), {*std::move(info), *std::move(data), r.overrides},
                           std::move(r.recover_since), left},
        told);
}

void api_state::run(unsubscribe_request& r, const then& done) {
  if (look_up(r.channel, done)) order(r, revoke_subscription{std::move(r.channel)}, done);
}

void api_state::run(refresh_request& r, const then& done) {
  const auto left = left_until(r.expire_at);
  if (r.expired || is_over(left)) return close(r, close_status::of(close_reason::connection_expired), {}, done);
  order(r, renew_connection{left, std::move(r.info)}, done);
}

void api_state::run(disconnect_request& r, const then& done) {
  const auto status = status_of(r.disconnect);
  if (!status) return done(error_code::bad_request);
  close(r, *status, {r.whitelist.begin(), r.whitelist.end()}, done);
}

void api_state::close(const chosen_connections& among, const close_status& status,
                      std::set<std::string> spared, const then& done) {
  make_rounds(among,
              [this, status, spared = std::move(spared)](
                const listed_connection& each, const std::function<void(std::optional<error_code>)>& ended) {
                if (!spared.contains(each.id.to_string()))
                  self_->send(caf::actor_cast<connection_actor>(each.who), close_connection{status});
                ended({});
              },
              done);
}

} // namespace troupe::net::api
