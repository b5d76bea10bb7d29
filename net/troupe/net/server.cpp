// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/server.hpp>

#include <troupe/net/api/api_pages.hpp>
#include <troupe/net/insight.hpp>
#include <troupe/net/internal/http_session.hpp>
#include <troupe/net/internal/resources.hpp>
#include <troupe/net/internal/server_impl.hpp>
#include <troupe/net/internal/tls_context.hpp>
#include <troupe/net/internal/totals.hpp>

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <latch>
#include <stdexcept>
#include <utility>

namespace troupe::net {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view json = "application/json";
constexpr auto joining_grace = 2s; // for a node to find others: the broker may not be there
constexpr auto cut_grace = 2s; // for actors to end once their sockets are cut
constexpr auto cut_interval = 20ms;
constexpr auto request_grace = 2s; // for answers of the API
constexpr auto store_grace = 10s; // for what is written, and to bring it to the medium
constexpr std::size_t metrics_connections = 64; // to metrics.port; more get 503
constexpr auto inspection_grace = 10s; // for a table of very many actors

std::size_t loops_for(const listen_options& options) {
  return options.loops != 0 ? options.loops : default_loops(usable_processors(), processor_quota());
}

} // namespace

server::impl::impl(caf::actor_system& system, server_options options, event_log& log,
                   const std::vector<page>& pages, hooks::extensions extensions,
                   std::vector<admin_service> services)
  : system_(system), configured_(options), context_{options, log, {}, {}}, admin_{{options, log, {}, {}}},
    api_{{options, log, {}, {}}}, metrics_{{std::move(options), log, {}, {}}} {
  // Proxies stand in front of clients alone.
  for (auto* inner : {&admin_, &api_, &metrics_}) inner->context.options.proxy = {}, inner->context.trusted = {};
  make_web_client();
  open_journal();
  make_loops();
  try {
    spawn_actors();
    spawn_extensions(std::move(extensions));
    add_routes(pages);
    add_services(std::move(services));
    open_listeners();
    spawn_apis();
    spawn_desks();
    spawn_watchers();
    join_cluster();
  } catch (...) {
    end_store(); // they have threads of their own, which know this
    end_cluster();
    *desks_ = {}; // they know each other
    throw;
  }
  std::latch running{static_cast<std::ptrdiff_t>(loops_.size())};
  for (auto& loop : loops_) {
    threads_.emplace_back([&loop] { loop->run(); });
    loop->post([&running] { running.count_down(); });
  }
  running.wait(); // all that a loop opens is open
  await_place(host::clock::now() + joining_grace);
  loops_.front()->post([this] {
    for (auto& l : listeners_) l->start();
    if (memory_watch_) memory_watch_->start();
  });
}

server::impl::~impl() {
  if (!threads_.empty()) {
    drain(std::chrono::milliseconds::zero());
    join();
  }
}

void server::impl::fail(std::string_view part, const caf::error& why) {
  if (!why || why == caf::exit_reason::normal || why == caf::exit_reason::user_shutdown) return;
  if (failed_.exchange(true)) return;
  context_.log.write(severity::error, "engine_failed",
                     {{"part", std::string{part}}, {"reason", system_.render(why)}});
  drain(drain_.get().timeout);
  const std::lock_guard lock{failure_mutex_};
  if (on_failure_) on_failure_();
}

void server::impl::on_failure(std::function<void()> f) {
  const std::lock_guard lock{failure_mutex_};
  on_failure_ = std::move(f);
  if (failed_ && on_failure_) on_failure_();
}

void server::impl::drain(std::chrono::milliseconds timeout) {
  if (context_.draining.exchange(true)) return;
  for (auto* inner : {&admin_, &api_, &metrics_}) inner->context.draining = true; // nobody shall count on a kept connection
  deadline_.set_value(host::clock::now() + timeout);
  context_.log.write(severity::info, "draining", {});
  if (engine_) caf::anon_send(engine_, troupe::cluster::leave_cluster{});
  // No upgrade succeeds after a loop has run this; only then may the shards count down.
  auto& first = *loops_.front();
  first.post([this] {
    for (auto* l : drained_) l->close();
    announce_drain(0);
  });
}

bool server::impl::wait() {
  if (!in_time_) {
    const auto deadline = deadline_.get_future().get(); // first for stop() to be called
    ended_.wait_until_set(deadline);
    in_time_ = ended_.is_set();
    for (auto& shard : shards_ended_) { // before the registry, unless that has failed
      shard.wait_until_set(deadline);
      in_time_ = *in_time_ && shard.is_set();
    }
    await_place(deadline);
  }
  return *in_time_;
}

bool server::impl::join() {
  const bool in_time = wait();
  if (in_time) finish_requests();
  else cut_everyone();
  // Those that ask first.
  for (const auto& a : apis_) caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  for (auto& ended : apis_ended_) ended.wait_until_set(host::clock::now() + cut_grace);
  for (const auto& d : desks_->desks) caf::anon_send_exit(d, caf::exit_reason::user_shutdown);
  for (auto& ended : desks_ended_) ended.wait_until_set(host::clock::now() + cut_grace);
  if (authenticator_) caf::anon_send_exit(authenticator_, caf::exit_reason::user_shutdown);
  if (backend_) caf::anon_send_exit(backend_, caf::exit_reason::user_shutdown);
  if (keys_) caf::anon_send_exit(keys_, caf::exit_reason::user_shutdown);
  for (const auto& k : extensions_->keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
  for (auto& ended : keepers_ended_) ended.wait_until_set(host::clock::now() + cut_grace);
  // What works for HTTP sessions ends before their loops do.
  caf::anon_send_exit(inspector_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(ledger_, caf::exit_reason::user_shutdown);
  inspector_ended_.wait_until_set(host::clock::now() + inspection_grace);
  for (const auto& h : clients_->hubs) caf::anon_send_exit(h, caf::exit_reason::user_shutdown);
  for (const auto& r : clients_->rosters) caf::anon_send_exit(r, caf::exit_reason::user_shutdown);
  for (const auto& w : limits_->wardens) caf::anon_send_exit(w, caf::exit_reason::user_shutdown);
  for (const auto& d : context_.doorkeepers) caf::anon_send_exit(d, caf::exit_reason::user_shutdown);
  for (auto& ended : channels_ended_) ended.wait_until_set(host::clock::now() + cut_grace);
  end_store(); // whoever asks it is gone
  end_cluster();
  for (const auto& k : extensions_->observer_keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
  for (auto& ended : observers_ended_) ended.wait_until_set(host::clock::now() + cut_grace);
  if (courier_) { // everybody it could tell of is gone
    const events::finish last{};
    caf::anon_send(courier_, last);
    courier_ended_.wait_until_set(host::clock::now() + last.patience + cut_grace);
  }
  web_.reset();
  loops_.front()->post([this] {
    // An accept under way holds a socket of another loop: it has to be over before that loop goes.
    for (auto& l : listeners_) l->close();
    for (auto& loop : loops_) loop->finish();
  });
  for (auto& t : threads_) t.join();
  threads_.clear();
  gate_->retire();
  for (auto* inner : {&admin_, &api_, &metrics_}) inner->gate->retire();
  registry_ = nullptr;
  authenticator_ = nullptr;
  keys_ = nullptr;
  inspector_ = nullptr;
  ledger_ = nullptr;
  courier_ = nullptr;
  store_ = nullptr;
  engine_ = nullptr;
  link_ = nullptr;
  backend_ = nullptr;
  context_.api.reset();
  admin_.context.api.reset();
  api_.context.api.reset();
  api_endpoint_.reset();
  apis_.clear();
  *desks_ = {};
  context_.desks.clear();
  context_.doorkeepers.clear();
  context_.limits.reset();
  limits_.reset();
  settings_.reset();
  clients_.reset();
  routes_.clear();
  extensions_.reset();
  shards_.clear();
  drained_.clear();
  listeners_.clear();
  memory_watch_.reset();
  while (!loops_.empty()) loops_.pop_back(); // loop 0 last: others' handlers may refer to it
  return in_time;
}

void server::impl::end_store() {
  if (!store_) return;
  caf::anon_send_exit(store_, caf::exit_reason::user_shutdown);
  store_ended_.wait_until_set(host::clock::now() + store_grace);
}

void server::impl::finish_requests() {
  loops_.front()->post([this] {
    for (auto& l : listeners_) l->close();
  });
  for (const auto give_up = host::clock::now() + request_grace; api_endpoint_->under_way() != 0 && host::clock::now() < give_up;)
    std::this_thread::sleep_for(cut_interval);
}

void server::impl::cut_everyone() {
  const close_connections all{target::everyone(), close_status::of(close_reason::shutting_down),
                              closing::cut};
  for (const auto give_up = host::clock::now() + cut_grace;
       !ended_.is_set() && host::clock::now() < give_up;
       ended_.wait_until_set(host::clock::now() + cut_interval))
    caf::anon_send(registry_, all);
}

void server::impl::make_loops() {
  const auto& listen = context_.options.listen;
  if (listen.send == send_method::io_uring && !batch_sender::io_uring_works())
    throw std::runtime_error("listen.send: io_uring is missing or forbidden here");
  uses_io_uring_ = listen.send != send_method::sendmsg && batch_sender::io_uring_works();
  for (std::size_t i = 0; i < loops_for(listen); ++i)
    loops_.push_back(std::make_unique<io_loop>(system_, i, listen.send, context_.log));
  inspection::observatory::loop_list figures;
  for (const auto& loop : loops_) figures.push_back(loop->figures());
  observatory_ = inspection::observatory{std::move(figures)};
  if (context_.memory.is_set())
    memory_watch_ = std::make_unique<memory_watch>(*loops_.front(), context_.memory, context_.log);
  gate_ = std::make_shared<admission>(*loops_.front(), context_.options.limit);
  const auto gate_for = [&](std::size_t connections) {
    return std::make_shared<admission>(*loops_.front(), limit_options{.connections = connections});
  };
  admin_.gate = gate_for(0);
  api_.gate = gate_for(context_.options.api.max_connections);
  metrics_.gate = gate_for(metrics_connections);
}

void server::impl::add_routes(const std::vector<page>& pages) {
  const auto health = [this](const request_view&) {
    if (context_.draining) return decision{.status = 503, .content_type = json, .body = R"({"status":"draining"})"};
    // What is degraded: this server serves its clients all the same.
    std::string_view how = "{}";
    if (written_->failing.value() != 0) how = R"({"history":"failing"})";
    if (engine_ && others_->connected.value() == 0) how = R"({"engine":"disconnected"})";
    return decision{.content_type = json, .body = std::string{how}};
  };
  for (const auto& p : pages)
    (p.on == page_port::admin ? admin_.context : context_).routes.add(std::string{p.path}, serve(p));
  context_.routes.add("/health", health);
  for (auto* inner : {&admin_, &api_, &metrics_}) inner->context.routes.add("/health", health);
  context_.routes.add_websocket(context_.options.websocket);
  for (const auto& path : extensions_->route_paths()) context_.routes.add_route(path);
  const auto inspect = [this](const request_view& request) {
    return decision{.later = [this, target = std::string{request.target}](auto respond) {
      caf::anon_send(inspector_, answer_inspection{target, std::move(respond)});
    }};
  };
  for (const auto path : inspected_paths) admin_.context.routes.add(std::string{path}, inspect);
  metrics_.context.routes.add(std::string{metrics_path}, inspect);
  auto& with_api = context_.options.api.port != 0 ? api_.context : admin_.context;
  for (const auto& p : api::api_pages()) with_api.routes.add(std::string{p.path}, serve(p));
  admin_.context.routes.add("/debug/totals.json", [this](const request_view&) {
    return decision{.content_type = json, .body = totals_json(loops_, context_.draining, *tokens_)};
  });
}

void server::impl::add_services(std::vector<admin_service> services) {
  for (auto& one : services)
    admin_.context.routes.add(one.path, [serve = std::move(one.serve)](const request_view& request) {
      admin_request asked{std::string{request.authorization}, std::string{request.body}};
      return decision{.later = [&serve, asked = std::move(asked)](auto respond) {
        serve(asked, [respond = std::move(respond)](admin_answer said) {
          respond({.status = said.status, .content_type = json, .body = std::move(said.body)});
        });
      }};
    }, router::method::post);
}

void server::impl::open_listeners() {
  const auto& o = context_.options;
  std::shared_ptr<asio::ssl::context> tls;
  if (!o.tls.certificate.empty()) tls = load_tls(o.tls);
  const bool own_tls_port = tls && o.tls.port != 0;
  const auto listen = [&](session_context& context, std::shared_ptr<admission> gate,
                          const std::string& address, std::uint16_t port, const char* option,
                          std::shared_ptr<asio::ssl::context> with_tls) {
    listeners_.push_back(std::make_unique<listener>(context, std::move(gate), loops_, address,
                                                    port, option, std::move(with_tls)));
    return listeners_.back()->port();
  };
  port_ = listen(context_, gate_, o.listen.address, o.listen.port, "listen.port",
                 own_tls_port ? nullptr : tls);
  if (own_tls_port) tls_port_ = listen(context_, gate_, o.listen.address, o.tls.port, "tls.port", tls);
  else if (tls) tls_port_ = port_;
  const auto listen_inner = [&](inner_port& inner, const auto& options, const char* option,
                                std::shared_ptr<asio::ssl::context> with_tls) {
    if (options.port != 0)
      inner.number = listen(inner.context, inner.gate, options.address, options.port, option, std::move(with_tls));
  };
  listen_inner(api_, o.api, "api.port", o.api.tls ? tls : nullptr);
  for (auto& l : listeners_) drained_.push_back(l.get()); // the others tell of the drain
  listen_inner(admin_, o.admin, "admin.port", nullptr);
  listen_inner(metrics_, o.metrics, "metrics.port", nullptr);
}

void server::impl::announce_drain(std::size_t loop) {
  if (loop == loops_.size()) {
    const troupe::drain all{drain_.get().rate, drain_.get().retry_window};
    caf::anon_send(registry_, all);
    if (failed_) // the registry may be what has
      for (const auto& s : shards_) caf::anon_send(s, all);
    return;
  }
  loops_[loop]->post([this, loop] { announce_drain(loop + 1); });
}

server::server(caf::actor_system& system, server_options options, event_log& log,
               std::vector<page> pages, hooks::extensions extensions, std::vector<admin_service> services)
  : impl_(std::make_unique<impl>(system, std::move(options), log, pages, std::move(extensions),
                                 std::move(services))) {}

server::~server() = default;

std::uint16_t server::port() const noexcept { return impl_->port_; }
std::uint16_t server::tls_port() const noexcept { return impl_->tls_port_; }
std::uint16_t server::admin_port() const noexcept { return impl_->admin_.number; }
std::uint16_t server::api_port() const noexcept {
  return impl_->api_.number != 0 ? impl_->api_.number : impl_->admin_.number;
}
std::uint16_t server::metrics_port() const noexcept { return impl_->metrics_.number; }
std::size_t server::loop_count() const noexcept { return impl_->loops_.size(); }
acceptance server::send(broadcast what) {
  const auto taken = impl_->budget_->take(what.message.bytes().size());
  if (taken == acceptance::accepted) caf::anon_send(impl_->registry_, admitted{std::move(what)});
  return taken;
}

registry_actor server::registry() const { return impl_->registry_; }
troupe::centrifuge::channels server::channels() const {
  return troupe::centrifuge::channels{impl_->clients_->hubs};
}

hooks::users server::users() const { return impl_->extensions_->of_users(); }
ledger_actor server::ledger() const { return impl_->ledger_; }
inspection::observatory server::observatory() const { return impl_->observatory_; }

std::string server::send_method_name() const {
  return impl_->uses_io_uring_ ? "io_uring" : "sendmsg";
}

void server::on_failure(std::function<void()> f) { impl_->on_failure(std::move(f)); }
bool server::has_failed() const noexcept { return impl_->failed_; }
void server::stop() { impl_->drain(impl_->drain_.get().timeout); }
void server::wait() { (void)impl_->wait(); }
void server::reload(const server_options& next) { impl_->reload(next); }
void server::reload_tls() { impl_->reload_tls(); }
bool server::join() { return impl_->join(); }

insight server::insight() const {
  return {impl_->registry_, impl_->clients_->hubs, impl_->ledger_, impl_->observatory_, impl_->shards_,
          impl_->clients_->channels, impl_->settings_->policy, &impl_->context_.max_bytes, &impl_->context_.queue_max_size,
          [impl = impl_.get()](const std::function<void(host&)>& act) {
            for (const auto& loop : impl->loops_) loop->post([&home = *loop, act] { act(home); });
          }, impl_->engine_};
}

} // namespace troupe::net
