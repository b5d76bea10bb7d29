// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/sender.hpp"

#include "bench/channel_talk.hpp"
#include "bench/stamp.hpp"

#include <chrono>

namespace troupe::app::bench {

sender::sender(const load_options& options, board& shared, std::uint32_t run,
               std::span<connection> connections)
    : options_{options}, shared_{shared}, run_{run}, connections_{connections},
      frames_(connections.size()), payload_(options.payload_bytes, 'x'), masks_{run + 1} {}

void sender::step() {
  if (const auto id = shared_.plan_id.load(std::memory_order_acquire); id != plan_)
    start_plan(id);
  if (!is_active_)
    return;

  const auto complete = shared_.complete();
  in_flight_ = complete < sent_ ? sent_ - complete : 0;
  send_due();

  const auto now = shared_.now();
  if (complete < sent_)
    give_up_if_stalled(now);
  if (pacer_.is_finished(now) || shared_.plan_is_cut.load(std::memory_order_relaxed))
    end_plan();
}

std::uint64_t sender::wake_time(std::uint64_t now) const {
  return is_active_ && !is_blocked_ ? pacer_.wake_time(now, in_flight_) : pacer::never;
}

void sender::start_plan(std::uint64_t id) {
  plan_ = id;
  is_active_ = true;
  const auto now = shared_.now();
  pacer_ = pacer{pacer::plan{
      .start = now,
      .duration = shared_.plan_duration.load(std::memory_order_relaxed),
      .count = shared_.plan_count.load(std::memory_order_relaxed),
      .window = options_.window,
      .interval = options_.rate > 0 ? 1e9 / options_.rate : 0,
  }};
  last_progress_ = now;
  if (shared_.plan_is_measured.load(std::memory_order_relaxed))
    shared_.measured_from.store(sent_, std::memory_order_release);
  shared_.plan_started.store(now, std::memory_order_relaxed);
}

void sender::end_plan() {
  is_active_ = false;
  shared_.unsent.store(pacer_.unsent(), std::memory_order_relaxed);
  shared_.plan_done.store(plan_, std::memory_order_release);
}

void sender::send_due() {
  const auto senders = connections_.size();
  const auto index = [this, senders] { return static_cast<std::size_t>(sent_ % senders); };
  const auto is_full = [this](std::size_t i) {
    return connections_[i].unsent_bytes() + frames_[i].size() > max_unsent_bytes;
  };
  while (!is_full(index())) {
    const auto time = pacer_.next(shared_.now(), in_flight_);
    if (!time)
      break;
    write_message(index(), sent_ / senders, *time);
    pacer_.sent();
    ++sent_;
    ++in_flight_;
  }

  // Published first: a receiver in another process must not take the message for a foreign one.
  shared_.sent.store(sent_, std::memory_order_release);
  for (std::size_t i = 0; i < senders; ++i) {
    if (frames_[i].empty())
      continue;
    connections_[i].send(frames_[i]);
    frames_[i].clear();
  }
  is_blocked_ = is_full(index());
}

void sender::write_message(std::size_t index, std::uint64_t sequence, std::uint64_t time) {
  const stamp message{
      .run = run_, .sender = static_cast<std::uint32_t>(index), .sequence = sequence, .time = time};
  message.write(std::span<char, stamp::size>{payload_.data(), stamp::size});
  std::string_view text = payload_;
  if (options_.protocol == load_protocol::centrifuge) {
    command_.clear();
    channel_talk::append_publish(command_, options_.channel, sequence, payload_);
    text = command_;
  }
  append_client_frame(frames_[index], opcode::text, text, static_cast<std::uint32_t>(masks_()));
}

void sender::give_up_if_stalled(std::uint64_t now) {
  const auto deliveries = shared_.deliveries();
  if (deliveries != deliveries_seen_) {
    deliveries_seen_ = deliveries;
    last_progress_ = now;
  } else if (now - last_progress_ > stall_limit) {
    shared_.skip_to.store(sent_, std::memory_order_release);
    last_progress_ = now;
  }
}

} // namespace troupe::app::bench
