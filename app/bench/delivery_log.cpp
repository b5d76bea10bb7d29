// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/delivery_log.hpp"

#include <algorithm>

namespace troupe::app::bench {

namespace {

std::uint64_t since(std::uint64_t time, std::uint64_t now) {
  return now > time ? now - time : 0;
}

} // namespace

bool delivery_log::note(std::size_t connection, const stamp& message, const reading& when) {
  if (message.sender >= senders_)
    return false;
  const auto number = message_number(message.sequence, message.sender, senders_);
  if (number >= when.sent)
    return false;

  ++deliveries_;
  switch (trackers_[connection * senders_ + message.sender].note(message.sequence)) {
  case arrival::duplicate:
    ++duplicated_;
    return true;
  case arrival::late:
    ++reordered_;
    break;
  case arrival::in_order:
  case arrival::early:
    break;
  }
  if (connection >= prompt_)
    return true;
  if (number >= measured_from_) {
    latency_.record(since(message.time, when.now));
    if (when.arrived != 0)
      on_arrival_.record(since(message.time, when.arrived));
  }

  if (number < complete_ || number - complete_ >= max_in_flight)
    return true;
  ++arrived(number);
  while (complete_ < when.sent && arrived(complete_) == receivers_of(complete_ % senders_)) {
    arrived(complete_) = 0;
    ++complete_;
  }
  return true;
}

void delivery_log::skip_to(std::uint64_t number) {
  if (prompt_ == 0 || number <= complete_)
    return;
  const auto steps = std::min<std::uint64_t>(number - complete_, max_in_flight);
  for (std::uint64_t i = 0; i < steps; ++i)
    arrived(complete_ + i) = 0;
  complete_ = number;
}

std::uint64_t delivery_log::lost(std::uint64_t sent) const {
  std::uint64_t total = 0;
  for (std::size_t connection = 0; connection < readers_; ++connection)
    for (std::size_t sender = 0; sender < senders_; ++sender) {
      if (!echo_ && sender < local_senders_ && connection == sender)
        continue;
      const auto sent_by_sender = (sent + senders_ - 1 - sender) / senders_;
      total += trackers_[connection * senders_ + sender].lost(sent_by_sender);
    }
  return total;
}

} // namespace troupe::app::bench
