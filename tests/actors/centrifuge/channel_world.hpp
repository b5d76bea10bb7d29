// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CHANNEL WORLD: hubs and shards without a network, a codec that counts, and stand-ins for clients
// that write down what reaches them. A fixture: when a test ends, no actor may be left.
#pragma once
#include <troupe/centrifuge/hub.hpp>
#include <troupe/shard.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "../node.hpp"
#include "support/catch.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::centrifuge::test {

using strings = std::vector<std::string>;

/// Writes "form:payload", with " in channel" for a pattern, "join:client" or "leave:client", and counts. The payload "crash" throws.
class counting_codec final : public codec {
public:
  explicit counting_codec(encoding kind) : kind_(kind) {}

  encoding kind() const noexcept override { return kind_; }
  std::string_view decode(std::string_view&, command&) const override { return "not for commands"; }
  std::optional<std::string> encode(const reply&) const override { return std::nullopt; }
  std::optional<std::string> encode(const push& message) const override {
    if (const auto* what = std::get_if<rendition>(&message.body)) {
      const auto form = static_cast<std::size_t>(what->form);
      ++calls[form];
      const auto& data = what->publication->data;
      if (data.bytes == "crash") throw std::runtime_error{"told to crash"};
      if (kind_ == encoding::json && !data.is_json) return std::nullopt;
      if (what->form == payload_form::delta) return "delta:" + what->delta;
      const auto origin = what->channel.empty() ? "" : " in " + what->channel;
      return (what->form == payload_form::full ? "full:" : "plain:") + data.bytes + origin;
    }
    ++join_leave_calls;
    if (const auto* what = std::get_if<join_push>(&message.body)) return "join:" + what->info.client;
    return "leave:" + std::get<leave_push>(message.body).info.client;
  }
  std::string_view ping() const noexcept override { return "ping"; }
  void join(std::string& frame, std::string_view message) const override {
    if (kind_ == encoding::protobuf) frame += "length+";
    frame += message;
  }

  mutable std::array<int, form_count> calls{};
  mutable int join_leave_calls = 0;

private:
  encoding kind_;
};

/// How a stand-in for a client subscribes.
struct subscription {
  subscription_features features = {};
  encoding codec = encoding::json;
  bool delta = false;
  std::optional<stream_position> recover = {};
  bool reject_unrecovered = false;
  option_overrides overrides = {};
};

inline const subscription recoverable{.features = {.positioned = true, .recoverable = true}};
inline const subscription with_joins{.features = {.join_leave = true}};

inline subscription recovering(stream_position from, bool reject = false) {
  auto how = recoverable;
  how.recover = std::move(from);
  how.reject_unrecovered = reject;
  return how;
}

inline strings data_of(const subscribe_result& r) {
  strings all;
  for (const auto& p : r.publications) all.push_back(p.publication->data.bytes);
  return all;
}

// What a stand-in knows.
struct member_book {
  client_info info;
  std::size_t shard = 0;
  connection_handle where;
  std::uint64_t since = 0;
  subscription how;
  std::optional<subscribe_answer> answer;
  strings seen;                          // "answer", then texts of the frames or "lost"
  std::vector<channel_event_ptr> events; // as they came, those before the subscription too
  close_reason closed = close_reason::none;
};

struct member_state {
  static constexpr const char* name = "member";
};
using member_pointer = hosted_pointer<client_actor, member_state>;

inline void take(member_book& book, const channel_event_ptr& event) {
  book.events.push_back(event);
  if (event->sequence <= book.since) return;
  if (event->what == channel_event::kind::lost) return book.seen.push_back("lost");
  const bool published = event->what == channel_event::kind::published;
  if (!published && !book.how.features.join_leave) return;
  const auto& forms = event->encoded[static_cast<std::size_t>(book.how.codec)];
  const auto of = [&](payload_form form) { return forms[static_cast<std::size_t>(form)]; };
  auto what = of(payload_form::plain);
  if (published && book.how.delta)
    what = of(payload_form::delta) ? of(payload_form::delta) : of(payload_form::full);
  book.seen.emplace_back(what ? what->message.payload() : "unwritable");
}

inline client_actor::behavior_type member(member_pointer self, std::shared_ptr<member_book> book,
                                          shard_actor shard) {
  const auto id = client_id::parse(book->info.client).value_or(client_id::random());
  self->request(shard, caf::infinite, troupe::join{id, {}, {}, {}})
    .then([book](const joined& m) { book->where = m.handle; });
  return {
    [](const deliver&) {},
    [](const confirm_deliver&) { return outcome{}; },
    [](const received&) {},
    [](const pong_received&) {},
    [](const transport_closed&) {},
    [](const credit&) {},
    [self, book](const close_connection& m) {
      book->closed = m.status.reason;
      self->quit();
    },
    [](const describe&) { return connection_details{}; },
    [](const limit_queue&) { return connection_details{}; },
    [](const deadline_passed&) {},
    [book](const channel_happened& m) { take(*book, m.event); },
    [](const grant_subscription&) { return carried_out{}; },
    [](const revoke_subscription&) { return carried_out{}; },
    [](const renew_connection&) { return carried_out{}; },
    [](const push_message&) {},
  };
}

/// A stand-in for a client; what it has seen is read through `->`.
struct fan {
  client_actor who;
  std::shared_ptr<member_book> book;

  member_book* operator->() const { return book.get(); }
  [[nodiscard]] const subscribe_result& result() const {
    REQUIRE(book->answer);
    REQUIRE(std::holds_alternative<subscribe_result>(*book->answer));
    return std::get<subscribe_result>(*book->answer);
  }
  [[nodiscard]] std::optional<error_code> error() const {
    REQUIRE(book->answer);
    if (const auto* why = std::get_if<error_code>(&*book->answer)) return *why;
    return std::nullopt;
  }
};

struct world_options {
  channel_options channels = {}; // without a namespace
  std::vector<namespace_config> namespaces = {};
  std::size_t hosts = 1;
  std::uint32_t slice = 2048;
  channel_settings settings = {};
  std::function<history_store_actor(troupe::host&)> store = {}; // spawns one
  std::size_t store_budget = 1024 * 1024;
};

class world : public testing::deterministic_system {
public:
  explicit world(world_options o = {}) : deterministic_system(o.hosts) {
    channels_config config;
    config.without_namespace = std::move(o.channels);
    config.namespaces = std::move(o.namespaces);
    auto settings = std::move(o.settings);
    settings.names = names = std::make_shared<namespaces>(config);
    settings.codecs = {&json, &protobuf};
    settings.log = &log;
    for (std::size_t i = 0; i < o.hosts; ++i)
      settings.shards.push_back(spawn_on(host(i), shard, shard_options{.slice = o.slice}));
    shards = settings.shards;
    if (o.store) {
      settings.store = store = o.store(host(0));
      settings.store_budget = store_budget = std::make_shared<send_budget>(o.store_budget);
    }
    const auto shared = std::make_shared<const channel_settings>(std::move(settings));
    std::vector<hub_actor> all;
    for (std::size_t i = 0; i < o.hosts; ++i) all.push_back(spawn_on(host(i), hub, shared));
    meet(all);
    hubs.assign(all.begin(), all.end());
    run();
  }

  ~world() {
    for (const auto& f : fans) caf::anon_send_exit(f.who, caf::exit_reason::kill);
    for (const auto& h : hubs) caf::anon_send_exit(h, caf::exit_reason::kill);
    for (const auto& s : shards) caf::anon_send_exit(s, caf::exit_reason::kill);
    if (store) caf::anon_send_exit(store, caf::exit_reason::kill);
    fans.clear();
    run();
    CHECK(running() == 0);
  }

  fan comes(std::string client, std::string user = {}, std::size_t at = 0) {
    fan f{{}, std::make_shared<member_book>()};
    f->info = {std::move(user), std::move(client), {}, {}};
    f->shard = at;
    f.who = spawn_on(host(at), member, f.book, shards.at(at));
    fans.push_back(f);
    run();
    return f;
  }

  /// Sends the request in the name of the client without running anything.
  void asks_to_subscribe(const fan& f, const std::string& channel, subscription how = {}) {
    f->how = how;
    f->answer.reset();
    auto* self = caf::actor_cast<member_pointer>(f.who);
    self->request(of(channel), caf::infinite,
                  subscribe_channel{channel, f->where, f->info, how.features, how.overrides,
                                    how.codec, how.delta, how.recover, how.reject_unrecovered})
      .then(
        [book = f.book](const subscribe_answered& m) {
          book->answer = m.value;
          book->since = m.sequence;
          book->seen.push_back("answer");
        },
        [book = f.book](const caf::error&) { book->seen.push_back("failed"); });
  }
  void subscribe(const fan& f, const std::string& channel, subscription how = {}) {
    asks_to_subscribe(f, channel, how);
    run();
  }
  fan subscribed(std::string client, const std::string& channel, subscription how = {},
                 std::string user = {}, std::size_t at = 0) {
    const auto f = comes(std::move(client), std::move(user), at);
    subscribe(f, channel, how);
    static_cast<void>(f.result());
    return f;
  }
  void unsubscribe(const fan& f, const std::string& channel) {
    REQUIRE(ask<unsubscribed>(of(channel), unsubscribe_channel{channel, f->info.client}));
  }

  static publish_channel text(const std::string& channel, std::string bytes,
                              connection_handle exclude = {}) {
    return {channel, {std::move(bytes), true}, {}, {}, exclude, {}};
  }
  /// Without running anything.
  void sends(const std::string& channel, std::string bytes) {
    caf::anon_send(of(channel), text(channel, std::move(bytes)));
  }
  publish_answer publish(const std::string& channel, std::string bytes,
                         connection_handle exclude = {}) {
    const auto answer = ask<publish_answered>(of(channel), text(channel, std::move(bytes), exclude));
    REQUIRE(answer);
    return answer->value;
  }
  stream_position position(const std::string& channel) {
    const auto answer = ask<history_answered>(of(channel), get_history{channel, {}});
    REQUIRE(answer);
    return std::get<history_page>(answer->value).top;
  }
  presence_stats_result stats(const std::string& channel) {
    const auto answer = ask<presence_stats_answered>(of(channel), get_presence_stats{channel});
    REQUIRE(answer);
    return std::get<presence_stats_result>(answer->value);
  }
  /// Without telling the hubs.
  void renew(channel_options channels, std::vector<namespace_config> of_namespaces = {}) {
    names->renew({{}, name_rule::default_max_bytes, std::move(channels), std::move(of_namespaces)});
  }
  void tell_hubs() {
    for (const auto& h : hubs) caf::anon_send(caf::actor_cast<hub_actor>(h), renew_channels{});
    run();
  }
  const channel_actor& of(const std::string& channel) const { return hub_of(channel, hubs); }
  [[nodiscard]] std::uint64_t total(counter loop_counters::* which) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < hosts(); ++i) n += (host(i).counters().*which).value();
    return n;
  }

  counting_codec json{encoding::json}, protobuf{encoding::protobuf};
  tests::memory_log log;
  std::vector<shard_actor> shards;
  std::vector<channel_actor> hubs;
  std::shared_ptr<namespaces> names;
  history_store_actor store;
  std::shared_ptr<send_budget> store_budget;
  std::vector<fan> fans;
};

inline channel_options with_history(std::size_t size = 10) {
  channel_options o;
  o.history_size = size;
  o.history_ttl = std::chrono::seconds{60};
  return o;
}

} // namespace troupe::centrifuge::test
