// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// MESSAGE TYPE: what an actor was sent, for two loads a message. Knows how CAF 0.17 keeps messages.
#pragma once
#include <troupe/meters/dead_letters.hpp>
#include <troupe/meters/meter_block.hpp>

#include <caf/abstract_actor.hpp>
#include <caf/mailbox_element.hpp>

#include <string>
#include <typeinfo>

namespace troupe::meters {

/// Of elements that hold a message made beforehand, such as answers.
extern const std::type_info* const wrapped_message;

/// The type within such a one.
const std::type_info* type_within(const caf::mailbox_element& element) noexcept;

/// A type that stands for the message's: message_name() tells its name. Lives for ever.
inline const std::type_info* type_of(const caf::mailbox_element& element) noexcept {
  const auto* type = &typeid(element); // mailbox_element_vals<message type>, or express_element<message type>
  return type == wrapped_message ? type_within(element) : type;
}

/// As in the message's header, such as "troupe::deliver".
std::string message_name(const std::type_info& type);

/// What is noted of a message for an actor that has ended.
dead_letter letter_to(const caf::abstract_actor& whom, const meter_block& meter, const caf::mailbox_element& element);

} // namespace troupe::meters
