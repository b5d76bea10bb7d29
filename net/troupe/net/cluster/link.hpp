// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// NATS LINK: the LINK of a node, over NATS. Packets for one node go to PREFIX.node.UID, signs of life to PREFIX.nodes. The
// library connects again by itself, for ever, after pauses that differ from node to node.
// Thread: its own, since the library may wait for its socket; spawn it detached. What comes is read on the library's
// threads. Owner: the server. Bounded by: the senders' budget, and one for what has come and is not handled. Ends when:
// told to exit.
#pragma once
#include <troupe/cluster/counters.hpp>
#include <troupe/cluster/engine.hpp>
#include <troupe/net/cluster/options.hpp>
#include <troupe/send_budget.hpp>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

typedef struct __natsConnection natsConnection;
typedef struct __natsMsg natsMsg;
typedef struct __natsOptions natsOptions;
typedef struct __natsSubscription natsSubscription;

namespace troupe::net::cluster {

/// Options as the library has them.
class library_options {
public:
  /// @throws std::runtime_error naming the option that cannot be, such as a file that cannot be read.
  explicit library_options(const nats_options& from);
  ~library_options();

  library_options(const library_options&) = delete;
  library_options& operator=(const library_options&) = delete;

  [[nodiscard]] natsOptions* get() const noexcept { return of_; }

private:
  natsOptions* of_ = nullptr;
};

/// From the library's thread, and itself: the connection was given up, and another one is to be made.
struct connect_again {
  bool now = false; ///< Else after a pause.
};

using nats_link_actor = troupe::cluster::link_actor::extend<caf::reacts_to<connect_again>>;

struct link_settings {
  std::string uid; ///< Of this node.
  std::string prefix;
  std::shared_ptr<library_options> options;
  troupe::cluster::engine_actor engine;
  std::shared_ptr<send_budget> budget;          ///< Of what is on its way here; senders take, the link gives back.
  std::shared_ptr<send_budget> received_budget; ///< Of packets that have come.
  std::shared_ptr<troupe::cluster::counters> figures;
  event_log* log = &event_log::none();          ///< Outlives it.
};

class link_state {
public:
  static constexpr const char* name = "nats_link";
  using pointer = nats_link_actor::stateful_pointer<link_state>;

  explicit link_state(pointer self) : self_(self) {}
  ~link_state();

  nats_link_actor::behavior_type make_behavior(link_settings settings);

private:
  struct ears; // what the library's threads know

  using message_handler = void (*)(natsConnection*, natsSubscription*, natsMsg*, void*);

  void connect();
  void hang_up();
  void listen(const std::string& subject, message_handler handler);
  void on_transmit(const troupe::cluster::transmit& m);
  /// In pieces if it has a sender, who is told, and is longer than the broker takes. @returns false: it is lost.
  bool publish(const std::string& subject, std::string_view bytes, const std::string& sender);

  pointer self_;
  link_settings settings_;
  std::shared_ptr<ears> ears_;
  natsConnection* to_ = nullptr;
  std::vector<natsSubscription*> heard_;
  std::string piece_; // of a message, kept for its memory
};

/// Spawn with `system.spawn<caf::detached>(link, settings)`.
nats_link_actor::behavior_type link(link_state::pointer self, link_settings settings);

} // namespace troupe::net::cluster

CAF_BEGIN_TYPE_ID_BLOCK(troupe_nats_link, 32200)
  CAF_ADD_TYPE_ID(troupe_nats_link, (troupe::net::cluster::connect_again))
CAF_END_TYPE_ID_BLOCK(troupe_nats_link)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::cluster::connect_again)
