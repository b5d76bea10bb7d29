// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DESK: brings what clients without a WebSocket say in requests of their own to their connections, here or at another node.
// There is one for each loop, which knows the connections of that loop; the session of a connection names its loop.
// Thread: its loop. Owner: the server. Bounded by: the connections of its loop; a question for each HTTP connection. Ends
// when: it is told to exit.
#pragma once
#include <troupe/cluster/engine.hpp>
#include <troupe/hosted.hpp>
#include <troupe/net/emulation/request.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::net::emulation {

/// What became of something said.
enum class hearing : std::uint8_t {
  taken,
  busy, ///< The connection has not dealt with what came before, or is spoken for too often.
  gone, ///< There is no such connection.
};

constexpr std::string_view to_string(hearing what) noexcept {
  constexpr std::string_view names[] = {"taken", "busy", "gone"};
  return names[static_cast<std::size_t>(what)];
}

/// A connection that commands are brought to. Thread: its loop.
class listener {
public:
  virtual ~listener() = default;
  virtual hearing hear(std::string_view commands) = 0;
};

/// From a connection, before its client can know its session.
struct enter_desk {
  std::string session;
  std::weak_ptr<listener> who;
};

/// From a connection, at its end.
struct leave_desk {
  std::string session;
};

/// From an HTTP session, to any desk; that of the connection's loop is the nearest. `respond` is called once, on the
/// desk's thread.
struct pass_on {
  request what;
  std::function<void(hearing)> respond;
};

/// From another desk of this node.
struct speak {
  std::string session;
  std::string commands;
};
struct heard {
  hearing how = hearing::gone;
};

using desk_actor = caf::typed_actor<caf::reacts_to<enter_desk>, caf::reacts_to<leave_desk>, caf::reacts_to<pass_on>,
                                    caf::replies_to<speak>::with<heard>,
                                    // From another node, which may be asking for something else.
                                    caf::replies_to<troupe::cluster::node_call>::with<troupe::cluster::node_answer>>;

struct desk_settings {
  std::string uid;                        ///< Of this node.
  troupe::cluster::engine_actor engine;   ///< Null: there are no others.
  troupe::cluster::node_api_actor api;    ///< Answers what else nodes ask.
  std::vector<desk_actor> desks;          ///< Of all loops.
};

/// A session nobody can guess, of a connection of this loop.
std::string make_session(std::size_t loop);
/// Which loop a session is of; nothing if it is no session.
std::optional<std::size_t> loop_of(std::string_view session) noexcept;

class desk_state {
public:
  static constexpr const char* name = "desk";
  using pointer = hosted_pointer<desk_actor, desk_state>;

  explicit desk_state(pointer self) : self_(self) {}

  desk_actor::behavior_type make_behavior(std::size_t loop, std::shared_ptr<const desk_settings> settings);

private:
  using answer = std::function<void(hearing)>;

  void bring(const std::string& session, std::string commands, const answer& respond);
  void ask_node(const request& what, const answer& respond);
  caf::typed_response_promise<troupe::cluster::node_answer> on_node_call(const troupe::cluster::node_call& m);
  [[nodiscard]] hearing hear(const std::string& session, std::string_view commands) const;

  pointer self_;
  std::size_t loop_ = 0;
  std::shared_ptr<const desk_settings> settings_;
  std::unordered_map<std::string, std::weak_ptr<listener>> sessions_;
};

/// Spawn one per loop with spawn_on(loop, desk, loop.index(), settings). The settings may be completed until the loop runs.
desk_actor::behavior_type desk(desk_state::pointer self, std::size_t loop, std::shared_ptr<const desk_settings> settings);

} // namespace troupe::net::emulation

CAF_BEGIN_TYPE_ID_BLOCK(troupe_emulation, 32300)
  CAF_ADD_TYPE_ID(troupe_emulation, (troupe::net::emulation::enter_desk))
  CAF_ADD_TYPE_ID(troupe_emulation, (troupe::net::emulation::leave_desk))
  CAF_ADD_TYPE_ID(troupe_emulation, (troupe::net::emulation::pass_on))
  CAF_ADD_TYPE_ID(troupe_emulation, (troupe::net::emulation::speak))
  CAF_ADD_TYPE_ID(troupe_emulation, (troupe::net::emulation::heard))
CAF_END_TYPE_ID_BLOCK(troupe_emulation)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::emulation::enter_desk)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::emulation::leave_desk)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::emulation::pass_on)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::emulation::speak)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::emulation::heard)
