// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/cluster/link.hpp>

#include <troupe/net/cluster/packet_codec.hpp>
#include <troupe/net/cluster/pieces.hpp>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <nats/nats.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <random>
#include <stdexcept>
#include <utility>

namespace troupe::net::cluster {

namespace {

using namespace std::chrono_literals;
using namespace troupe::cluster;

constexpr std::int64_t reconnect_wait = 250;   // ms, between two tries of one server
constexpr std::int64_t reconnect_jitter = 750; // at most so many more
constexpr std::int64_t dial_timeout = 2'000;
constexpr std::int64_t write_timeout = 1'000; // then the connection is given up
constexpr std::int64_t ping_interval = 2'000;  // a broker that answers neither of two is lost
constexpr int pings_out = 2;
constexpr std::int64_t last_flush = 500; // of what is sent before the end
constexpr auto after_closed = 1s; // until a connection that the library gave up is made anew
constexpr std::int64_t longest_piece = 512 * 1024;

void set(natsStatus status, std::string_view option, std::string_view value) {
  if (status != NATS_OK)
    throw std::runtime_error(fmt::format("{}: cannot use '{}': {}", option, value, natsStatus_GetText(status)));
}

} // namespace

// -- options ----------------------------------------------------------------------------------------

library_options::library_options(const nats_options& from) {
  set(natsOptions_Create(&of_), "engine.type", "nats");
  try {
    std::vector<const char*> servers;
    for (const auto& each : from.servers) servers.push_back(each.c_str());
    set(natsOptions_SetServers(of_, servers.data(), static_cast<int>(servers.size())), "nats.servers", from.servers.front());
    if (!from.user.empty()) set(natsOptions_SetUserInfo(of_, from.user.c_str(), from.password.c_str()), "nats.user", from.user);
    if (!from.token.empty()) set(natsOptions_SetToken(of_, from.token.c_str()), "nats.token", "...");
    if (!from.credentials.empty())
      set(natsOptions_SetUserCredentialsFromFiles(of_, from.credentials.c_str(), nullptr), "nats.credentials", from.credentials);
    if (!from.tls_ca.empty()) set(natsOptions_LoadCATrustedCertificates(of_, from.tls_ca.c_str()), "nats.tls_ca", from.tls_ca);
    if (!from.tls_certificate.empty())
      set(natsOptions_LoadCertificatesChain(of_, from.tls_certificate.c_str(), from.tls_key.c_str()), "nats.tls_certificate",
          from.tls_certificate);
    set(natsOptions_SetMaxReconnect(of_, -1), "nats.servers", "");
    set(natsOptions_SetReconnectWait(of_, reconnect_wait), "nats.servers", "");
    set(natsOptions_SetReconnectJitter(of_, reconnect_jitter, reconnect_jitter), "nats.servers", "");
    set(natsOptions_SetTimeout(of_, dial_timeout), "nats.servers", "");
    set(natsOptions_SetWriteDeadline(of_, write_timeout), "nats.servers", "");
    set(natsOptions_SetPingInterval(of_, ping_interval), "nats.servers", "");
    set(natsOptions_SetMaxPingsOut(of_, pings_out), "nats.servers", "");
    // Else the library waits for a millisecond in case there is more, and a publication makes two such ways.
    set(natsOptions_SetSendAsap(of_, true), "nats.servers", "");
  } catch (...) {
    natsOptions_Destroy(of_);
    throw;
  }
}

library_options::~library_options() { natsOptions_Destroy(of_); }

// -- what comes -------------------------------------------------------------------------------------

// Packets come on one thread, signs of life on another, news of the connection on a third.
struct link_state::ears {
  engine_actor engine;
  caf::actor_addr link;
  std::shared_ptr<send_budget> budget;
  std::shared_ptr<counters> figures;
  piece_joiner joiner{max_pending_bytes};
  std::atomic<bool> connected{false};

  void change(bool is_connected) {
    connected = is_connected;
    caf::anon_send(engine, link_changed{is_connected});
  }

  void on_packet(const std::string& sender, std::string_view piece) {
    figures->bytes_in.add(piece.size());
    const auto whole = joiner.take(sender, piece);
    if (!whole) return;
    const auto bytes = whole->size();
    if (budget->take(bytes) == acceptance::over_budget) return figures->dropped.add();
    std::shared_ptr<const void> room{nullptr, [held = budget, bytes](const void*) { held->give_back(bytes); }};
    auto decoded = decode_packet(*whole);
    if (!decoded) return figures->malformed.add();
    figures->packets_in.add();
    decoded->room = std::move(room);
    caf::anon_send(engine, packet_came{std::make_shared<packet>(*std::move(decoded))});
  }

  void on_beat(std::string_view bytes) {
    if (auto decoded = decode_beat(bytes)) caf::anon_send(engine, beat_came{*std::move(decoded)});
    else figures->malformed.add();
  }

  // The library holds one of these for each thing that it calls back, and gives it up with the last call.
  using held = std::shared_ptr<ears>;
  static ears& of(void* closure) { return **static_cast<held*>(closure); }
  static void let_go(void* closure) { delete static_cast<held*>(closure); }

  // Nothing is thrown into the library: what there is no memory for is lost, and found missing.
  template <class F>
  static void with_message(natsMsg* m, void* closure, F act) noexcept {
    try {
      act(of(closure), std::string_view{natsMsg_GetData(m), static_cast<std::size_t>(natsMsg_GetDataLength(m))});
    } catch (...) {
      of(closure).figures->dropped.add();
    }
    natsMsg_Destroy(m);
  }
  static void heard_packet(natsConnection*, natsSubscription*, natsMsg* m, void* closure) {
    const auto* sender = natsMsg_GetReply(m);
    with_message(m, closure, [sender](ears& me, std::string_view bytes) { me.on_packet(sender ? sender : "", bytes); });
  }
  static void heard_beat(natsConnection*, natsSubscription*, natsMsg* m, void* closure) {
    with_message(m, closure, [](ears& me, std::string_view bytes) { me.on_beat(bytes); });
  }
  static void connected_now(natsConnection*, void* closure) { of(closure).change(true); }
  static void disconnected(natsConnection*, void* closure) { of(closure).change(false); }
  static void closed(natsConnection*, void* closure) {
    auto& me = of(closure);
    me.change(false);
    if (const auto who = caf::actor_cast<caf::strong_actor_ptr>(me.link))
      caf::anon_send(caf::actor_cast<nats_link_actor>(who), connect_again{});
    let_go(closure);
  }
  static void failed(natsConnection*, natsSubscription*, natsStatus, void*) {} // told by numbers that are missing
};

// -- the connection ---------------------------------------------------------------------------------

link_state::~link_state() { hang_up(); }

nats_link_actor::behavior_type link_state::make_behavior(link_settings settings) {
  settings_ = std::move(settings);
  ears_ = std::make_shared<ears>();
  ears_->engine = settings_.engine;
  ears_->link = self_->address();
  ears_->budget = settings_.received_budget;
  ears_->figures = settings_.figures;
  connect();
  return {
    [this](const transmit& m) { on_transmit(m); },
    [this](const announce_node& m) {
      if (!publish(settings_.prefix + ".nodes", encode(m.what), {}) || !m.what.gone) return;
      natsConnection_FlushTimeout(to_, last_flush); // nothing comes after it
    },
    [this](const connect_again& m) {
      hang_up();
      if (m.now) connect();
      else self_->delayed_send(self_, after_closed, connect_again{true});
    },
  };
}

void link_state::hang_up() {
  for (auto* each : heard_) natsSubscription_Destroy(each);
  heard_.clear();
  if (to_) natsConnection_Destroy(std::exchange(to_, nullptr));
}

void link_state::connect() {
  auto* options = settings_.options->get();
  auto held = std::make_unique<ears::held>(ears_);
  natsOptions_SetRetryOnFailedConnect(options, true, ears::connected_now, held.get());
  natsOptions_SetReconnectedCB(options, ears::connected_now, held.get());
  natsOptions_SetDisconnectedCB(options, ears::disconnected, held.get());
  natsOptions_SetClosedCB(options, ears::closed, held.get());
  natsOptions_SetErrorHandler(options, ears::failed, nullptr);
  natsOptions_SetName(options, ("troupe " + settings_.uid).c_str());
  const auto status = natsConnection_Connect(&to_, options);
  if (status != NATS_OK && status != NATS_NOT_YET_CONNECTED) {
    settings_.log->write(severity::warning, "broker_unusable", {{"reason", natsStatus_GetText(status)}});
    to_ = nullptr;
    self_->delayed_send(self_, after_closed, connect_again{true});
    return;
  }
  held.release(); // closed() deletes it
  listen(settings_.prefix + ".node." + settings_.uid, ears::heard_packet);
  listen(settings_.prefix + ".nodes", ears::heard_beat);
  if (status == NATS_OK) ears_->change(true);
}

void link_state::listen(const std::string& subject, message_handler handler) {
  natsSubscription* heard = nullptr;
  auto* held = new ears::held(ears_);
  if (natsConnection_Subscribe(&heard, to_, subject.c_str(), handler, held) != NATS_OK) return ears::let_go(held);
  natsSubscription_SetOnCompleteCB(heard, ears::let_go, held);
  natsSubscription_SetPendingLimits(heard, -1, static_cast<int>(max_pending_bytes));
  heard_.push_back(heard);
}

// -- what goes --------------------------------------------------------------------------------------

void link_state::on_transmit(const transmit& m) {
  const bool sent = publish(settings_.prefix + ".node." + m.to, encode(*m.what), settings_.uid);
  settings_.budget->give_back(m.bytes);
  if (sent) settings_.figures->packets_out.add();
  else settings_.figures->dropped.add();
}

bool link_state::publish(const std::string& subject, std::string_view bytes, const std::string& sender) {
  if (!to_ || !ears_->connected) return false;
  const auto send = [&](std::string_view part) {
    settings_.figures->bytes_out.add(part.size());
    const auto size = static_cast<int>(part.size());
    return (sender.empty() ? natsConnection_Publish(to_, subject.c_str(), part.data(), size)
                           : natsConnection_PublishRequest(to_, subject.c_str(), sender.c_str(), part.data(), size)) == NATS_OK;
  };
  if (sender.empty()) return send(bytes);
  const auto most = std::clamp<std::int64_t>(natsConnection_GetMaxPayload(to_), 1024, longest_piece);
  return in_pieces(bytes, static_cast<std::size_t>(most), piece_, send);
}

nats_link_actor::behavior_type link(link_state::pointer self, link_settings settings) {
  return self->state.make_behavior(std::move(settings));
}

} // namespace troupe::net::cluster
