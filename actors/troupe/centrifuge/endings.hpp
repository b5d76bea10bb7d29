// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How channels and their mirrors see the ends of others, and tell their own.
#pragma once
#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/sec.hpp>

#include <exception>

namespace troupe::centrifuge {

/// Whether an actor is past its end. Observers may have heard so: nothing of it must follow.
inline bool has_ended(const caf::strong_actor_ptr& who) {
  return caf::actor_cast<caf::abstract_actor*>(who)->getf(caf::abstract_actor::is_cleaned_up_flag);
}

/// An exception handler: the actor ends with what it was.
inline caf::error failure_of(std::exception_ptr& what) {
  try {
    std::rethrow_exception(what);
  } catch (const std::exception& e) {
    return caf::make_error(caf::sec::runtime_error, e.what());
  } catch (...) {
    return caf::sec::runtime_error;
  }
}

} // namespace troupe::centrifuge
