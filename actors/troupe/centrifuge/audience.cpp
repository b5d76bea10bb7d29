// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/audience.hpp>

#include <troupe/centrifuge/fossil.hpp>

#include <algorithm>
#include <utility>

namespace troupe::centrifuge {
namespace {

bool any(const std::array<std::size_t, encoding_count>& counts) noexcept {
  return std::ranges::any_of(counts, [](std::size_t n) { return n != 0; });
}

} // namespace

void audience::count(const listener& who, std::size_t step) noexcept {
  const auto as = static_cast<std::size_t>(who.codec);
  by_shard_[who.where.shard] += step;
  (who.delta ? delta_ : plain_)[as] += step;
  if (who.join_leave) join_leave_[as] += step;
}

bool audience::wants_deltas() const noexcept { return any(delta_); }
bool audience::wants_join_leave() const noexcept { return any(join_leave_); }

void audience::encode_publication(channel_event& event, const publication_ptr& previous,
                                  overflow policy, const std::string& key) const {
  // One outbox serves many channels.
  const auto full_key = policy == overflow::latest_per_key ? event.channel + '\n' + key : std::string{};
  const auto encode_for = [&](const auto& counts, rendition body) {
    if (!any(counts)) return;
    const auto form = static_cast<std::size_t>(body.form);
    const push message{event.channel, std::move(body)};
    for (std::size_t as = 0; as < encoding_count; ++as)
      if (counts[as] != 0) event.encoded[as][form] = encode(as, message, event, policy, full_key);
  };
  encode_for(plain_, {event.publication, payload_form::plain, {}, event.origin});
  encode_for(delta_, {event.publication, payload_form::full, {}, event.origin});
  if (!previous || !wants_deltas()) return;
  auto smaller = delta_rendition(previous, event.publication);
  if (smaller.form == payload_form::delta) encode_for(delta_, std::move(smaller));
}

void audience::encode_join_leave(channel_event& event, const client_info& who, overflow policy) const {
  constexpr auto form = static_cast<std::size_t>(payload_form::plain);
  push message{event.channel, join_push{who}};
  if (event.what == channel_event::kind::left) message.body = leave_push{who};
  if (policy == overflow::latest_per_key) policy = overflow::drop_oldest; // nobody's coming replaces another's
  for (std::size_t as = 0; as < encoding_count; ++as)
    if (join_leave_[as] != 0) event.encoded[as][form] = encode(as, message, event, policy, {});
}

delivery_ptr audience::encode(std::size_t as, const push& message, const channel_event& event,
                              overflow policy, const std::string& key) const {
  const auto bytes = codecs_[as]->encode(message);
  if (!bytes) return nullptr;
  std::string content;
  codecs_[as]->join(content, *bytes);
  const auto type = codecs_[as]->kind() == encoding::json ? opcode::text : opcode::binary;
  return delivery_ptr{
    new delivery(target::group(event.channel), frame::encode(type, content), event.exclude, policy,
                 key, delivery::clock::now()), false};
}

} // namespace troupe::centrifuge
