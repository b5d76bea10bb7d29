// GREETER: the actor of the route /greet. It answers every message, and after ten seconds of silence says
// goodbye to all.
#pragma once
#include <troupe/hooks/extensions.hpp>
#include <troupe/type_ids.hpp>

#include <map>
#include <string>

/// A message of the actor to itself. Types of messages need an ID; this program's start where Troupe's end.
struct silence {
  std::uint64_t since = 0; ///< Number of the last message when it was sent.
};

CAF_BEGIN_TYPE_ID_BLOCK(my_program, ::troupe::first_type_id)
  CAF_ADD_TYPE_ID(my_program, (silence))
CAF_END_TYPE_ID_BLOCK(my_program)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(silence)

using greeter_actor = troupe::hooks::route_actor::extend<caf::reacts_to<silence>>;

struct greeter_state {
  std::map<troupe::client_id, troupe::connection_actor> guests;
  std::uint64_t messages = 0;
};

greeter_actor::behavior_type greeter(greeter_actor::stateful_pointer<greeter_state> self,
                                     const troupe::hooks::birth& born);
