// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// HISTOGRAM: durations with a relative error below 1/128, in constant space and time.
// Plain data without pointers: a zeroed one is empty, and it may lie in memory shared by processes.
// Thread: one writer; readers only once the writer has stopped.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace troupe::app::bench {

class histogram {
public:
  /// Values above are counted as this; in ns about 18 minutes.
  static constexpr std::uint64_t max_value = (std::uint64_t{1} << 40) - 1;

  void record(std::uint64_t value) {
    value = std::min(value, max_value);
    ++counts_[index_of(value)];
    ++count_;
    sum_ += value;
    max_ = std::max(max_, value);
  }

  void merge(const histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
  }

  /// The smallest value that at least `share` (0 to 1) of the recorded ones do not exceed, rounded
  /// up to the precision of the histogram; 0 if nothing was recorded.
  [[nodiscard]] std::uint64_t quantile(double share) const {
    const auto rank = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= rank)
        return std::min(upper_edge(i), max_);
    }
    return max_;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }
  [[nodiscard]] double mean() const {
    return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
  }

private:
  static constexpr unsigned precision_bits = 7; // 128 buckets for every power of two
  static constexpr std::size_t buckets_per_octave = std::size_t{1} << precision_bits;

  static std::size_t index_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const auto shift = width > precision_bits + 1 ? width - (precision_bits + 1) : 0;
    return shift * buckets_per_octave + static_cast<std::size_t>(value >> shift);
  }

  static std::uint64_t upper_edge(std::size_t index) {
    if (index < 2 * buckets_per_octave)
      return index;
    const auto shift = index / buckets_per_octave - 1;
    return ((index - shift * buckets_per_octave + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (40 - precision_bits + 1) * buckets_per_octave> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

} // namespace troupe::app::bench
