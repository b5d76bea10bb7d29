// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CLIENT NODE: clients with real codecs in front of a hub that the test plays.
#pragma once
#include <troupe/centrifuge/client.hpp>
#include <troupe/centrifuge/roster.hpp>
#include <troupe/net/centrifuge/codecs.hpp>
#include <troupe/shard.hpp>
#include <troupe/testing/deterministic_system.hpp>
#include <troupe/testing/memory_transport.hpp>

#include "support/catch.hpp"

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::centrifuge::tests {

/// What the hub was asked, and what it says.
struct hub_book {
  std::vector<std::string> order; // "subscribe chat:1"
  std::vector<subscribe_channel> subscribes;
  std::vector<publish_channel> publishes;
  std::vector<get_history> histories;

  std::function<subscribe_answer(const subscribe_channel&)> subscribe = [](const auto& m) {
    subscribe_result granted;
    granted.positioned = m.features.positioned;
    granted.recoverable = m.features.recoverable;
    granted.data = m.reply_data;
    if (granted.positioned) granted.position = {0, "ep"};
    return granted;
  };
  publish_answer publish = stream_position{};
  presence_answer presence = presence_result{};
  presence_stats_answer presence_stats = presence_stats_result{};
  history_answer history = history_page{};
  std::uint64_t sequence = 0; // told to subscribers

  bool fails = false;  // as a channel that has crashed
  bool silent = false; // answers when told to
  std::deque<std::function<void()>> owed;

  void answer() {
    const auto next = std::move(owed.front());
    owed.pop_front();
    next();
  }
};

struct hub_stand_in_state {
  static constexpr const char* name = "hub_stand_in";
};
using hub_stand_in_pointer = hosted_pointer<channel_actor, hub_stand_in_state>;

inline channel_actor::behavior_type hub_stand_in(hub_stand_in_pointer self,
                                                 std::shared_ptr<hub_book> book) {
  const auto say = [self, book]<class Answer>(std::string asked, Answer answer) {
    book->order.push_back(std::move(asked));
    auto promise = self->template make_response_promise<Answer>();
    if (book->fails) promise.deliver(caf::make_error(caf::sec::runtime_error));
    else if (book->silent)
      book->owed.emplace_back([promise, answer]() mutable { promise.deliver(std::move(answer)); });
    else promise.deliver(std::move(answer));
    return promise;
  };
  return {
      [=](const subscribe_channel& m) {
        book->subscribes.push_back(m);
        return say("subscribe " + m.channel, subscribe_answered{book->subscribe(m), book->sequence});
      },
      [=](const unsubscribe_channel& m) {
        return say("unsubscribe " + m.channel, unsubscribed{});
      },
      [=](const publish_channel& m) {
        book->publishes.push_back(m);
        return say("publish " + m.channel, publish_answered{book->publish});
      },
      [=](const get_presence& m) {
        return say("presence " + m.channel, presence_answered{book->presence});
      },
      [=](const get_presence_stats& m) {
        return say("presence_stats " + m.channel, presence_stats_answered{book->presence_stats});
      },
      [=](const get_history& m) {
        book->histories.push_back(m);
        return say("history " + m.channel, history_answered{book->history});
      },
      [=](const remove_history& m) {
        return say("remove_history " + m.channel, remove_history_answered{history_removed{}});
      },
  };
}

/// What tokens are worth; others are invalid.
struct token_book {
  std::map<std::string, connection_verdict> connections;
  std::map<std::string, subscription_verdict> subscriptions;
  bool fails = false;  // as an authenticator that has crashed
  bool silent = false; // answers when told to
  std::deque<std::function<void()>> owed;

  void answer() {
    const auto next = std::move(owed.front());
    owed.pop_front();
    next();
  }
};

struct authenticator_stand_in_state {
  static constexpr const char* name = "authenticator_stand_in";
};

inline authenticator_actor::behavior_type
authenticator_stand_in(hosted_pointer<authenticator_actor, authenticator_stand_in_state> self,
                       std::shared_ptr<token_book> book) {
  const auto say = [self, book]<class Verdict>(const std::map<std::string, Verdict>& known,
                                               const std::string& token) {
    auto promise = self->template make_response_promise<Verdict>();
    const auto found = known.find(token);
    const auto verdict = found == known.end() ? Verdict{token_fault::invalid} : found->second;
    if (book->fails) promise.deliver(caf::make_error(caf::sec::runtime_error));
    else if (book->silent)
      book->owed.emplace_back([promise, verdict]() mutable { promise.deliver(verdict); });
    else promise.deliver(verdict);
    return promise;
  };
  return {
      [=](const verify_connection& m) { return say(book->connections, m.token); },
      [=](const verify_subscription& m) { return say(book->subscriptions, m.token); },
  };
}

/// A client as its user sees it.
struct peer {
  client_id id;
  client_actor who;
  std::shared_ptr<testing::memory_transport> line;

  [[nodiscard]] testing::memory_transport* operator->() const { return line.get(); }

  /// Frames that came, without control frames of WebSocket.
  std::vector<std::string> frames() const { return line->client_reads_payloads(); }
  /// "3501 bad request"; nothing while it is open.
  [[nodiscard]] std::string ended() const {
    if (!line->closing()) return {};
    return std::to_string(line->closing()->code) + " " + line->closing()->text;
  }
};

inline client_options open_to_all() {
  client_options o;
  o.allow_anonymous_connect_without_token = true;
  return o;
}

/// Namespaces: pub (everything is allowed), hist (positioned), drop (positioned, drops the oldest),
/// delta, pres, priv (nothing is allowed), wild (as hist, and patterns).
inline channels_config test_channels() {
  using namespace std::chrono_literals;
  channel_options open;
  open.allow_subscribe_for_client = open.allow_subscribe_for_anonymous = true;
  open.allow_publish_for_subscriber = open.allow_publish_for_anonymous = true;
  open.allow_presence_for_subscriber = open.allow_presence_for_anonymous = true;
  open.allow_history_for_subscriber = open.allow_history_for_anonymous = true;
  auto hist = open;
  hist.history_size = 10;
  hist.history_ttl = 60s;
  hist.force_recovery = true;
  auto drop = hist;
  drop.slow_consumer = overflow::drop_oldest;
  auto delta = hist;
  delta.allowed_delta_types = {"fossil"};
  delta.allow_tags_filter = true;
  auto pres = open;
  pres.presence = pres.join_leave = pres.force_push_join_leave = true;
  pres.exclude_publisher = true;
  auto wild = hist;
  wild.allow_wildcards = wild.allow_publish_for_client = true;
  return {.namespaces = {{"pub", open}, {"hist", hist}, {"drop", drop}, {"delta", delta},
                         {"pres", pres}, {"priv", {}}, {"wild", wild}}};
}

class client_node : public testing::deterministic_system {
public:
  explicit client_node(client_options options = open_to_all())
      : settings(std::make_shared<client_settings>()) {
    settings->options = std::move(options);
    settings->channels = std::make_shared<const namespaces>(test_channels());
    settings->hubs = {spawn_on(host(), hub_stand_in, book)};
    settings->authenticator = spawn_on(host(), authenticator_stand_in, tokens);
    settings->version = "1.2.3";
    shard_ = spawn_on(host(), shard, shard_options{});
    run();
  }

  ~client_node() {
    for (auto& p : peers)
      if (!p->closed() && p->started()) p->client_fails();
    run();
    caf::anon_send_exit(shard_, caf::exit_reason::kill);
    caf::anon_send_exit(settings->hubs.front(), caf::exit_reason::kill);
    settings->hubs.clear();
    for (const auto& r : settings->rosters) caf::anon_send_exit(r, caf::exit_reason::kill);
    settings->rosters.clear();
    caf::anon_send_exit(settings->authenticator, caf::exit_reason::kill);
    settings->authenticator = nullptr;
    run();
    CHECK(running() == 0);
  }

  void limit_users(roster_options limits) {
    settings->rosters = {spawn_on(host(), roster, limits)};
  }

  /// A socket that was upgraded.
  peer open(encoding format = encoding::json, bool frame_pings = false, std::string user = {},
            testing::memory_transport_options transport = {}) {
    if (transport.bounds.max_control_bytes == outbox_bounds{}.max_control_bytes)
      transport.bounds.max_control_bytes += settings->options.queue_max_size;
    peer p{client_id::random(), {}, std::make_shared<testing::memory_transport>(transport)};
    p.who = spawn_on(host(), client, std::shared_ptr<const client_settings>{settings}, shard_,
                     client_profile{p.id, std::move(user), &net::centrifuge::codec_for(format),
                                    frame_pings,
                                    {format == encoding::json ? transport_kind::centrifuge_json
                                                              : transport_kind::centrifuge_protobuf}},
                     p.line);
    peers.push_back(p);
    run();
    return p;
  }

  /// One that has connected, its reply read.
  peer connect(testing::memory_transport_options transport = {}) {
    auto p = open(encoding::json, false, {}, transport);
    send(p, R"({"id":1,"connect":{}})");
    REQUIRE(p.frames().size() == 1);
    return p;
  }
  peer subscribe(const std::string& channel, testing::memory_transport_options transport = {}) {
    auto p = connect(transport);
    send(p, R"({"id":2,"subscribe":{"channel":")" + channel + R"("}})");
    REQUIRE(p.frames().size() == 1);
    return p;
  }

  void send(const peer& p, std::string_view text) {
    p->client_sends(text);
    run();
  }
  /// The frames that answer one.
  std::vector<std::string> ask(const peer& p, std::string_view text) {
    send(p, text);
    return p.frames();
  }

  /// An event as a channel makes it, but with every form that there is.
  caf::intrusive_ptr<channel_event> published(std::string channel, std::string data,
                                              std::uint64_t offset = 0,
                                              overflow policy = overflow::disconnect) {
    auto event = caf::make_counted<channel_event>();
    event->sequence = ++book->sequence;
    publication p{net::centrifuge::make_payload(std::move(data)), {}, offset, "ep", {}};
    if (offset == 0) p.epoch.clear();
    event->publication = std::make_shared<const publication>(std::move(p));
    event->channel = std::move(channel);
    encode(*event, payload_form::plain, {event->publication, payload_form::plain, {}}, policy);
    encode(*event, payload_form::full, {event->publication, payload_form::full, {}}, policy);
    return event;
  }
  void encode(channel_event& event, payload_form form, rendition r,
              overflow policy = overflow::disconnect) {
    for (const auto format : {encoding::json, encoding::protobuf}) {
      const auto text = net::centrifuge::codec_for(format).encode(push{event.channel, r});
      auto& slot = event.encoded[static_cast<std::size_t>(format)][static_cast<std::size_t>(form)];
      const auto type = format == encoding::json ? opcode::text : opcode::binary;
      if (text)
        slot = delivery_ptr{new delivery(target::group(event.channel), frame::encode(type, *text), {},
                                         policy, {}), false};
    }
  }
  void happens(const peer& p, channel_event_ptr event) {
    caf::anon_send(p.who, channel_happened{std::move(event)});
    run();
  }

  std::shared_ptr<hub_book> book = std::make_shared<hub_book>();
  std::shared_ptr<token_book> tokens = std::make_shared<token_book>();
  std::shared_ptr<client_settings> settings;
  std::vector<peer> peers;

  /// The shard of all of them.
  const shard_actor& home_shard() const { return shard_; }

private:
  shard_actor shard_;
};

} // namespace troupe::centrifuge::tests
