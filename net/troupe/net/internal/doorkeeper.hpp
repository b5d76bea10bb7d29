// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DOORKEEPER: what has to be asked of others before a request is upgraded: whether its address may connect so
// often, what its token is worth. There is one for each loop, which serves the HTTP sessions of that loop.
// Thread: its loop. Owner: the server. Bounded by: one question for each HTTP connection. Ends when: it is told
// to exit.
#pragma once
#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/hosted.hpp>
#include <troupe/rates/checkpoint.hpp>

#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace troupe::net {

/// Why somebody is not let in.
enum class entry_fault : std::uint8_t {
  invalid_token,
  expired_token,
  anonymous_token, ///< It has to name a user.
  unavailable,     ///< Nobody can tell now.
  too_many,        ///< Of its address or user, lately.
};
using entry_verdict = std::variant<troupe::centrifuge::connection_grant, entry_fault>;

/// From an HTTP session. `respond` is called once, on the loop's thread.
struct judge_entry {
  std::string address;
  std::string token; ///< Empty: none.
  std::function<void(entry_verdict)> respond;
};

using doorkeeper_actor = caf::typed_actor<caf::reacts_to<judge_entry>>;

struct doorkeeper_settings {
  troupe::centrifuge::authenticator_actor authenticator; ///< Null: there are no tokens.
  std::shared_ptr<const rates::limits> limits;           ///< Null: there are none.
  bool wants_user = false;                               ///< A token has to name one.
};

class doorkeeper_state {
public:
  static constexpr const char* name = "doorkeeper";
  using pointer = hosted_pointer<doorkeeper_actor, doorkeeper_state>;

  explicit doorkeeper_state(pointer self) : self_(self) {}

  doorkeeper_actor::behavior_type make_behavior(doorkeeper_settings settings);

private:
  using answer = std::function<void(entry_verdict)>;

  void on_judge(judge_entry& m);
  void verify(const std::string& token, const answer& respond);
  void on_verified(const troupe::centrifuge::connection_verdict& m, const answer& respond);
  /// Calls `then()` unless that is too often.
  void count(const rates::party& who, const answer& respond, const std::function<void()>& then);

  pointer self_;
  doorkeeper_settings settings_;
  rates::checkpoint gate_;
};

/// Spawn one per loop with spawn_on(loop, doorkeeper, settings).
doorkeeper_actor::behavior_type doorkeeper(doorkeeper_state::pointer self, doorkeeper_settings settings);

} // namespace troupe::net

CAF_BEGIN_TYPE_ID_BLOCK(troupe_doorkeeper, 31100)
  CAF_ADD_TYPE_ID(troupe_doorkeeper, (troupe::net::judge_entry))
CAF_END_TYPE_ID_BLOCK(troupe_doorkeeper)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::judge_entry)
