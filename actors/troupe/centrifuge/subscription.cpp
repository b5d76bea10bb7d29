// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/subscription.hpp>

#include <algorithm>

namespace troupe::centrifuge {
namespace {

bool allows_delta(const channel_options& options, const std::string& type) {
  return !type.empty() && std::ranges::find(options.allowed_delta_types, type) !=
                              options.allowed_delta_types.end();
}

bool evicts(overflow policy) noexcept {
  return policy == overflow::drop_oldest || policy == overflow::latest_per_key;
}

const delivery_ptr& encoded(const channel_event& event, encoding codec, payload_form form) {
  return event.encoded[static_cast<std::size_t>(codec)][static_cast<std::size_t>(form)];
}

} // namespace

subscription::subscription(const channel_options& options, const subscribe_request& wish,
                           std::string_view user, source by, const subscription_terms& terms)
    : options_(&options),
      features_(granted(terms.overrides.any() ? overridden(options, terms.overrides) : options,
                        {wish.positioned, wish.recoverable, wish.join_leave}, user)),
      info_(terms.info),
      filter_(wish.filter), delta_(!filter_ && allows_delta(options, wish.delta)),
      by_(by) {}

void subscription::begin(subscribe_result& answer, std::uint64_t sequence) {
  sequence_ = sequence;
  auto last = answer.position;
  if (!answer.publications.empty()) {
    const auto& newest = *answer.publications.back().publication;
    last.offset = std::max(last.offset, newest.offset);
    has_base_ = delta_;
  }
  if (features_.positioned) position_.emplace(std::move(last));
  if (filter_)
    std::erase_if(answer.publications, [this](const rendition& r) {
      return !matches(*filter_, r.publication->tags);
    });
  answer.delta = delta_;
  live_ = true;
}

subscription::judgement subscription::judge(const channel_event& event, encoding codec,
                                            connection_handle self) {
  if (!live_ || event.sequence <= sequence_) return {};
  switch (event.what) {
  case channel_event::kind::published: return judge_publication(event, codec, self);
  case channel_event::kind::lost: return {verdict::insufficient};
  case channel_event::kind::joined:
  case channel_event::kind::left: break;
  }
  if (!features_.join_leave || (event.exclude && event.exclude == self)) return {};
  const auto& delivery = encoded(event, codec, payload_form::plain);
  return delivery ? judgement{verdict::deliver, &delivery} : judgement{verdict::inappropriate};
}

subscription::judgement subscription::judge_publication(const channel_event& event, encoding codec,
                                                        connection_handle self) {
  const auto& next = *event.publication;
  if (position_) switch (position_->accept(next)) {
    case arrival::expected: break;
    case arrival::repeated: return {};
    case arrival::insufficient: return {verdict::insufficient};
    }
  if ((event.exclude && event.exclude == self) || (filter_ && !matches(*filter_, next.tags))) {
    has_base_ = false;
    return {};
  }
  const auto& difference = encoded(event, codec, payload_form::delta);
  const auto& whole = encoded(event, codec, delta_ ? payload_form::full : payload_form::plain);
  const auto& delivery = has_base_ && difference ? difference : whole;
  if (!delivery) return {verdict::inappropriate};
  has_base_ = delta_ && next.offset != 0; // deltas start from publications of the stream
  return {verdict::deliver, &delivery};
}

bool subscription::loses() noexcept {
  has_base_ = false;
  return position_.has_value();
}

bool subscription::minds_eviction() const noexcept {
  return live_ && evicts(options_->policy()) && (position_ || delta_);
}

} // namespace troupe::centrifuge
