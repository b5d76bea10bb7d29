// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/log.hpp"

#include "app/escape.hpp"

#include <fmt/format.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace troupe::app {

namespace {

using clock = std::chrono::steady_clock;

/// Patience with a reader that does not read, once the log is to end.
constexpr std::chrono::milliseconds closing_time{1000};

/// Writes lines to a descriptor and waits for a reader that does not read, but not beyond a deadline.
/// Only the log's own thread calls it.
class descriptor_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  explicit descriptor_sink(int descriptor) : descriptor_{descriptor} {}

  /// Lines not or not completely written. Safe from any thread.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  /// Waits for the reader until then and no longer. Safe from any thread.
  void stop_waiting_at(clock::time_point deadline) { deadline_.store(deadline); }

private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (!write_all({line.data(), line.size()}))
      lost_.fetch_add(1, std::memory_order_relaxed);
  }

  void flush_() override {}

  bool write_all(std::string_view rest) {
    while (!rest.empty()) {
      if (!wait_writable())
        return false;
      // A pipe that polls writable takes this much without blocking.
      const auto piece = rest.substr(0, PIPE_BUF);
      const auto written = ::write(descriptor_, piece.data(), piece.size());
      if (written >= 0)
        rest.remove_prefix(static_cast<std::size_t>(written));
      else if (errno != EINTR && errno != EAGAIN)
        return false;
    }
    return true;
  }

  bool wait_writable() {
    using std::chrono::milliseconds;
    // In slices, to learn of a deadline that is set meanwhile.
    constexpr milliseconds slice{100};
    pollfd target{descriptor_, POLLOUT, 0};
    while (true) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline_.load() - clock::now());
      const auto patience = std::clamp(left, milliseconds{0}, slice);
      const int ready = ::poll(&target, 1, static_cast<int>(patience.count()));
      if (ready > 0)
        return true;
      if (ready == 0 ? left <= milliseconds{0} : errno != EINTR)
        return false;
    }
  }

  int descriptor_;
  std::atomic<clock::time_point> deadline_{clock::time_point::max()};
  std::atomic<std::uint64_t> lost_{0};
};

spdlog::level::level_enum to_spdlog(severity level) {
  switch (level) {
    case severity::debug: return spdlog::level::debug;
    case severity::info: return spdlog::level::info;
    case severity::warning: return spdlog::level::warn;
    case severity::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

const char* pattern(log_format format) {
  switch (format) {
    case log_format::human: return "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
    case log_format::json: return R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
  }
  return "%v";
}

bool needs_quotes(std::string_view value) {
  constexpr auto plain = std::string_view{
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:/+@%[],*"};
  return value.empty() || value.find_first_not_of(plain) != std::string_view::npos;
}

std::string format_event(log_format format, std::string_view name,
                         std::initializer_list<log_field> fields) {
  // Written here and not by a JSON library: the same escapes serve both forms, and they go further
  // than JSON asks.
  const bool json = format == log_format::json;
  std::string line = json ? fmt::format(R"("event":{})", in_quotes(name)) : escaped(name);
  for (const auto& field : fields) {
    if (json)
      line += fmt::format(",{}:{}", in_quotes(field.key), in_quotes(field.value));
    else if (needs_quotes(field.value))
      line += fmt::format(" {}={}", escaped(field.key), in_quotes(field.value));
    else
      line += fmt::format(" {}={}", escaped(field.key), escaped(field.value));
  }
  return line;
}

} // namespace

// -- line_budget ---------------------------------------------------------------------------------

line_budget::verdict line_budget::admit(clock::time_point now) {
  const auto limit = limit_.load(std::memory_order_relaxed);
  if (limit == 0)
    return {true, 0};
  const std::lock_guard guard{mutex_};
  if (now - second_began_ >= std::chrono::seconds{1}) {
    second_began_ = now;
    used_ = 0;
  }
  if (used_ >= limit) {
    ++suppressed_;
    return {false, 0};
  }
  ++used_;
  return {true, std::exchange(suppressed_, 0)};
}

std::uint64_t line_budget::take_suppressed() {
  const std::lock_guard guard{mutex_};
  return std::exchange(suppressed_, 0);
}

// -- text_log ------------------------------------------------------------------------------------

class text_log::backend {
public:
  backend(const log_options& options, int descriptor)
      : pool_{std::make_shared<spdlog::details::thread_pool>(max_queued_lines, 1)},
        sink_{std::make_shared<descriptor_sink>(descriptor)},
        logger_{std::make_shared<spdlog::async_logger>(
            "troupe", sink_, pool_, spdlog::async_overflow_policy::overrun_oldest)} {
    logger_->set_level(spdlog::level::trace); // text_log decides
    logger_->set_pattern(pattern(options.format), spdlog::pattern_time_type::utc);
  }

  void write(severity level, const std::string& line) {
    logger_->log(to_spdlog(level), spdlog::string_view_t{line});
  }

  /// Lines admitted but never written, because the descriptor was too slow or gone.
  std::uint64_t lost() const { return sink_->lost() + pool_->overrun_counter(); }

  void close() { sink_->stop_waiting_at(clock::now() + closing_time); }

private:
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<descriptor_sink> sink_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

text_log::text_log(log_options options, int descriptor)
    : options_{options}, level_{options.level}, budget_{options.lines_per_second},
      backend_{std::make_unique<backend>(options, descriptor)} {}

text_log::~text_log() {
  tell_dropped(budget_.take_suppressed());
  backend_->close();
}

void text_log::write(severity level, std::string_view name,
                     std::initializer_list<log_field> fields) {
  if (level < level_.load(std::memory_order_relaxed))
    return;
  const auto [admitted, suppressed] = budget_.admit(line_budget::clock::now());
  if (!admitted)
    return;
  tell_dropped(suppressed);
  backend_->write(level, format_event(options_.format, name, fields));
}

void text_log::write_always(std::string_view name, std::initializer_list<log_field> fields) {
  backend_->write(severity::info, format_event(options_.format, name, fields));
}

void text_log::tell_dropped(std::uint64_t suppressed) {
  const auto lost = backend_->lost();
  if (told_lost_.exchange(lost) == lost && suppressed == 0)
    return;
  if (severity::warning < level_.load(std::memory_order_relaxed))
    return;
  backend_->write(severity::warning,
                  format_event(options_.format, "log_dropped",
                               {{"over_limit", fmt::to_string(suppressed)},
                                {"lost_since_start", fmt::to_string(lost)}}));
}

} // namespace troupe::app
