// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// JOURNAL: events in their order, on disk until they are acknowledged, and the connections that are open, so
// that whoever opens the journal next knows which of them nobody saw end. Append-only files, called segments;
// each begins with the connections open then, so that older ones can go.
// Thread: one at a time, one that may wait for the disk. Owner: the COURIER. Bounded by: journal_limits; at
// max_bytes the oldest segment goes, with events that were not acknowledged if there are any: they are lost and
// counted. What is open is never dropped.
#pragma once
#include <troupe/net/events/internal/record.hpp>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::net::events {

struct journal_limits {
  std::size_t max_bytes = 256 * 1024 * 1024;
  std::size_t segment_bytes = 8 * 1024 * 1024; ///< Then the next one begins.
};

class journal {
public:
  struct entry {
    effect on = effect::none;
    std::string connection; ///< ID, if it concerns one.
    std::string text;       ///< At most max_text_bytes.
  };
  static constexpr std::size_t max_text_bytes = internal::max_record_bytes / 2;

  /// Reads what is there. Records that are torn or do not check are skipped to the end of their segment.
  /// @param directory Made if it does not exist. No other process may have it open.
  /// @throws std::runtime_error if it cannot be.
  journal(std::filesystem::path directory, journal_limits limits);
  ~journal();

  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;

  /// Of the event appended next; rises by one from event to event, over restarts too.
  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_; }
  /// Connections that are open, by ID: the text of their up.
  [[nodiscard]] const std::map<std::string, std::string>& open() const noexcept { return open_; }

  /// Appends all or, if the disk does not take them, none. @returns why not; nothing: they are appended.
  [[nodiscard]] std::string append(std::span<const entry> events);

  struct batch {
    std::vector<std::string> events;
    std::uint64_t last = 0; ///< Sequence of the last of them.
  };
  /// The oldest events that are not acknowledged; at least one if there is one.
  [[nodiscard]] batch oldest(std::size_t max_events, std::size_t max_bytes) const;
  /// What oldest() returned up to this sequence is done with.
  void acknowledge(std::uint64_t last);
  /// Events that are neither acknowledged nor lost.
  [[nodiscard]] std::uint64_t waiting() const noexcept { return next_ - 1 - acknowledged_; }

  /// Brings what is written to the medium. @returns why not.
  [[nodiscard]] std::string sync();

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// Events lost to the bound, since it was opened.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
  /// Bytes that were skipped when it was opened.
  [[nodiscard]] std::uint64_t skipped_bytes() const noexcept { return skipped_; }

private:
  struct segment {
    std::uint64_t number = 0;
    std::uint64_t first = 0; // sequence that its first event has, or would have
    std::size_t bytes = 0;   // that are good
  };
  struct position {
    std::uint64_t segment = 0;
    std::size_t offset = 0;
    friend auto operator<=>(const position&, const position&) = default;
  };

  void lock();
  void read_segment(std::uint64_t number);
  /// Calls `see(record, offset after it)` for each record from `offset` on until it returns false.
  template <class See>
  std::size_t visit(const segment& in, std::size_t offset, See see) const;
  [[nodiscard]] std::string begin_segment();
  [[nodiscard]] std::string write(std::string_view bytes);
  void apply(const internal::record& r);
  void note(effect on, std::string_view connection, std::string_view text);
  /// Moves on to the first event that is not acknowledged, and drops the segments before it.
  void forget();
  void keep_within_bounds();
  void drop_front();
  [[nodiscard]] std::filesystem::path path_of(std::uint64_t number) const;

  std::filesystem::path directory_;
  journal_limits limits_;
  int lock_ = -1;
  int file_ = -1; // of the last segment
  std::deque<segment> segments_;
  std::map<std::string, std::string> open_;
  std::size_t open_bytes_ = 0; // of IDs and texts
  std::uint64_t next_ = 1;
  std::uint64_t acknowledged_ = 0;
  position read_; // of the first event that is not acknowledged, or before it
  std::size_t bytes_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t skipped_ = 0;
};

} // namespace troupe::net::events
