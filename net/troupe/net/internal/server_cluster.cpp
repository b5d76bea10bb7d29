// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A server that is one of several: its engine, and the link to the broker.
#include <troupe/net/internal/server_impl.hpp>

#include <troupe/metered.hpp>

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <random>
#include <utility>

namespace troupe::net {

namespace {

constexpr auto grace = std::chrono::seconds{2}; // for what is said last

/// Never 0.
std::uint64_t random_session() {
  std::random_device entropy;
  return (std::uint64_t{entropy()} << 32 | entropy()) | 1;
}

} // namespace

void server::impl::spawn_engine() {
  const auto& o = context_.options.cluster;
  if (o.engine == cluster::engine_kind::memory) return;
  nats_ = std::make_shared<cluster::library_options>(o.nats); // throws before anything is spawned for it
  engine_ = spawn_metered(system_, loops_.front()->figures(), troupe::cluster::engine,
                          troupe::cluster::engine_settings{.uid = uid_,
                                                           .options = {o.beat, o.timeout},
                                                           .budget = sent_budget_,
                                                           .relay_budget = relay_budget_,
                                                           .figures = others_,
                                                           .log = &context_.log,
                                                           .new_session = random_session});
  rely_on(engine_, "engine", engine_ended_);
}

void server::impl::join_cluster() {
  if (!engine_) return;
  const auto& o = context_.options.cluster;
  link_ = spawn_metered<caf::detached>(
    system_, loops_.front()->figures(), cluster::link,
    cluster::link_settings{.uid = uid_,
                           .prefix = o.nats.prefix,
                           .options = nats_,
                           .engine = engine_,
                           .budget = sent_budget_,
                           .received_budget = std::make_shared<send_budget>(cluster::max_pending_bytes),
                           .figures = others_,
                           .log = &context_.log});
  rely_on(link_, "nats_link", link_ended_);
  troupe::cluster::begin_cluster all{link_, registry_, {}, apis_.front(), node_name(), context_.options.version};
  if (!desks_->desks.empty()) all.api = desks_->desks.front();
  for (const auto& hub : clients_->hubs) all.hubs.push_back(caf::actor_cast<troupe::centrifuge::hub_actor>(hub));
  caf::anon_send(engine_, std::move(all));
}

void server::impl::await_place(host::clock::time_point until) {
  if (!engine_) return;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - host::clock::now());
  if (left <= left.zero()) return;
  caf::scoped_actor self{system_};
  self->request(engine_, left, troupe::cluster::await_place{})
    .receive([](const troupe::cluster::place_taken&) {}, [](const caf::error&) {}); // not in time
}

void server::impl::end_cluster() {
  if (!engine_) return;
  caf::anon_send_exit(engine_, caf::exit_reason::user_shutdown);
  engine_ended_.wait_until_set(host::clock::now() + grace);
  if (!link_) return;
  caf::anon_send_exit(link_, caf::exit_reason::user_shutdown); // behind what the engine said last
  link_ended_.wait_until_set(host::clock::now() + grace);
}

} // namespace troupe::net
