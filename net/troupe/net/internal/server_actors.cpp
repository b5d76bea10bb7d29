// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The actors of a server, spawned in the order in which they need each other.
#include <troupe/centrifuge/roster.hpp>
#include <troupe/hooks/echo.hpp>
#include <troupe/net/centrifuge/codecs.hpp>
#include <troupe/net/internal/networks.hpp>
#include <troupe/net/internal/server_impl.hpp>
#include <troupe/metered.hpp>
#include <troupe/registry.hpp>
#include <troupe/shard.hpp>

#include <caf/send.hpp>

#include <boost/asio/ip/host_name.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

namespace troupe::net {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_unstored_bytes = 64 * 1024 * 1024; // of publications on the way to the disk

transport_kind kind_of(emulation::stream_format format) noexcept {
  switch (format) {
    case emulation::stream_format::protobuf: return transport_kind::http_stream_protobuf;
    case emulation::stream_format::sse: return transport_kind::sse_json;
    case emulation::stream_format::lines: break;
  }
  return transport_kind::http_stream_json;
}

connection_origin origin_of(const opening& how) {
  using troupe::centrifuge::encoding;
  auto over = transport_kind::websocket;
  if (how.stream)
    over = kind_of(*how.stream);
  else if (how.centrifuge)
    over = how.centrifuge->format == encoding::json ? transport_kind::centrifuge_json
                                                    : transport_kind::centrifuge_protobuf;
  return {over, how.encrypted, how.address};
}

} // namespace

void server::impl::spawn_actors() {
  for (auto& loop : loops_) shards_.push_back(
      spawn_on(*loop, shard, shard_options{.log = &context_.log, .extensions = extensions_}));
  for (const auto& s : shards_) rely_on(s, "shard", shards_ended_.emplace_back());
  registry_options joining{.log = &context_.log, .budget = budget_};
  spawn_engine();
  if (engine_) joining.others = engine_, joining.relay_budget = relay_budget_;
  // A joined delivery must not be what fills an outbox that would hold its parts.
  joining.max_joined_bytes =
    std::min(joining.max_joined_bytes, context_.options.outbox.max_bytes / 2);
  registry_ = spawn_on(*loops_.front(), troupe::registry, shards_, joining);
  rely_on(registry_, "registry", ended_);
  const auto& o = context_.options;
  std::vector<host*> homes;
  for (auto& loop : loops_) homes.push_back(loop.get());
  limits_ = rates::spawn_wardens(homes, o.rates, counted_address);
  for (const auto& warden : limits_->wardens) rely_on(warden, "warden", channels_ended_.emplace_back());
  settings_ = std::make_shared<const connection_settings>(connection_settings{
    registry_,
    o.heartbeat,
    o.websocket.echo,
    o.websocket.policy,
    {},
    {},
    limits_});
  spawn_store();
  spawn_hubs();
  spawn_doorkeepers();
  context_.open = [this](io_loop& loop, std::shared_ptr<transport> out, const opening& how) {
    const auto& joins = shards_[loop.index()];
    if (const auto& dialect = how.centrifuge) {
      spawn_on(loop, troupe::centrifuge::client, clients_, joins,
               troupe::centrifuge::client_profile{
                 client_id::random(), {}, &centrifuge::codec_for(dialect->format),
                 dialect->frame_pings, origin_of(how), how.headers, how.where},
               std::move(out));
      return;
    }
    connection_identity who{.id = client_id::random(), .speaks_to = target::everyone(),
                            .user = how.grant.user, .groups = {}, .labels = how.grant.labels,
                            .origin = origin_of(how), .meta = how.grant.meta,
                            .expires_in = how.grant.expires_in};
    if (!how.group.empty()) {
      who.speaks_to = target::group(how.group);
      who.groups = {how.group};
    }
    const auto& settings = how.route.empty() ? settings_ : routes_.at(how.route)[loop.index()];
    spawn_on(loop, connection, settings, joins, std::move(who), std::move(out));
  };
}

void server::impl::spawn_extensions(hooks::extensions extensions) {
  if (const auto& path = context_.options.websocket.echo_route; !path.empty())
    extensions.routes.push_back({.path = path,
                                 .actor = hooks::on_loop(hooks::echo),
                                 .count = hooks::instances::per_loop});
  const auto& webhook = context_.options.webhook;
  if (!webhook.rpc.empty() && !extensions.fallback)
    extensions.fallback = hooks::method{.name = "webhook.rpc",
                                        .actor = hooks::on_scheduler(webhooks::web_method, asking()),
                                        .keeping = {.deadline = webhook.timeout + 1s}}; // its own ends before
  std::vector<std::reference_wrapper<host>> homes;
  for (auto& loop : loops_) homes.emplace_back(*loop);
  for (const auto& hook : extensions.namespaces) hooked_.push_back(hook.name);
  check_channels(context_.options.channels);
  // Before the loops run: who holds the directory sees it whole.
  *extensions_ = {extensions, homes, registry_,
                  troupe::centrifuge::channels{clients_->hubs}, context_.log};
  for (const auto& k : extensions_->keepers())
    rely_on(k, "keeper", keepers_ended_.emplace_back());
  for (const auto& k : extensions_->observer_keepers())
    rely_on(k, "keeper", observers_ended_.emplace_back());
  for (const auto& path : extensions_->route_paths())
    for (auto& loop : loops_) {
      auto settings = *settings_;
      settings.keeper = extensions_->route(path, loop->index());
      settings.path = path;
      routes_[path].push_back(std::make_shared<const connection_settings>(std::move(settings)));
    }
}

void server::impl::spawn_store() {
  const auto& o = context_.options;
  if (o.history.directory.empty()) return;
  const history::store_settings settings{.options = o.history, .figures = written_, .log = &context_.log};
  std::shared_ptr<history::database> opened;
  try {
    opened = history::open_database(settings);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error(fmt::format("history.directory: cannot use '{}': {}", o.history.directory, e.what()));
  }
  store_ = spawn_metered<caf::detached>(system_, loops_.front()->figures(), history::store, settings, std::move(opened));
  rely_on(store_, "history_store", store_ended_);
}

void server::impl::spawn_hubs() {
  using namespace troupe::centrifuge;
  const auto& o = context_.options;
  const auto names = names_ = std::make_shared<namespaces>(
    o.client.insecure ? without_permissions(o.channels) : o.channels);
  const auto channels = std::make_shared<const channel_settings>(channel_settings{
    .names = names,
    .extensions = extensions_,
    .shards = shards_,
    .codecs = {&net::centrifuge::codec_for(encoding::json),
               &net::centrifuge::codec_for(encoding::protobuf)},
    .log = &context_.log,
    .store = store_,
    .store_budget = std::make_shared<send_budget>(max_unstored_bytes)});
  std::vector<hub_actor> hubs;
  for (auto& loop : loops_) {
    hubs.emplace_back(spawn_on(*loop, hub, channels));
    rely_on(hubs.back(), "hub", channels_ended_.emplace_back());
  }
  if (engine_) meet(hubs, watching_actor{engine_});
  else meet(hubs);
  spawn_authenticator();
  spawn_backend();
  client_settings shared{
    o.client, names, {hubs.begin(), hubs.end()}, spawn_rosters(), authenticator_, o.version, extensions_};
  shared.limits = limits_;
  shared.heartbeat.emplace(heartbeat_settings{o.client.ping_interval, o.client.pong_timeout, {}});
  shared.backend = backend_;
  shared.asks_connect = !o.webhook.connect.empty();
  shared.asks_refresh = !o.webhook.refresh.empty();
  shared.emulated_headers = o.webhook.emulated_headers;
  clients_ = std::make_shared<const client_settings>(std::move(shared));
}

webhooks::asker_settings server::impl::asking() {
  webhooks::asker_settings settings{.options = asks_, .figures = asked_, .log = &context_.log};
  settings.send = [web = web_](web::request what, auto done) { web->send(std::move(what), std::move(done)); };
  return settings;
}

void server::impl::spawn_backend() {
  if (context_.options.webhook.any()) backend_ = system_.spawn(webhooks::backend, webhooks::backend_settings{asking()});
}

void server::impl::spawn_authenticator() {
  const auto& o = context_.options.auth;
  if (!o.connection.has_keys() && !o.for_subscriptions().has_keys()) return;
  auth::authenticator_settings settings{.options = o, .figures = tokens_};
  if (!o.connection.jwks_public_endpoint.empty() || !o.for_subscriptions().jwks_public_endpoint.empty())
    settings.keys = keys_ = spawn_metered<caf::detached>(system_, loops_.front()->figures(), auth::key_source,
                                                         &context_.log);
  authenticator_ = spawn_metered(system_, loops_.front()->figures(), auth::authenticator, std::move(settings));
}

void server::impl::spawn_doorkeepers() {
  context_.knows_tokens = authenticator_ != nullptr;
  context_.limits = limits_;
  for (auto& loop : loops_) {
    context_.doorkeepers.push_back(spawn_on(
      *loop, doorkeeper,
      doorkeeper_settings{authenticator_, limits_,
                          context_.options.client.disallow_anonymous_connection_tokens}));
    rely_on(context_.doorkeepers.back(), "doorkeeper", channels_ended_.emplace_back());
  }
}

std::vector<troupe::centrifuge::roster_actor> server::impl::spawn_rosters() {
  using namespace troupe::centrifuge;
  const auto& o = context_.options.client;
  roster_options limits{.max_connections = o.user_connection_limit};
  if (o.single_connection) limits = {1, roster_options::surplus::close_old};
  std::vector<roster_actor> rosters;
  if (limits.max_connections == 0) return rosters;
  for (auto& loop : loops_) {
    rosters.push_back(spawn_on(*loop, roster, limits));
    rely_on(rosters.back(), "roster", channels_ended_.emplace_back());
  }
  return rosters;
}

void server::impl::make_web_client() {
  const auto& o = context_.options;
  if (o.events.endpoint.empty() && !o.webhook.any()) return;
  web_ = std::make_shared<web::client>(
    web::client_limits{.connections = o.webhook.max_open, .waiting = o.webhook.max_waiting});
}

void server::impl::open_journal() try {
  const auto& o = context_.options.events;
  if (o.endpoint.empty()) return;
  journal_ = std::make_shared<events::journal>(o.directory, events::journal_limits{.max_bytes = o.journal_max_bytes});
  if (const auto bytes = journal_->skipped_bytes(); bytes != 0)
    context_.log.write(severity::warning, "journal_damaged", {{"skipped_bytes", fmt::to_string(bytes)}});
} catch (const std::runtime_error& e) {
  throw std::runtime_error(fmt::format("events.directory: cannot use '{}': {}", context_.options.events.directory, e.what()));
}

void server::impl::spawn_courier() {
  if (!journal_) return;
  const troupe::centrifuge::event_sources sources{registry_, troupe::centrifuge::channels{clients_->hubs}};
  events::courier_settings settings{.options = context_.options.events, .book = std::move(journal_),
                                    .node = node_name(), .sources = sources,
                                    .run = client_id::random().to_string()};
  settings.send = [web = web_](web::request what, auto done) { web->send(std::move(what), std::move(done)); };
  settings.figures = told_;
  settings.log = &context_.log;
  settings.seed = std::random_device{}();
  courier_ = system_.spawn<caf::detached>(events::courier, std::move(settings));
  caf::actor_cast<caf::abstract_actor*>(courier_)->attach_functor([this] { courier_ended_.set(); });
  sources.observe(courier_);
}

std::string server::impl::node_name() const { return fmt::format("{}_{}", asio::ip::host_name(), port_); }

void server::impl::spawn_watchers() {
  spawn_courier();
  const auto& figures = loops_.front()->figures();
  ledger_ = spawn_metered(system_, figures, troupe::ledger, closed_bounds{});
  caf::anon_send(registry_, observe{ledger_});
  inspector_ = spawn_metered<caf::detached>(
    system_, figures, inspector, inspector_settings{observatory_, ledger_, [this] {
      return server_facts{context_.options.version, context_.draining, told_, asked_, tokens_, limits_, written_, others_};
    }});
  caf::actor_cast<caf::abstract_actor*>(inspector_)->attach_functor([this] { inspector_ended_.set(); });
}

void server::impl::spawn_apis() {
  const auto& o = context_.options;
  std::vector<const loop_counters*> counters;
  for (auto& loop : loops_) counters.push_back(&loop->counters());
  const auto shared = std::make_shared<const api::api_settings>(api::api_settings{
    .options = o.api, .channels = clients_->channels, .hubs = clients_->hubs, .shards = shards_,
    .registry = registry_, .extensions = extensions_, .counters = std::move(counters), .policy = settings_->policy,
    .max_message_bytes = o.outbox.max_bytes - outbox::max_overhead, .uid = uid_,
    .name = node_name(), .version = o.version,
    .started = host::clock::now(),
    .engine = engine_});
  for (auto& loop : loops_) {
    apis_.push_back(spawn_on(*loop, api::api, shared));
    caf::actor_cast<caf::abstract_actor*>(apis_.back())->attach_functor(
      [ended = &apis_ended_.emplace_back()] { ended->set(); });
  }
  auto& serving = o.api.port != 0 ? api_ : admin_;
  serving.context.api = api_endpoint_ = std::make_shared<api::endpoint>(o.api, apis_);
}

void server::impl::spawn_desks() {
  const auto& o = context_.options;
  if (!o.streams.any()) return;
  context_.node = uid_;
  desks_->uid = uid_;
  desks_->engine = engine_;
  desks_->api = apis_.front();
  for (auto& loop : loops_) {
    desks_->desks.push_back(spawn_on(*loop, emulation::desk, loop->index(), desks_));
    rely_on(desks_->desks.back(), "desk", desks_ended_.emplace_back());
  }
  context_.desks = desks_->desks;
  context_.routes.add_streams(o.streams, [this](const request_view& request) { return speak(request); });
}

decision server::impl::speak(const request_view& request) const {
  const bool binary = request.content_type == emulation::content_type_of(emulation::stream_format::protobuf);
  auto said = binary ? emulation::read_protobuf(request.body) : emulation::read_json(request.body);
  if (!said) return {.status = 400, .body = "session, node and data are required\n"};
  const auto loop = emulation::loop_of(said->session);
  const auto& desk = context_.desks[loop && *loop < context_.desks.size() ? *loop : 0];
  return {.later = [&desk, said = *std::move(said)](std::function<void(decision)> respond) {
    caf::anon_send(desk, emulation::pass_on{said, [respond = std::move(respond)](emulation::hearing how) {
      switch (how) {
        case emulation::hearing::taken: return respond({.status = 204});
        case emulation::hearing::busy: return respond({.status = 429, .body = "too many commands at once\n"});
        case emulation::hearing::gone: return respond({.status = 404, .body = "no such session\n"});
      }
    }});
  }};
}

} // namespace troupe::net
