// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a server is made of, and the order in which it comes and goes. server_actors.cpp spawns its actors,
// server_reload.cpp changes what can change.
#pragma once
#include <troupe/net/server.hpp>

#include <troupe/centrifuge/client.hpp>
#include <troupe/centrifuge/hub.hpp>
#include <troupe/connection.hpp>
#include <troupe/hooks/directory.hpp>
#include <troupe/ledger.hpp>
#include <troupe/live.hpp>
#include <troupe/net/api/endpoint.hpp>
#include <troupe/net/auth/authenticator.hpp>
#include <troupe/net/auth/key_source.hpp>
#include <troupe/net/cluster/link.hpp>
#include <troupe/net/events/courier.hpp>
#include <troupe/net/history/store.hpp>
#include <troupe/net/internal/inspector.hpp>
#include <troupe/net/internal/listener.hpp>
#include <troupe/net/internal/memory_watch.hpp>
#include <troupe/net/webhooks/backend.hpp>
#include <troupe/registry.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace troupe::net {

class server::impl {
public:
  impl(caf::actor_system& system, server_options options, event_log& log,
       const std::vector<page>& pages, hooks::extensions extensions, std::vector<admin_service> services);

  ~impl();
  void reload(const server_options& next);
  void reload_tokens(auth::auth_options next);
  /// @throws std::invalid_argument if channels cannot be as told
  void check_channels(const troupe::centrifuge::channels_config& next) const;
  void reload_channels(troupe::centrifuge::channels_config next);
  void reload_messages(const server_options& next);
  void reload_limits(const server_options& next);
  void reload_webhooks(webhooks::webhook_options next);
  void reload_tls();
  void drain(std::chrono::milliseconds timeout);
  bool wait();
  bool join();

private:
  friend class server;

  /// Set once, by the end of an actor.
  class event {
  public:
    void set() { promise_.set_value(); }
    void wait_until_set(host::clock::time_point deadline) { (void)future_.wait_until(deadline); }
    bool is_set() { return future_.wait_for(std::chrono::seconds{0}) == std::future_status::ready; }

  private:
    std::promise<void> promise_;
    std::future<void> future_ = promise_.get_future();
  };

  /// One that clients have nothing to do with: what it serves, and to how many.
  struct inner_port {
    session_context context;
    std::shared_ptr<admission> gate = nullptr;
    std::uint16_t number = 0; ///< As bound; 0: off.
  };

  /// Takes no more requests of the API, and waits a little for those that are under way.
  void finish_requests();
  /// Repeatedly: what was being upgraded when the drain began may join after a cut.
  void cut_everyone();
  void make_loops();
  void spawn_actors();
  void spawn_extensions(hooks::extensions extensions);
  /// Only if there is a directory for it.
  void spawn_store();
  void end_store();
  /// Only if there can be other nodes.
  void spawn_engine();
  void join_cluster();
  /// Waits until this node has its place among others: its channels, or those it leaves theirs. Not beyond `until`.
  void await_place(host::clock::time_point until);
  void end_cluster();
  void spawn_hubs();

  /// On CAF's scheduler: verifying a signature takes longer than a loop may be held up.
  void spawn_authenticator();
  std::vector<troupe::centrifuge::roster_actor> spawn_rosters();
  void spawn_doorkeepers();

  /// Has join() wait for the end of an actor, whose failure is the server's.
  template <class Actor>
  void rely_on(const Actor& who, std::string_view name, event& ended) {
    caf::actor_cast<caf::abstract_actor*>(who)->attach_functor(
      [this, name, ended = &ended](const caf::error& why) {
        fail(name, why);
        ended->set();
      });
  }
  /// A part has ended; does nothing if it should have. Thread: any.
  void fail(std::string_view part, const caf::error& why);
  void on_failure(std::function<void()> f);

  void add_routes(const std::vector<page>& pages);
  void add_services(std::vector<admin_service> services);
  void open_listeners();

  /// After all that may fail: they live outside of the loops.
  void spawn_watchers();

  /// Before all that may fail but itself.
  void make_web_client();
  void open_journal();
  void spawn_courier();

  /// What who asks webhooks needs.
  webhooks::asker_settings asking();
  void spawn_backend();

  /// After the ports are known, of which one is part of the node's name.
  void spawn_apis();
  /// Only if there are connections without a WebSocket. After the APIs.
  void spawn_desks();
  /// What becomes of a request to /emulation.
  [[nodiscard]] decision speak(const request_view& request) const;
  void announce_drain(std::size_t loop);
  [[nodiscard]] std::string node_name() const;

  caf::actor_system& system_;
  server_options configured_; // as of the last reload; context_ has what it began with
  live<drain_options> drain_{configured_.drain};
  session_context context_;
  inner_port admin_;
  inner_port api_;
  inner_port metrics_;
  std::atomic<bool> failed_{false};
  std::mutex failure_mutex_;
  std::function<void()> on_failure_; // guarded by the mutex
  std::deque<event> shards_ended_;   // as the next
  event ended_; // outlives the loops, which may be what ends the registry
  std::deque<event> channels_ended_; // so do these: of hubs and of those that clients ask
  std::deque<event> keepers_ended_;
  std::deque<event> observers_ended_;
  std::deque<event> apis_ended_;
  std::deque<event> desks_ended_;
  std::vector<std::unique_ptr<io_loop>> loops_;
  inspection::observatory observatory_;
  std::unique_ptr<memory_watch> memory_watch_; // goes before its loop
  std::shared_ptr<admission> gate_;
  std::vector<shard_actor> shards_;
  std::shared_ptr<send_budget> budget_ =
    std::make_shared<send_budget>(registry_options{}.max_pending_bytes);
  registry_actor registry_;
  event inspector_ended_;
  event courier_ended_;
  ledger_actor ledger_;
  inspector_actor inspector_;
  std::shared_ptr<web::client> web_; // null unless somebody is to be asked or told
  std::shared_ptr<events::journal> journal_;
  std::shared_ptr<events::counters> told_ = std::make_shared<events::counters>();
  std::shared_ptr<history::counters> written_ = std::make_shared<history::counters>();
  history::store_actor store_; // null without a directory
  event store_ended_;
  const std::string uid_ = client_id::random().to_string(); // of this run
  troupe::cluster::engine_actor engine_; // null if this server is alone
  cluster::nats_link_actor link_;        // likewise
  std::shared_ptr<cluster::library_options> nats_;
  std::shared_ptr<send_budget> sent_budget_ = std::make_shared<send_budget>(cluster::max_pending_bytes);
  std::shared_ptr<send_budget> relay_budget_ = std::make_shared<send_budget>(cluster::max_pending_bytes);
  std::shared_ptr<troupe::cluster::counters> others_ = std::make_shared<troupe::cluster::counters>();
  event engine_ended_;
  event link_ended_;
  std::shared_ptr<webhooks::counters> asked_ = std::make_shared<webhooks::counters>();
  webhooks::live_options asks_{configured_.webhook};
  webhooks::backend_state::handle backend_; // null without webhooks
  events::courier_actor courier_; // null unless there is an endpoint for events
  auth::renewable_authenticator authenticator_; // null without keys
  auth::key_source_actor keys_; // null unless they come from endpoints
  std::shared_ptr<const rates::limits> limits_;
  std::shared_ptr<auth::counters> tokens_ = std::make_shared<auth::counters>();
  std::shared_ptr<const connection_settings> settings_;
  std::shared_ptr<hooks::directory> extensions_ = std::make_shared<hooks::directory>();
  std::vector<std::string> hooked_; // namespaces that have to be there
  std::map<std::string, std::vector<std::shared_ptr<const connection_settings>>> routes_; // by loop
  std::shared_ptr<troupe::centrifuge::namespaces> names_;
  std::shared_ptr<const troupe::centrifuge::client_settings> clients_;
  std::vector<api::api_actor> apis_;
  std::shared_ptr<api::endpoint> api_endpoint_;
  std::shared_ptr<emulation::desk_settings> desks_ = std::make_shared<emulation::desk_settings>();
  std::vector<std::unique_ptr<listener>> listeners_;
  std::vector<listener*> drained_; // those of them that close when a drain begins
  std::vector<std::thread> threads_;
  std::promise<host::clock::time_point> deadline_; // set by drain()
  std::optional<bool> in_time_;                    // once everyone was waited for
  bool uses_io_uring_ = false;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
};

} // namespace troupe::net
