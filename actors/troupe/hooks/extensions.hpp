// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// EXTENSIONS: which actors of a program a server starts, and what for. A plain value, given to the server
// when it is made.
#pragma once
#include <troupe/hooks/birth.hpp>
#include <troupe/hooks/keeper.hpp>
#include <troupe/hooks/messages.hpp>
#include <troupe/hooks/observer_messages.hpp>
#include <troupe/hooks/send.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::hooks {

/// How many of an actor there are.
enum class instances : std::uint8_t {
  one,      ///< For all connections.
  per_loop, ///< One on each loop, for the connections of that loop. They share nothing.
};

/// A WebSocket path whose connections talk to an actor, not to each other.
struct route {
  std::string path;           ///< Exact, such as "/game"; see is_route_path().
  spawner<route_actor> actor; ///< on_scheduler(f), on_loop(f) or on_own_thread(f).
  keeper_options keeping = {};
  instances count = instances::one;
};

/// A method that clients call with `rpc`.
struct method {
  std::string name;            ///< Exact; "*" is for all others, the empty one for `send`.
  spawner<method_actor> actor; ///< As of a route. Several methods may have the same one: each gets its own.
  keeper_options keeping = {};
  instances count = instances::one;
};

/// A namespace of channels whose actor has a say in what clients do there. There is one for all loops.
struct namespace_hook {
  std::string name;               ///< As configured; empty: channels without a namespace.
  spawner<namespace_actor> actor; ///< As of a route.
  keeper_options keeping = {};
  static constexpr instances count = instances::one;
};

/// Every user who is online has an actor: from its first connection until `grace` after its last one. There
/// is one for all of them, wherever they are, on the loop that the user's name hashes to.
struct user_hook {
  spawner<user_actor> actor;                ///< As of a route. One for each user: best not on a thread of its own.
  keeper_options keeping = {.max_pending = 1'024, .max_pending_bytes = 1024 * 1024}; ///< Of each of them.
  std::chrono::milliseconds grace{10'000};  ///< Who comes back within it finds the same actor.
  std::size_t max_users = 100'000;          ///< Of each loop; others have no actor: `users_refused`.
};

/// An actor that hears of all connections and channels as they come and go. There is one for all loops.
struct observer {
  std::string name;              ///< In the log; no two have the same.
  spawner<observer_actor> actor; ///< As of a route.
  keeper_options keeping = {};   ///< Of it only `restart`: an observer is told one fact at a time, and may take its time.
  static constexpr instances count = instances::one;
};

/// All that a program adds to a server.
struct extensions {
  std::vector<route> routes = {};
  std::vector<method> methods = {};
  std::vector<namespace_hook> namespaces = {};
  std::optional<user_hook> users = {};
  std::vector<observer> observers = {};
  /// Asked when nobody else knows a method that a client calls: neither `methods` nor its user's actor, which says so
  /// by error_code::method_not_found. Unless set it is webhook_options::rpc.
  std::optional<method> fallback = {};
};

/// Whether it may be the path of a route: begins with a slash, goes on with letters, digits and -._~/ to
/// 128 bytes in all, and is none of the server's own (/ws, /ws/..., /connection/..., /health).
[[nodiscard]] bool is_route_path(std::string_view path) noexcept;

} // namespace troupe::hooks
