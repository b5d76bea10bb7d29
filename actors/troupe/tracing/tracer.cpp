// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/tracing/tracer.hpp>

#include <troupe/centrifuge/channel_messages.hpp>
#include <troupe/hooks/messages.hpp>
#include <troupe/messages.hpp>
#include <troupe/meters/message_type.hpp>

#include <caf/mailbox_element.hpp>

namespace troupe::tracing {

namespace {

template <class Message>
const Message* as(const caf::type_erased_tuple& content) noexcept {
  return content.match_element<Message>(0) ? &content.get_as<Message>(0) : nullptr;
}

/// The bytes that a message is about; nothing if it is about none.
std::string_view payload_of(const caf::type_erased_tuple& content) noexcept {
  if (content.size() != 1) return {};
  if (const auto* m = as<received>(content)) return m->message.payload();
  if (const auto* m = as<deliver>(content)) return m->what->message.payload();
  if (const auto* m = as<confirm_deliver>(content)) return m->what->message.payload();
  if (const auto* m = as<submit>(content)) return m->what.message.payload();
  if (const auto* m = as<broadcast>(content)) return m->message.payload();
  if (const auto* m = as<confirm_broadcast>(content)) return m->what.message.payload();
  if (const auto* m = as<centrifuge::publish_channel>(content)) return m->data.bytes;
  if (const auto* m = as<centrifuge::publish_watched>(content)) return m->what.data.bytes;
  if (const auto* m = as<centrifuge::publish_match>(content)) return m->publication->data.bytes;
  if (const auto* m = as<hooks::message>(content)) return m->what.payload();
  if (const auto* m = as<hooks::call>(content)) return m->data.bytes;
  return {};
}

} // namespace

void tracer::see(const caf::mailbox_element& message, sighting who) noexcept {
  who.message = meters::type_of(message);
  who.payload = payload_of(message.content());
  see(who);
}

} // namespace troupe::tracing
