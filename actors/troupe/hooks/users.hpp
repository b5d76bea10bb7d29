// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// USERS: the address of every user's actor, online or not.
// Thread: any. A value: copies share the hubs' handles.
#pragma once
#include <troupe/hooks/user_messages.hpp>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::hooks {

class users {
public:
  using hubs = std::vector<user_hub_actor>;

  /// None: users have no actors.
  users() = default;
  /// @param by_loop By index of their loop; not empty once of() is called.
  explicit users(std::shared_ptr<const hubs> by_loop) : hubs_(std::move(by_loop)) {}

  /// Whether users have actors, that is whether extensions::users is set.
  explicit operator bool() const noexcept { return hubs_ != nullptr; }

  /// Takes a `letter` to this user. A request is answered in any case; what it is answered with is a failure
  /// of hooks::failure if the actor fails. Only if users have actors.
  [[nodiscard]] const user_hub_actor& of(std::string_view user) const {
    return (*hubs_)[std::hash<std::string_view>{}(user) % hubs_->size()];
  }

private:
  std::shared_ptr<const hubs> hubs_;
};

} // namespace troupe::hooks
