// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The program's log: one event, one line, in a form for humans or as JSON.
// Thread: write() is safe from any thread and never waits for the descriptor; a thread of the log's
// own writes. Bounded by: log_options::lines_per_second and a queue of max_queued_lines, the oldest
// of which are dropped when the descriptor is slower. An event log_dropped tells what was dropped.
#pragma once
#include <troupe/event_log.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace troupe::app {

enum class log_format : std::uint8_t {
  human, ///< 2026-01-31T12:00:00.000Z info listening address=0.0.0.0 port=8000
  json,  ///< {"time":"2026-01-31T12:00:00.000Z","level":"info","event":"listening","port":"8000"}
};

struct log_options {
  severity level = severity::info; ///< Events below are dropped.
  log_format format = log_format::human;
  std::size_t lines_per_second = 1000; ///< 0 is no limit.
};

/// Admits so many lines in every second, counted from the first one. Safe from any thread.
class line_budget {
public:
  using clock = std::chrono::steady_clock;

  explicit line_budget(std::size_t lines_per_second) : limit_{lines_per_second} {}

  struct verdict {
    bool admitted;
    std::uint64_t suppressed; ///< Lines refused before this one and not told yet.
  };
  verdict admit(clock::time_point now);
  /// So many from now on.
  void change(std::size_t lines_per_second) noexcept { limit_.store(lines_per_second, std::memory_order_relaxed); }

  /// Lines refused and not told yet; they count as told from now on.
  std::uint64_t take_suppressed();

private:
  std::atomic<std::size_t> limit_;
  std::mutex mutex_; // guards the rest
  clock::time_point second_began_{};
  std::size_t used_ = 0;
  std::uint64_t suppressed_ = 0;
};

class text_log final : public event_log {
public:
  static constexpr std::size_t max_queued_lines = 4096;

  /// @param descriptor Stays open and is not closed. SIGPIPE must be ignored: a reader that went
  ///        away costs the lines, nothing else.
  text_log(log_options options, int descriptor);

  /// Writes what is queued, as far as the descriptor takes it within a second.
  ~text_log() override;

  void write(severity level, std::string_view name,
             std::initializer_list<log_field> fields) override;
  /// Writes an event of level info whatever the level and the pace are: what has to be on record.
  void write_always(std::string_view name, std::initializer_list<log_field> fields);

  /// Events below are dropped from now on. Thread: any.
  void set_level(severity level) noexcept { level_.store(level, std::memory_order_relaxed); }
  /// As log_options::lines_per_second, from now on. Thread: any.
  void set_pace(std::size_t lines_per_second) { budget_.change(lines_per_second); }

private:
  class backend;

  /// Writes a line about what was dropped since this was told last, if anything was.
  void tell_dropped(std::uint64_t suppressed);

  log_options options_;
  std::atomic<severity> level_;
  line_budget budget_;
  std::atomic<std::uint64_t> told_lost_{0};
  std::unique_ptr<backend> backend_;
};

} // namespace troupe::app
