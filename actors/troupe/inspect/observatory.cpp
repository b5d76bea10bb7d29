// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/inspect/observatory.hpp>

#include <troupe/meters/ticks.hpp>

#include <algorithm>
#include <optional>

namespace troupe::meters {

/// Reads blocks into one row. Thread: one.
class meter_reader {
public:
  meter_reader(std::uint16_t loop, inspection::place where, std::chrono::steady_clock::time_point now)
    : ns_per_tick_(ns_per_tick()), now_(now.time_since_epoch().count()) {
    into.loop = loop;
    into.where = where;
  }

  /// @returns false if there is no actor, one of another kind, or it went meanwhile.
  bool read(const meter_block& from, std::optional<inspection::actor_kind> wanted) {
    const auto before = from.sequence_.load(std::memory_order_acquire);
    if (before % 2 == 0) return false;
    into.kind = from.kind_.value();
    if (wanted && into.kind != *wanted) return false;
    read_actor(from);
    read_connection(from.connection);
    read_channel(from.channel);
    return from.sequence_.load(std::memory_order_acquire) == before;
  }

  inspection::row into;

private:
  using nanoseconds = std::chrono::nanoseconds;

  /// Time since; 0 if it has not been.
  [[nodiscard]] nanoseconds since(std::int64_t then) const noexcept {
    return nanoseconds{then == 0 ? 0 : std::max<std::int64_t>(0, now_ - then)};
  }

  void read_actor(const meter_block& from) {
    into.id = from.id_.value();
    into.name = from.name_.value();
    into.age = nanoseconds{std::max<std::int64_t>(0, now_ - from.born_.value())};
    into.handled = from.handled_.value();
    into.errors = from.errors_.value();
    into.mailbox = from.waiting();
    into.mailbox_peak = std::max(from.mailbox_peak(), into.mailbox);
    into.busy = nanoseconds{
      static_cast<std::int64_t>(static_cast<double>(from.busy_.value()) * ns_per_tick_)};
    into.times.first_limit_ns = ns_per_tick_ * (1U << meter_block::first_bucket_bits);
    for (std::size_t i = 0; i < handler_times::buckets; ++i)
      into.times.counts[i] = from.times_[i].value();
    into.last_message = from.last_message_.value();
    into.who = nullptr;
    into.title.clear();
    // Sequentially consistent, see meter_slab::identify().
    const auto* who = from.identity_.load();
    if (const auto* profile = dynamic_cast<const connection_profile*>(who))
      into.who = connection_profile_ptr{profile};
    else if (const auto* title = dynamic_cast<const actor_title*>(who)) into.title = title->text;
  }

  void read_connection(const connection_meter& from) {
    auto& c = into.connection;
    c.queue_bytes = from.queue_bytes.value();
    c.queue_peak_bytes = from.queue_peak_bytes.value();
    c.queue_messages = from.queue_messages.value();
    c.oldest_queued = since(from.oldest_queued_at.value());
    c.dropped = from.dropped.value();
    c.conflated = from.conflated.value();
    c.bytes_in = from.bytes_in.value();
    c.bytes_out = from.bytes_out.value();
    c.messages_in = from.messages_in.value();
    c.messages_out = from.messages_out.value();
    c.rtt = nanoseconds{from.rtt.value()};
    c.rtt_min = nanoseconds{from.rtt_min.value()};
    c.rtt_max = nanoseconds{from.rtt_max.value()};
    c.subscriptions = from.subscriptions.value();
    const auto active = from.active_at.value();
    c.idle = active == 0 ? into.age : since(active);
  }

  void read_channel(const channel_meter& from) {
    auto& c = into.channel;
    c.subscribers = from.subscribers.value();
    c.publications = from.publications.value();
    c.bytes_in = from.bytes_in.value();
    c.offset = from.offset.value();
    c.history = from.history.value();
    c.pending_bytes = from.pending_bytes.value();
  }

  double ns_per_tick_;
  std::int64_t now_;
};

} // namespace troupe::meters

namespace troupe::inspection {

namespace {

void visit_slab(const meters::meter_slab& slab, meters::meter_reader reader, std::optional<actor_kind> kind,
                const std::function<void(const row&)>& see) {
  const meters::meter_slab::reading guard{slab};
  for (std::size_t i = 0, end = slab.extent(); i < end; ++i)
    if (const auto* block = slab.block(i); block && reader.read(*block, kind)) see(reader.into);
}

void visit_loop(const meters::loop_meters& loop, std::optional<actor_kind> kind,
                std::chrono::steady_clock::time_point now,
                const std::function<void(const row&)>& see) {
  visit_slab(*loop.actors, {loop.index, place::loop, now}, kind, see);
  visit_slab(*loop.elsewhere, {loop.index, place::elsewhere, now}, kind, see);
}

} // namespace

void observatory::visit(actor_kind kind, const std::function<void(const row&)>& see) const {
  for (const auto& loop : loops_) visit_loop(*loop, kind, now_(), see);
}

void observatory::visit(const std::function<void(const row&)>& see) const {
  for (const auto& loop : loops_) visit_loop(*loop, std::nullopt, now_(), see);
}

std::vector<row> observatory::snapshot(actor_kind kind) const {
  std::vector<row> all;
  visit(kind, [&](const row& one) { all.push_back(one); });
  return all;
}

std::vector<loop_row> observatory::loops() const {
  std::vector<loop_row> all;
  const auto now = now_();
  for (const auto& loop : loops_) {
    const auto& t = loop->turns;
    all.push_back({.loop = loop->index,
                   .age = now - loop->born,
                   .busy = loop->busy(),
                   .turns = t.turns.value(),
                   .wake_ups = t.wake_ups.value(),
                   .resumes = t.resumes.value(),
                   .batches = t.batches.value(),
                   .batched_sends = t.batched_sends.value(),
                   .longest_turn = std::chrono::nanoseconds{t.longest.value()},
                   .actors = static_cast<std::uint32_t>(loop->actors->shown())});
  }
  return all;
}

std::uint64_t observatory::total(counter loop_counters::* which) const noexcept {
  std::uint64_t sum = 0;
  for (const auto& loop : loops_) sum += (loop->counters.*which).value();
  return sum;
}

} // namespace troupe::inspection
