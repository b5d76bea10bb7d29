// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CLUSTER WORLD: several nodes in one deterministic system, each on a host of its own, and a broker between them that
// loses what it is told to. A fixture: when a test ends, no actor may be left.
#pragma once
#include <troupe/cluster/engine.hpp>
#include <troupe/hooks/directory.hpp>
#include <troupe/registry.hpp>

#include "../centrifuge/channel_world.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace troupe::cluster::test {

using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;

/// What the broker between the nodes does.
struct broker {
  std::map<std::string, engine_actor> nodes; // by UID
  std::set<std::string> cut;                 // cannot reach it
  std::function<bool(const packet&, const std::string& to)> loses = [](const packet&, const std::string&) { return false; };
  /// Keeps those back, and what the same node sends the same one after them, until release().
  std::function<bool(const packet&, const std::string& to)> holds = [](const packet&, const std::string&) { return false; };
  std::map<std::pair<std::string, std::string>, std::vector<std::shared_ptr<packet>>> held; // by sender and receiver
  std::set<std::string> deaf; // hear nothing of who comes and goes
  std::size_t packets = 0;
  std::map<std::string, std::size_t> by_sender;
};

struct link_state {
  static constexpr const char* name = "link";
};
using link_pointer = link_actor::stateful_pointer<link_state>;

inline link_actor::behavior_type link(link_pointer self, std::string uid, std::shared_ptr<broker> over,
                                      std::shared_ptr<send_budget> budget) {
  return {
    [=](const transmit& m) {
      budget->give_back(m.bytes);
      if (over->cut.contains(uid) || over->cut.contains(m.to) || over->loses(*m.what, m.to)) return;
      if (!std::holds_alternative<greeting>(m.what->what)) ++over->packets, ++over->by_sender[uid];
      if (over->holds(*m.what, m.to) || over->held.contains({uid, m.to}))
        return over->held[{uid, m.to}].push_back(std::make_shared<packet>(*m.what));
      if (const auto to = over->nodes.find(m.to); to != over->nodes.end())
        self->send(to->second, packet_came{std::make_shared<packet>(*m.what)});
    },
    [=](const announce_node& m) {
      if (over->cut.contains(uid)) return;
      for (const auto& [to, who] : over->nodes)
        if (!over->cut.contains(to) && !over->deaf.contains(to)) self->send(who, beat_came{m.what});
    },
  };
}

struct plain_state {
  static constexpr const char* name = "plain";
};
using plain_pointer = hosted_pointer<connection_actor, plain_state>;

/// A connection of /ws that writes down what it gets.
inline connection_actor::behavior_type plain(plain_pointer self, std::shared_ptr<strings> seen, shard_actor shard,
                                             std::vector<std::string> groups) {
  self->request(shard, caf::infinite, troupe::join{client_id::random(), {}, std::move(groups), {}}).then([](const joined&) {});
  return {
    [seen](const deliver& m) { seen->emplace_back(m.what->message.payload()); },
    [seen](const confirm_deliver& m) {
      seen->emplace_back(m.what->message.payload());
      return outcome{};
    },
    [](const received&) {},
    [](const pong_received&) {},
    [](const transport_closed&) {},
    [](const credit&) {},
    [self, seen](const close_connection&) {
      seen->emplace_back("closed");
      self->quit();
    },
    [](const describe&) { return connection_details{}; },
    [](const limit_queue&) { return connection_details{}; },
    [](const deadline_passed&) {},
  };
}


struct api_stub_state {
  static constexpr const char* name = "api";
};

/// Says what it was asked.
inline node_api_actor::behavior_type api_stub(node_api_actor::stateful_pointer<api_stub_state>, std::string uid) {
  return {[uid](const node_call& m) { return node_answer{uid + ":" + m.method + ":" + m.body}; }};
}

/// One node.
struct node {
  std::string uid;
  shard_actor shard;
  registry_actor registry;
  hub_actor hub;
  link_actor link;
  engine_actor engine;
  node_api_actor api;
  std::shared_ptr<send_budget> budget = std::make_shared<send_budget>(1024 * 1024);
  std::shared_ptr<send_budget> relay_budget = std::make_shared<send_budget>(64 * 1024);
  std::shared_ptr<counters> figures = std::make_shared<counters>();
  std::shared_ptr<tests::memory_log> log = std::make_shared<tests::memory_log>();
  std::shared_ptr<hooks::directory> extensions = std::make_shared<hooks::directory>();
};

struct cluster_options {
  std::size_t nodes = 2;
  channel_options channels = {};
  std::vector<namespace_config> namespaces = {};
  channel_settings settings = {};
  std::function<hooks::extensions(std::size_t at)> extensions = {}; ///< Of each node; null: none.
};

class cluster_world : public testing::deterministic_system {
public:
  explicit cluster_world(cluster_options o = {}) : deterministic_system(0) {
    for (std::size_t i = 0; i < o.nodes; ++i) add_host(0);
    channels_config config;
    config.without_namespace = std::move(o.channels);
    config.namespaces = std::move(o.namespaces);
    names = std::make_shared<namespaces>(config);
    extensions_ = std::move(o.extensions);
    for (std::size_t i = 0; i < o.nodes; ++i) start(i, o.settings);
    meet_all();
  }

  ~cluster_world() {
    for (const auto& who : connections) caf::anon_send_exit(who, caf::exit_reason::kill);
    connections.clear();
    fans.clear();
    for (auto& n : nodes) end(n);
    nodes.clear();
    over->nodes.clear();
    run();
    CHECK(running() == 0);
  }

  /// A node begins, on a host of its own.
  void start(std::size_t at, channel_settings settings = {}) {
    node n;
    n.uid = std::string(1, static_cast<char>('A' + started_++)); // another one for each run
    n.shard = spawn_on(host(at), troupe::shard, shard_options{});
    engine_settings how{.uid = n.uid, .budget = n.budget,
                        .relay_budget = n.relay_budget, .figures = n.figures, .log = n.log.get(),
                        .new_session = [this] { return ++session_; }};
    n.engine = system().spawn(engine, how);
    n.registry = spawn_on(host(at), troupe::registry, std::vector<shard_actor>{n.shard},
                          registry_options{.log = n.log.get(), .others = n.engine, .relay_budget = n.relay_budget});
    settings.names = names;
    settings.shards = {n.shard};
    settings.codecs = {&json, &protobuf};
    settings.log = n.log.get();
    if (extensions_) settings.extensions = n.extensions;
    n.hub = spawn_on(host(at), troupe::centrifuge::hub, std::make_shared<const channel_settings>(std::move(settings)));
    if (extensions_) {
      const std::vector<std::reference_wrapper<troupe::host>> homes{host(at)};
      *n.extensions = {extensions_(at), homes, n.registry, centrifuge::channels{{n.hub}}, *n.log};
    }
    caf::anon_send(n.hub, meet_hubs{{n.hub, n.engine}});
    n.link = system().spawn(link, n.uid, over, n.budget);
    n.api = system().spawn(api_stub, n.uid);
    over->nodes[n.uid] = n.engine;
    caf::anon_send(n.engine, begin_cluster{n.link, n.registry, {n.hub}, n.api, "node-" + n.uid, "1"});
    caf::anon_send(n.engine, link_changed{true});
    nodes.push_back(std::move(n));
    run();
  }
  void meet_all() { advance(std::chrono::seconds{3}); }

  /// What the broker has held goes on, in order.
  void release() {
    over->holds = [](const packet&, const std::string&) { return false; };
    for (auto& [way, packets] : std::exchange(over->held, {}))
      for (auto& each : packets)
        if (const auto to = over->nodes.find(way.second); to != over->nodes.end()) caf::anon_send(to->second, packet_came{each});
    run();
  }
  void leaves(std::size_t at) {
    caf::anon_send(nodes[at].engine, leave_cluster{});
    run();
  }

  /// Ends a node as a crash of its process does.
  void crash(std::size_t at) {
    over->nodes.erase(nodes[at].uid);
    end(nodes[at]);
    run();
  }
  void cut(std::size_t at) {
    over->cut.insert(nodes[at].uid);
    caf::anon_send(nodes[at].engine, link_changed{false});
    run();
  }
  void mend(std::size_t at) {
    over->cut.erase(nodes[at].uid);
    caf::anon_send(nodes[at].engine, link_changed{true});
    run();
  }

  /// A channel that belongs to that node, of those that are alive, by the names "c0", "c1" ...
  std::string channel_of(std::size_t owner, const std::string& space = {}) {
    std::vector<view::other> none;
    for (int i = 0;; ++i) {
      auto name = space + "c" + std::to_string(i);
      std::uint64_t best = 0;
      std::size_t who = 0;
      for (std::size_t n = 0; n < nodes.size(); ++n) {
        if (!over->nodes.contains(nodes[n].uid)) continue;
        const auto weight = view::weight(nodes[n].uid, name);
        if (weight >= best) best = weight, who = n;
      }
      if (who == owner) return name;
    }
  }

  fan comes(std::string client, std::size_t at, std::string user = {}) {
    fan f{{}, std::make_shared<member_book>()};
    f->info = {std::move(user), std::move(client), {}, {}};
    f->shard = 0;
    f.who = spawn_on(host(at), member, f.book, nodes.at(at).shard);
    connections.push_back(f.who);
    fans.push_back(f);
    run();
    return f;
  }
  std::shared_ptr<strings> connects(std::size_t at, std::vector<std::string> groups = {}) {
    auto seen = std::make_shared<strings>();
    connections.push_back(spawn_on(host(at), plain, seen, nodes.at(at).shard, std::move(groups)));
    run();
    return seen;
  }
  void asks_to_subscribe(const fan& f, std::size_t at, const std::string& channel, centrifuge::test::subscription how = {}) {
    f->how = how;
    f->answer.reset();
    auto* self = caf::actor_cast<member_pointer>(f.who);
    self->request(nodes.at(at).hub, caf::infinite,
                  subscribe_channel{channel, f->where, f->info, how.features, how.overrides, how.codec, how.delta,
                                    how.recover, how.reject_unrecovered})
      .then(
        [book = f.book](const subscribe_answered& m) {
          book->answer = m.value;
          book->since = m.sequence;
          book->seen.push_back("answer");
        },
        [book = f.book](const caf::error&) { book->seen.push_back("failed"); });
  }
  fan subscribed(std::string client, std::size_t at, const std::string& channel, centrifuge::test::subscription how = {},
                 std::string user = {}) {
    const auto f = comes(std::move(client), at, std::move(user));
    asks_to_subscribe(f, at, channel, how);
    run();
    static_cast<void>(f.result());
    return f;
  }
  publish_answer publish(std::size_t at, const std::string& channel, std::string bytes, connection_handle exclude = {}) {
    const auto answer = ask<publish_answered>(nodes.at(at).hub, centrifuge::test::world::text(channel, std::move(bytes), exclude));
    REQUIRE(answer);
    return answer->value;
  }
  /// Of which there may be no answer yet.
  std::shared_ptr<std::optional<publish_answer>> begins_to_publish(const fan& f, std::size_t at, const std::string& channel,
                                                                   std::string bytes) {
    auto said = std::make_shared<std::optional<publish_answer>>();
    caf::actor_cast<member_pointer>(f.who)
      ->request(nodes.at(at).hub, caf::infinite, centrifuge::test::world::text(channel, std::move(bytes)))
      .then([said](const publish_answered& m) { *said = m.value; },
            [said](const caf::error&) { *said = error_code::expired; });
    run();
    return said;
  }
  template <class Answered, class Question>
  auto asked(std::size_t at, Question q) {
    const auto answer = ask<Answered>(nodes.at(at).hub, std::move(q));
    REQUIRE(answer);
    return answer->value;
  }
  std::uint64_t count(std::size_t at, counter loop_counters::* which) { return (host(at).counters().*which).value(); }

  counting_codec json{encoding::json}, protobuf{encoding::protobuf};
  std::shared_ptr<broker> over = std::make_shared<broker>();
  std::shared_ptr<namespaces> names;
  std::vector<node> nodes;
  std::vector<fan> fans;
  std::vector<connection_actor> connections;

private:
  static void end(node& n) {
    for (const auto& k : n.extensions->keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
    for (const auto& who : {caf::actor_cast<caf::actor>(n.engine), caf::actor_cast<caf::actor>(n.link),
                            caf::actor_cast<caf::actor>(n.hub), caf::actor_cast<caf::actor>(n.registry),
                            caf::actor_cast<caf::actor>(n.shard), caf::actor_cast<caf::actor>(n.api)})
      if (who) caf::anon_send_exit(who, caf::exit_reason::kill);
    n.engine = nullptr, n.link = nullptr, n.hub = nullptr, n.registry = nullptr, n.shard = nullptr, n.api = nullptr;
  }

  std::function<hooks::extensions(std::size_t at)> extensions_;
  std::uint64_t session_ = 0;
  int started_ = 0;
};

} // namespace troupe::cluster::test
