// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SMALL SYSTEM: CAF as the program runs it: one worker that does not poll.
#pragma once
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

namespace troupe::tests {

class small_system {
public:
  [[nodiscard]] caf::actor_system& get() noexcept { return system_; }

private:
  struct config : caf::actor_system_config {
    config() {
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", 1);
    }
  };
  config config_;
  caf::actor_system system_{config_};
};

} // namespace troupe::tests
