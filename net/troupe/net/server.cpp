// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/server.hpp>

#include <troupe/centrifuge/client.hpp>
#include <troupe/centrifuge/hub.hpp>
#include <troupe/connection.hpp>
#include <troupe/net/centrifuge/codecs.hpp>
#include <troupe/net/internal/http_session.hpp>
#include <troupe/net/internal/listener.hpp>
#include <troupe/net/internal/totals.hpp>
#include <troupe/registry.hpp>
#include <troupe/shard.hpp>

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <deque>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

namespace troupe::net {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view json = "application/json";
constexpr auto cut_grace = 2s; // for actors to end once their sockets are cut
constexpr auto cut_interval = 20ms;

std::size_t loops_for(const listen_options& options) {
  return options.loops != 0 ? options.loops : std::max(1U, std::thread::hardware_concurrency());
}

} // namespace

class server::impl {
public:
  impl(caf::actor_system& system, server_options options, event_log& log,
       const std::vector<page>& pages)
    : system_(system), context_{options, log, {}, {}},
      admin_context_{std::move(options), log, {}, {}} {
    make_loops();
    spawn_actors();
    add_routes(pages);
    open_listeners();
    for (auto& loop : loops_) threads_.emplace_back([&loop] { loop->run(); });
    loops_.front()->post([this] {
      for (auto& l : listeners_) l->start();
    });
  }

  ~impl() {
    if (!threads_.empty()) {
      drain(std::chrono::milliseconds::zero());
      join();
    }
  }

  void drain(std::chrono::milliseconds timeout) {
    if (context_.draining.exchange(true)) return;
    deadline_.set_value(host::clock::now() + timeout);
    context_.log.write(severity::info, "draining", {});
    // No upgrade succeeds after a loop has run this; only then may the shards count down.
    auto& first = *loops_.front();
    first.post([this] {
      for (auto& l : listeners_)
        if (l.get() != admin_) l->close();
      announce_drain(0);
    });
  }

  bool join() {
    ended_.wait_until_set(deadline_.get_future().get()); // first for stop() to be called
    bool in_time = ended_.is_set();
    if (!in_time) cut_everyone();
    for (const auto& h : clients_->hubs) caf::anon_send_exit(h, caf::exit_reason::user_shutdown);
    for (auto& ended : hubs_ended_) ended.wait_until_set(host::clock::now() + cut_grace);
    loops_.front()->post([this] {
      // An accept under way holds a socket of another loop: it has to be over before that loop goes.
      for (auto& l : listeners_) l->close();
      for (auto& loop : loops_) loop->finish();
    });
    for (auto& t : threads_) t.join();
    threads_.clear();
    gate_->retire();
    admin_gate_->retire();
    registry_ = nullptr;
    settings_.reset();
    clients_.reset();
    shards_.clear();
    listeners_.clear();
    while (!loops_.empty()) loops_.pop_back(); // loop 0 last: others' handlers may refer to it
    return in_time;
  }

private:
  friend class server;

  /// Repeatedly: what was being upgraded when the drain began may join after a cut.
  void cut_everyone() {
    const close_connections all{target::everyone(), close_status::of(close_reason::shutting_down),
                                closing::cut};
    for (const auto give_up = host::clock::now() + cut_grace;
         !ended_.is_set() && host::clock::now() < give_up;
         ended_.wait_until_set(host::clock::now() + cut_interval))
      caf::anon_send(registry_, all);
  }

  void make_loops() {
    const auto& listen = context_.options.listen;
    if (listen.send == send_method::io_uring && !batch_sender::io_uring_works())
      throw std::runtime_error("listen.send: io_uring is missing or forbidden here");
    uses_io_uring_ = listen.send != send_method::sendmsg && batch_sender::io_uring_works();
    for (std::size_t i = 0; i < loops_for(listen); ++i)
      loops_.push_back(std::make_unique<io_loop>(system_, i, listen.send, context_.log));
    gate_ = std::make_shared<admission>(*loops_.front(), context_.options.limit);
    admin_gate_ = std::make_shared<admission>(*loops_.front(), limit_options{});
  }

  void spawn_actors() {
    for (auto& loop : loops_) shards_.push_back(spawn_on(*loop, shard, shard_options{&context_.log}));
    registry_options joining{.log = &context_.log};
    // A joined delivery must not be what fills an outbox that would hold its parts.
    joining.max_joined_bytes =
      std::min(joining.max_joined_bytes, context_.options.outbox.max_bytes / 2);
    registry_ = spawn_on(*loops_.front(), troupe::registry, shards_, joining);
    caf::actor_cast<caf::abstract_actor*>(registry_)->attach_functor([this] { ended_.set(); });
    const auto& o = context_.options;
    settings_ = std::make_shared<const connection_settings>(connection_settings{
      registry_,
      {o.heartbeat.ping_interval, o.heartbeat.pong_timeout, o.heartbeat.idle_timeout},
      o.websocket.echo,
      o.websocket.policy});
    spawn_hubs();
    context_.open = [this](io_loop& loop, std::shared_ptr<transport> out, const opening& how) {
      const auto& joins = shards_[loop.index()];
      if (const auto& dialect = how.centrifuge) {
        spawn_on(loop, troupe::centrifuge::client, clients_, joins,
                 troupe::centrifuge::client_profile{
                   client_id::random(), {}, &centrifuge::codec_for(dialect->format),
                   dialect->frame_pings},
                 std::move(out));
        return;
      }
      connection_identity who{.id = client_id::random(), .speaks_to = target::everyone()};
      if (!how.group.empty()) {
        who.speaks_to = target::group(how.group);
        who.groups = {how.group};
      }
      spawn_on(loop, connection, settings_, joins, std::move(who), std::move(out));
    };
  }

  void spawn_hubs() {
    using namespace troupe::centrifuge;
    const auto names = std::make_shared<const namespaces>(context_.options.channels);
    const auto channels = std::make_shared<const channel_settings>(channel_settings{
      .names = names,
      .shards = shards_,
      .codecs = {&net::centrifuge::codec_for(encoding::json),
                 &net::centrifuge::codec_for(encoding::protobuf)},
      .log = &context_.log});
    std::vector<channel_actor> hubs;
    for (auto& loop : loops_) {
      hubs.emplace_back(spawn_on(*loop, hub, channels));
      caf::actor_cast<caf::abstract_actor*>(hubs.back())->attach_functor(
        [ended = &hubs_ended_.emplace_back()] { ended->set(); });
    }
    clients_ = std::make_shared<const client_settings>(
      client_settings{context_.options.client, names, std::move(hubs), context_.options.version});
  }

  void add_routes(const std::vector<page>& pages) {
    const auto health = [this](const request_view&) {
      return context_.draining
               ? decision{.status = 503, .content_type = json, .body = R"({"status":"draining"})"}
               : decision{.content_type = json, .body = "{}"};
    };
    for (const auto& p : pages) context_.routes.add(std::string{p.path}, serve(p));
    context_.routes.add("/health", health);
    context_.routes.add_websocket(context_.options.websocket);
    admin_context_.routes.add("/health", health);
    admin_context_.routes.add("/debug/totals.json", [this](const request_view&) {
      return decision{.content_type = json, .body = totals_json(loops_, context_.draining)};
    });
  }

  void open_listeners() {
    const auto& o = context_.options;
    std::shared_ptr<asio::ssl::context> tls;
    if (!o.tls.certificate.empty()) tls = load_tls(o.tls);
    const bool own_tls_port = tls && o.tls.port != 0;
    const auto listen = [&](session_context& context, std::shared_ptr<admission> gate,
                            const std::string& address, std::uint16_t port, const char* option,
                            std::shared_ptr<asio::ssl::context> with_tls) {
      listeners_.push_back(std::make_unique<listener>(context, std::move(gate), loops_, address,
                                                      port, option, std::move(with_tls)));
      return listeners_.back().get();
    };
    port_ = listen(context_, gate_, o.listen.address, o.listen.port, "listen.port",
                   own_tls_port ? nullptr : tls)->port();
    if (own_tls_port)
      tls_port_ = listen(context_, gate_, o.listen.address, o.tls.port, "tls.port", tls)->port();
    else if (tls) tls_port_ = port_;
    if (o.admin.port == 0) return;
    admin_ = listen(admin_context_, admin_gate_, o.admin.address, o.admin.port, "admin.port", nullptr);
    admin_port_ = admin_->port();
  }

  void announce_drain(std::size_t loop) {
    if (loop == loops_.size()) {
      caf::anon_send(registry_, troupe::drain{context_.options.drain.rate});
      return;
    }
    loops_[loop]->post([this, loop] { announce_drain(loop + 1); });
  }

  /// Set once, by the registry's end.
  class event {
  public:
    void set() { promise_.set_value(); }
    void wait_until_set(host::clock::time_point deadline) { (void)future_.wait_until(deadline); }
    bool is_set() { return future_.wait_for(0s) == std::future_status::ready; }

  private:
    std::promise<void> promise_;
    std::future<void> future_ = promise_.get_future();
  };

  caf::actor_system& system_;
  session_context context_;
  session_context admin_context_;
  event ended_; // outlives the loops, which may be what ends the registry
  std::deque<event> hubs_ended_; // so do these
  std::vector<std::unique_ptr<io_loop>> loops_;
  std::shared_ptr<admission> gate_;
  std::shared_ptr<admission> admin_gate_;
  std::vector<shard_actor> shards_;
  registry_actor registry_;
  std::shared_ptr<const connection_settings> settings_;
  std::shared_ptr<const troupe::centrifuge::client_settings> clients_;
  std::vector<std::unique_ptr<listener>> listeners_;
  listener* admin_ = nullptr;
  std::vector<std::thread> threads_;
  std::promise<host::clock::time_point> deadline_; // set by drain()
  bool uses_io_uring_ = false;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  std::uint16_t admin_port_ = 0;
};

server::server(caf::actor_system& system, server_options options, event_log& log,
               std::vector<page> pages)
  : impl_(std::make_unique<impl>(system, std::move(options), log, pages)) {}

server::~server() = default;

std::uint16_t server::port() const noexcept { return impl_->port_; }
std::uint16_t server::tls_port() const noexcept { return impl_->tls_port_; }
std::uint16_t server::admin_port() const noexcept { return impl_->admin_port_; }
std::size_t server::loop_count() const noexcept { return impl_->loops_.size(); }
registry_actor server::registry() const { return impl_->registry_; }

std::string server::send_method_name() const {
  return impl_->uses_io_uring_ ? "io_uring" : "sendmsg";
}

void server::stop() { impl_->drain(impl_->context_.options.drain.timeout); }
bool server::join() { return impl_->join(); }

} // namespace troupe::net
