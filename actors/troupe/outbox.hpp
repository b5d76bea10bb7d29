// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// OUTBOX: what one connection still has to send, in two lanes. Control frames are never dropped and
// overtake data that has not started to leave; data is bounded in bytes, each delivery with its policy.
// Thread: its connection's loop only. Bounds: outbox_bounds; what happens there is in push()'s result.
#pragma once
#include <troupe/delivery.hpp>
#include <troupe/frame.hpp>
#include <troupe/meters/meter_block.hpp>
#include <troupe/meters/way_sampler.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// Bytes that one connection may have queued.
struct outbox_bounds {
  std::size_t max_bytes = 1024 * 1024;       ///< Of data, plus entry_bytes for each delivery queued.
  std::size_t max_control_bytes = 64 * 1024; ///< Of control frames.
};

/// What became of a delivery.
enum class send_status : std::uint8_t {
  queued,
  conflated, ///< Queued in the place of an older message of the same key.
  dropped,   ///< Lost to its policy, or the connection is closing.
  full,      ///< Does not fit and must not be dropped: the connection has to be closed.
};

constexpr std::string_view to_string(send_status status) noexcept {
  constexpr std::string_view names[] = {"queued", "conflated", "dropped", "full"};
  return names[static_cast<std::size_t>(status)];
}

class outbox {
public:
  /// What a queued delivery is charged beside its bytes, so that tiny messages are bounded too.
  static constexpr std::size_t entry_bytes = 16;

  /// What a message takes beyond its payload, at most: its frame header and its entry.
  static constexpr std::size_t max_overhead = 10 + entry_bytes;

  struct result {
    send_status status = send_status::queued;
    std::uint32_t evicted = 0; ///< Older messages dropped to make room.
  };

  /// Where to count, until this is called again; both null, or none.
  void attach(meters::connection_meter* meter, meters::way_sampler* sampler) noexcept;

  /// Queues data. With tighter `bounds` than before, what is queued beyond them makes it full.
  result push(const delivery_ptr& what, const outbox_bounds& bounds);
  /// Queues a control frame. @returns false if it exceeds the bound; the connection has to be cut.
  [[nodiscard]] bool push_control(frame what, const outbox_bounds& bounds);

  /// Fills `slices` with what has to be sent first, in order. @returns how many it used. Nothing may be
  /// queued between this and consume().
  std::size_t fill(std::span<std::string_view> slices);
  /// Forgets the first `n` bytes of what fill() returned.
  void consume(std::size_t n);
  /// Drops all data but a delivery already on its way. @returns the number of messages lost.
  std::uint32_t drop_data();
  /// Drops the data that is addressed to the target of this name but a delivery already on its way.
  /// @returns the number of messages, which are no gap.
  std::uint32_t withdraw(std::string_view name);
  void clear();
  /// Shows others what is queued. It does so by itself, but for a first message that has not had its chance
  /// to leave: call it when there was none, such as on a full socket.
  void publish() noexcept;

  [[nodiscard]] bool empty() const noexcept { return bytes_ == 0 && control_bytes_ == 0; }
  [[nodiscard]] bool has_data() const noexcept { return bytes_ != 0; }
  /// Bytes of data, as they go on the wire.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t control_bytes() const noexcept { return control_bytes_; }
  /// Messages lost since this was last called: what a gap marker has to tell.
  std::uint32_t take_gap() noexcept { return std::exchange(gap_, 0); }
  [[nodiscard]] bool has_gap() const noexcept { return gap_ != 0; }

private:
  // A queue whose front lies in place, for most never hold more. The rest gives its memory back when it runs empty.
  template <class T>
  class lane {
  public:
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    T& operator[](std::size_t i) noexcept { return i == 0 ? front_ : rest_[head_ + (i - 1)]; }
    void push(T item) {
      if (size_ == 0) front_ = std::move(item);
      else rest_.push_back(std::move(item));
      ++size_;
    }
    void pop() noexcept;
    void erase(std::size_t i);
    void truncate(std::size_t n);

  private:
    static constexpr std::size_t compacted_at = 16; // popped entries
    T front_{};
    std::vector<T> rest_; // from head_ on
    std::uint32_t head_ = 0;
    std::uint32_t size_ = 0; // front_ included
  };

  enum class part : std::uint8_t { none, control, data }; // lane whose front is partly sent

  [[nodiscard]] std::size_t first_droppable() const noexcept { return sending_ == part::data ? 1 : 0; }
  [[nodiscard]] bool fits(std::size_t more_bytes, const outbox_bounds& bounds) const noexcept;
  bool evict_oldest();
  bool conflate(const delivery_ptr& what, const outbox_bounds& bounds);
  void lose(const delivery& what) noexcept;
  void count_unsent(std::size_t kept) noexcept;
  void forget_sample(const delivery& what) noexcept {
    if (&what == sample_) sample_ = nullptr;
  }

  using control_lane = lane<frame>;
  using data_lane = lane<delivery_ptr>;

  control_lane control_;
  data_lane data_;
  std::size_t bytes_ = 0;
  std::size_t control_bytes_ = 0;
  std::size_t offset_ = 0; // sent of the front of `sending_`
  std::uint32_t gap_ = 0;
  part sending_ = part::none;
  meters::connection_meter* meter_ = nullptr;
  meters::way_sampler* sampler_ = nullptr;
  const delivery* sample_ = nullptr; // that is followed; only compared
  delivery::clock::time_point sampled_at_{};
  bool published_ = false; // that something is queued
};

} // namespace troupe
