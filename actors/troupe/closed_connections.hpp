// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CLOSED CONNECTIONS: the last ones that ended, each with all that is known of its end. A plain class.
// Bounded by: closed_bounds; the oldest go first.
#pragma once
#include <troupe/lifecycle.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// Which ones are meant: those that meet every condition that is set.
struct closed_query {
  std::optional<close_reason> reason = {};
  std::optional<initiator> by = {};
  std::optional<std::string> user = {};
  std::optional<client_id> id = {};
  std::optional<std::chrono::system_clock::time_point> since = {};
  std::size_t offset = 0; ///< Skips the newest of them.
  std::size_t limit = 100; ///< At most closed_connections::max_answer.
};

struct closed_page {
  std::vector<connection_down> rows; ///< Newest first.
  std::uint64_t matching = 0;        ///< Without offset and limit.
  std::uint64_t kept = 0;            ///< Altogether.
  std::uint64_t ended = 0;           ///< Since the start, also those no longer kept.
  std::uint64_t missed = 0;          ///< Of these, that were never seen because too many ended at once.
};

/// How many of those that are kept ended for each reason.
struct closed_counts {
  std::array<std::uint64_t, close_reasons.size()> by_reason{};
  std::uint64_t matching = 0;
};

struct closed_bounds {
  std::size_t max_entries = 10'000;
  std::size_t max_bytes = 16 * 1024 * 1024;
};

class closed_connections {
public:
  static constexpr std::size_t max_answer = 1000;
  explicit closed_connections(closed_bounds limits = {}) : limits_(limits) {}

  void add(connection_down one);
  /// So many were not seen.
  void miss(std::uint64_t n) noexcept { missed_ += n; }

  [[nodiscard]] closed_page find(const closed_query& query) const;
  [[nodiscard]] closed_counts count(const closed_query& query) const;

  [[nodiscard]] std::size_t size() const noexcept { return kept_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
  void drop_oldest();

  closed_bounds limits_;
  std::deque<connection_down> kept_; // oldest first
  std::size_t bytes_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t missed_ = 0;
};

} // namespace troupe
