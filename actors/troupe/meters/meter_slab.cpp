// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/meters/meter_slab.hpp>

#include <algorithm>

namespace troupe::meters {

namespace {

constexpr std::uint64_t number_mask = 0xffff'ffff;
constexpr std::uint64_t one_tag = number_mask + 1;

void release(const identity* who) noexcept { intrusive_ptr_release(who); }

template <class... Figures>
void zero(Figures&... all) noexcept {
  (all.put({}), ...);
}

} // namespace

void meter_block::reset() noexcept {
  zero(handled_, enqueued_here_, busy_, last_message_, peak_, errors_, kind_);
  for (auto& t : times_) t.put(0);
  enqueued_elsewhere_.store(0, std::memory_order_release);
  auto& c = connection;
  zero(c.queue_bytes, c.queue_peak_bytes, c.unsent_bytes, c.unsent_messages, c.oldest_queued_at, c.bytes_in, c.bytes_out, c.messages_in,
       c.messages_out, c.dropped, c.conflated, c.active_at, c.rtt, c.rtt_min, c.rtt_max,
       c.queue_messages, c.subscriptions);
  auto& h = channel;
  zero(h.publications, h.bytes_in, h.offset, h.pending_bytes, h.subscribers, h.history);
}

// -- blocks ----------------------------------------------------------------------------------------

meter_slab::~meter_slab() {
  for (auto& c : chunks_) delete c.load(std::memory_order_relaxed);
  free_retired();
}

meter_block& meter_slab::at(std::uint32_t i) noexcept {
  return (*chunks_[i / chunk_blocks].load(std::memory_order_acquire))[i % chunk_blocks];
}

const meter_block* meter_slab::block(std::size_t i) const noexcept {
  const auto* c = chunks_[i / chunk_blocks].load(std::memory_order_acquire);
  return c ? &(*c)[i % chunk_blocks] : nullptr;
}

std::size_t meter_slab::extent() const noexcept {
  return std::min<std::size_t>(extent_.load(std::memory_order_acquire), most_);
}

meter_block* meter_slab::take_free() noexcept {
  auto head = free_.load(std::memory_order_acquire);
  while ((head & number_mask) != 0) {
    auto& first = at(static_cast<std::uint32_t>(head & number_mask) - 1);
    // Blocks are never freed: should another thread take it first, this reads a stale number at worst,
    // and the tag makes the exchange fail.
    const auto next = (head & ~number_mask) + one_tag + first.next_free_.load(std::memory_order_relaxed);
    if (free_.compare_exchange_weak(head, next, std::memory_order_acq_rel, std::memory_order_acquire))
      return &first;
  }
  return nullptr;
}

meter_block& meter_slab::open() {
  if (auto* used = take_free()) {
    used->reset();
    return *used;
  }
  const auto i = extent_.load(std::memory_order_relaxed) < most_ ? extent_.fetch_add(1) : most_;
  if (i >= most_) {
    unseen_.fetch_add(1, std::memory_order_relaxed);
    return spare_;
  }
  auto& home = chunks_[i / chunk_blocks];
  if (!home.load(std::memory_order_acquire)) {
    auto fresh = std::make_unique<chunk>();
    chunk* none = nullptr;
    if (home.compare_exchange_strong(none, fresh.get(), std::memory_order_acq_rel)) (void)fresh.release();
  }
  auto& block = at(static_cast<std::uint32_t>(i));
  block.number_ = static_cast<std::uint32_t>(i);
  return block;
}

void meter_slab::close(meter_block& block) noexcept {
  if (&block == &spare_) return;
  hide(block);
  auto head = free_.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  do {
    block.next_free_.store(static_cast<std::uint32_t>(head & number_mask), std::memory_order_relaxed);
    next = (head & ~number_mask) + one_tag + block.number_ + 1;
  } while (!free_.compare_exchange_weak(head, next, std::memory_order_acq_rel, std::memory_order_relaxed));
}

// -- what readers see ------------------------------------------------------------------------------

void meter_slab::show(meter_block& block, std::uint64_t id, const char* name,
                      std::int64_t born) noexcept {
  if (&block == &spare_) return;
  block.id_.put(id);
  block.name_.put(name);
  block.born_.put(born);
  block.sequence_.fetch_add(1, std::memory_order_release);
  shown_.fetch_add(1, std::memory_order_relaxed);
}

void meter_slab::hide(meter_block& block) noexcept {
  if (block.sequence_.load(std::memory_order_relaxed) % 2 != 0) {
    block.sequence_.fetch_add(1, std::memory_order_acq_rel);
    shown_.fetch_sub(1, std::memory_order_relaxed);
  }
  if (block.identity_.load(std::memory_order_relaxed)) identify(block, nullptr);
}

void meter_slab::identify(meter_block& block, caf::intrusive_ptr<const identity> who) noexcept {
  if (&block == &spare_) return;
  // This and counting readers are sequentially consistent: either the reader sees the new one, or this
  // thread sees the reader.
  if (const auto* before = block.identity_.exchange(who.detach())) retire(before);
}

void meter_slab::retire(const identity* who) const noexcept {
  auto* head = retired_.load(std::memory_order_relaxed);
  do who->next_retired_ = head;
  while (!retired_.compare_exchange_weak(head, who));
  if (readers_.load() == 0) free_retired();
}

void meter_slab::free_retired() const noexcept {
  auto* all = retired_.exchange(nullptr);
  if (!all) return;
  if (readers_.load() != 0) { // one has come meanwhile; it frees them when it goes
    auto* last = all;
    while (last->next_retired_) last = last->next_retired_;
    auto* head = retired_.load(std::memory_order_relaxed);
    do last->next_retired_ = head;
    while (!retired_.compare_exchange_weak(head, all));
    return;
  }
  while (all) release(std::exchange(all, all->next_retired_));
}

} // namespace troupe::meters
