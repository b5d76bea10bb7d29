// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/events/journal.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace troupe::net::events {

namespace fs = std::filesystem;
using internal::record;

namespace {

constexpr std::string_view prefix = "events-";
constexpr std::string_view suffix = ".journal";
constexpr mode_t for_us_only = 0600;
constexpr std::size_t read_ahead = 256 * 1024;
constexpr std::size_t largest_record = internal::max_record_bytes + 8;
constexpr std::size_t segments_in_bounds = 8; // at least, or dropping one would drop too much

std::string last_error(const char* doing) {
  return fmt::format("{}: {}", doing, std::generic_category().message(errno));
}

/// A descriptor that is closed with its block.
class file {
public:
  file(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, for_us_only)) {}
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  ~file() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

private:
  int fd_;
};

bool write_all(int to, std::string_view bytes, std::size_t at) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(to, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// The number in the name of a segment.
std::optional<std::uint64_t> number_of(const fs::path& path) {
  const auto name = path.filename().string();
  auto digits = std::string_view{name};
  if (!digits.starts_with(prefix) || !digits.ends_with(suffix)) return std::nullopt;
  digits.remove_prefix(prefix.size());
  digits.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return ec == std::errc{} && end == digits.data() + digits.size() ? std::optional{number} : std::nullopt;
}

} // namespace

journal::journal(fs::path directory, journal_limits limits)
  : directory_(std::move(directory)), limits_(limits) {
  limits_.segment_bytes = std::min(limits_.segment_bytes, limits_.max_bytes / segments_in_bounds);
  std::error_code ec;
  if (fs::create_directories(directory_, ec)) fs::permissions(directory_, fs::perms::owner_all, ec);
  lock();
  std::set<std::uint64_t> numbers;
  for (const auto& each : fs::directory_iterator{directory_, ec})
    if (const auto number = number_of(each.path())) numbers.insert(*number);
  for (const auto number : numbers) read_segment(number);
  if (!segments_.empty()) read_ = {segments_.front().number, 0};
  // Never appended to: its end may be torn.
  if (auto why = begin_segment(); !why.empty()) throw std::runtime_error{why};
  forget();
}

journal::~journal() {
  if (file_ >= 0) ::close(file_);
  if (lock_ >= 0) ::close(lock_);
}

void journal::lock() {
  file held{directory_ / "lock", O_RDWR | O_CREAT};
  if (held.get() < 0) throw std::runtime_error{last_error("it cannot be written to")};
  if (::flock(held.get(), LOCK_EX | LOCK_NB) != 0)
    throw std::runtime_error{"another process is using it"};
  lock_ = held.release();
}

fs::path journal::path_of(std::uint64_t number) const {
  return directory_ / fmt::format("{}{:016}{}", prefix, number, suffix);
}

// -- reading ---

void journal::read_segment(std::uint64_t number) {
  std::error_code ec;
  const auto size = fs::file_size(path_of(number), ec);
  if (ec) return;
  segment found{number, next_, static_cast<std::size_t>(size)};
  const auto good = visit(found, 0, [this](const record& r, std::size_t) {
    apply(r);
    return true;
  });
  skipped_ += found.bytes - good;
  found.bytes = good;
  bytes_ += good;
  segments_.push_back(found);
}

template <class See>
std::size_t journal::visit(const segment& in, std::size_t offset, See see) const {
  const file from{path_of(in.number), O_RDONLY};
  std::string buffer;
  for (auto chunk = read_ahead; offset < in.bytes;) {
    buffer.resize(std::min(chunk, in.bytes - offset));
    const auto got = ::pread(from.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got <= 0) return offset;
    auto rest = std::string_view{buffer}.substr(0, static_cast<std::size_t>(got));
    const auto begin = offset;
    while (const auto r = internal::take(rest)) {
      offset = begin + static_cast<std::size_t>(got) - rest.size();
      if (!see(*r, offset)) return offset;
    }
    if (offset != begin) continue;
    if (chunk >= largest_record) return offset; // it is no record
    chunk = largest_record;
  }
  return offset;
}

void journal::apply(const record& r) {
  switch (r.what) {
    case record::kind::begin:
      next_ = std::max(next_, r.sequence);
      acknowledged_ = std::max(acknowledged_, r.acknowledged);
      open_.clear();
      open_bytes_ = 0;
      break;
    case record::kind::open: note(effect::opens, r.connection, r.text); break;
    case record::kind::event:
      next_ = std::max(next_, r.sequence + 1);
      note(r.on, r.connection, r.text);
      break;
    case record::kind::acknowledged: acknowledged_ = std::max(acknowledged_, r.sequence); break;
  }
}

void journal::note(effect on, std::string_view connection, std::string_view text) {
  if (on == effect::none) return;
  const auto known = open_.find(std::string{connection});
  if (known != open_.end()) {
    open_bytes_ -= known->first.size() + known->second.size();
    open_.erase(known);
  }
  if (on != effect::opens) return;
  open_.emplace(connection, text);
  open_bytes_ += connection.size() + text.size();
}

journal::batch journal::oldest(std::size_t max_events, std::size_t max_bytes) const {
  batch result;
  std::size_t bytes = 0;
  bool full = false;
  for (const auto& in : segments_) {
    if (in.number < read_.segment || full) continue;
    visit(in, in.number == read_.segment ? read_.offset : 0, [&](const record& r, std::size_t) {
      if (r.what != record::kind::event || r.sequence <= acknowledged_) return true;
      full = result.events.size() == max_events || (bytes != 0 && bytes + r.text.size() > max_bytes);
      if (full) return false;
      bytes += r.text.size();
      result.events.emplace_back(r.text);
      result.last = r.sequence;
      return true;
    });
  }
  return result;
}

// -- writing ---

std::string journal::append(std::span<const entry> events) {
  if (events.empty()) return {};
  if (segments_.back().bytes >= std::max(limits_.segment_bytes, 4 * open_bytes_))
    if (auto why = begin_segment(); !why.empty()) return why;
  std::string bytes;
  auto sequence = next_;
  for (const auto& e : events)
    internal::append(bytes, {.what = record::kind::event, .sequence = sequence++, .on = e.on,
                             .connection = e.connection, .text = e.text});
  if (auto why = write(bytes); !why.empty()) return why;
  next_ = sequence;
  for (const auto& e : events) note(e.on, e.connection, e.text);
  keep_within_bounds();
  return {};
}

std::string journal::write(std::string_view bytes) {
  auto& last = segments_.back();
  if (!write_all(file_, bytes, last.bytes)) {
    auto why = last_error("writing failed");
    if (::ftruncate(file_, static_cast<off_t>(last.bytes)) != 0) why += ", and so did taking it back";
    return why;
  }
  last.bytes += bytes.size();
  bytes_ += bytes.size();
  return {};
}

std::string journal::begin_segment() {
  if (file_ >= 0) // or what is written there would never be synced
    if (auto why = sync(); !why.empty()) return why;
  const segment next{segments_.empty() ? 1 : segments_.back().number + 1, next_, 0};
  std::string bytes;
  internal::append(bytes, {.what = record::kind::begin, .sequence = next_, .acknowledged = acknowledged_});
  for (const auto& [connection, text] : open_)
    internal::append(bytes, {.what = record::kind::open, .connection = connection, .text = text});
  // Under its name only when it is whole: without it, what is open would be forgotten.
  const auto unfinished = directory_ / "unfinished";
  file begun{unfinished, O_RDWR | O_CREAT | O_TRUNC};
  if (begun.get() < 0 || !write_all(begun.get(), bytes, 0) || ::fdatasync(begun.get()) != 0)
    return last_error("beginning a file failed");
  std::error_code ec;
  fs::rename(unfinished, path_of(next.number), ec);
  if (ec) return "beginning a file failed: " + ec.message();
  const file directory{directory_, O_RDONLY | O_DIRECTORY};
  (void)::fsync(directory.get());
  if (file_ >= 0) ::close(file_);
  file_ = begun.release();
  segments_.push_back(next);
  segments_.back().bytes = bytes.size();
  bytes_ += bytes.size();
  if (segments_.size() == 1) read_ = {next.number, 0};
  return {};
}

std::string journal::sync() { return ::fdatasync(file_) == 0 ? std::string{} : last_error("syncing failed"); }

// -- forgetting ---

void journal::acknowledge(std::uint64_t last) {
  last = std::min(last, next_ - 1);
  if (last <= acknowledged_) return;
  acknowledged_ = last;
  std::string bytes;
  internal::append(bytes, {.what = record::kind::acknowledged, .sequence = last});
  (void)write(bytes); // or they are sent again after a restart
  forget();
}

void journal::forget() {
  for (const auto& in : segments_) {
    if (in.number < read_.segment) continue;
    auto offset = in.number == read_.segment ? read_.offset : 0;
    bool reached = false;
    visit(in, offset, [&](const record& r, std::size_t after) {
      reached = r.what == record::kind::event && r.sequence > acknowledged_;
      if (!reached) offset = after;
      return !reached;
    });
    read_ = {in.number, offset};
    if (reached) break;
  }
  while (segments_.front().number < read_.segment) drop_front();
}

void journal::keep_within_bounds() {
  while (bytes_ > limits_.max_bytes && segments_.size() > 1) {
    const auto last = segments_[1].first - 1;
    if (last > acknowledged_) {
      lost_ += last - acknowledged_;
      acknowledged_ = last;
    }
    drop_front();
    if (read_.segment < segments_.front().number) read_ = {segments_.front().number, 0};
  }
}

void journal::drop_front() {
  std::error_code ignored;
  fs::remove(path_of(segments_.front().number), ignored);
  bytes_ -= segments_.front().bytes;
  segments_.pop_front();
}

} // namespace troupe::net::events
