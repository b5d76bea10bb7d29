// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/memory_watch.hpp>

#include <caf/event_based_actor.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace troupe::net {

namespace {

using namespace std::chrono_literals;

constexpr auto interval = 30ms; // frames count at once
constexpr auto interval_when_tight = 4ms; // memory that messages leave is not where the next ones take theirs
constexpr auto give_back_interval = 2s; // it holds the heap meanwhile

const char* name_of(memory_budget::level level) noexcept {
  switch (level) {
    case memory_budget::level::normal: return "normal";
    case memory_budget::level::shedding: return "shedding";
    case memory_budget::level::full: return "full";
  }
  return "";
}

} // namespace

memory_watch::memory_watch(io_loop& home, memory_budget& budget, event_log& log)
  : home_(home), budget_(budget), log_(log), statm_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)),
    next_(home.executor()) {
  if (statm_ < 0) throw std::runtime_error("limit.memory_bytes: cannot read /proc/self/statm");
}

memory_watch::~memory_watch() { ::close(statm_); }

std::size_t memory_watch::resident() const {
  std::array<char, 128> text{};
  const auto size = std::max<ssize_t>(::pread(statm_, text.data(), text.size(), 0), 0);
  const char* const end = text.data() + size;
  const char* const first = std::find<const char*>(text.data(), end, ' '); // the number we want is the second
  std::size_t pages = 0;
  if (first != end) std::from_chars(first + 1, end, pages);
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void memory_watch::look() {
  const auto bytes = resident();
  const auto now = budget_.update(bytes);
  if (std::exchange(told_, now) != now)
    log_.write(now == memory_budget::level::normal ? severity::info : severity::warning, "memory_level",
               {{"level", name_of(now)}, {"resident", fmt::to_string(bytes)}});
  if (now != memory_budget::level::normal) give_back();
  next_.expires_after(budget_.is_tight() ? interval_when_tight : interval);
  next_.async_wait([this](error_code ec) {
    if (!ec) look();
  });
}

void memory_watch::give_back() {
  if (home_.now() - given_back_ < give_back_interval) return;
  given_back_ = home_.now();
  home_.system().spawn([](std::size_t kept) { ::malloc_trim(kept); }, std::size_t{0}); // it takes its time
}

} // namespace troupe::net
