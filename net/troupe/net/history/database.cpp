// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/history/database.hpp>

#include <troupe/centrifuge/seen_keys.hpp>
#include <troupe/net/history/record.hpp>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace troupe::net::history {

namespace {

using internal::blob;
using internal::sqlite_statement;
using troupe::centrifuge::kept_stream;
using troupe::centrifuge::publication;
using troupe::centrifuge::publication_ptr;
using troupe::centrifuge::seen_keys;

constexpr int schema = 1;
constexpr std::size_t page_bytes = 4096;
constexpr mode_t for_us_only = 0600;
// Of the log: then it goes into the file, which takes milliseconds. Less often if nothing else waits for the medium.
constexpr int log_pages = 4000;
constexpr int synced_log_pages = 1000;

constexpr const char* tables = R"(
  CREATE TABLE streams(
    id INTEGER PRIMARY KEY, channel TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL, run TEXT NOT NULL,
    first INTEGER NOT NULL, top INTEGER NOT NULL, appended INTEGER NOT NULL, expires INTEGER NOT NULL,
    forgotten INTEGER NOT NULL, version TEXT NOT NULL, version_epoch TEXT NOT NULL, checksum INTEGER NOT NULL);
  CREATE TABLE publications(
    stream INTEGER NOT NULL, place INTEGER NOT NULL, record BLOB NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY(stream, place)) WITHOUT ROWID;
  CREATE TABLE keys(
    stream INTEGER NOT NULL, slot INTEGER NOT NULL, key TEXT NOT NULL, place INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY(stream, slot)) WITHOUT ROWID;
  CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)";

/// Of all bytes, each part with its length, so that none can pass for another's.
template <class... Parts>
std::int64_t checksum_of(const Parts&... all) {
  auto sum = crc32_z(0, nullptr, 0);
  const auto add = [&](std::string_view part) {
    const auto size = fmt::format("{}:", part.size());
    sum = crc32_z(sum, reinterpret_cast<const Bytef*>(size.data()), size.size());
    sum = crc32_z(sum, reinterpret_cast<const Bytef*>(part.data()), part.size());
  };
  (add(fmt::format("{}", all)), ...);
  return static_cast<std::int64_t>(sum);
}

std::int64_t checksum_of_publication(std::string_view channel, std::int64_t place, std::string_view record) {
  return checksum_of(channel, place, record);
}

/// Changes when the machine starts.
std::string boot_id() {
  std::ifstream in{"/proc/sys/kernel/random/boot_id"};
  std::string id;
  std::getline(in, id);
  return id;
}

std::int64_t ms_of(std::chrono::seconds span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

/// The path of the database. What people have written to each other is for nobody else to read: SQLite gives its other
/// files the mode of this one.
std::string prepared_file(const std::string& directory) {
  namespace fs = std::filesystem;
  if (fs::create_directories(directory)) fs::permissions(directory, fs::perms::owner_all);
  const auto path = database::file_in(directory);
  // Not if it is there: closing it would give up SQLite's locks, if this process has it open already.
  if (const int file = fs::exists(path) ? -1 : ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, for_us_only); file >= 0)
    ::close(file); // if it cannot be made SQLite says why
  return path.string();
}

std::chrono::milliseconds age_of(std::int64_t then, std::int64_t now) {
  return std::chrono::milliseconds{std::max<std::int64_t>(now - then, 0)}; // a clock may be set back
}

/// What the statement counts are pages.
std::uint64_t bytes_of(sqlite_statement& pages) {
  pages.begin();
  const auto count = pages.next() ? pages.number(0) : 0;
  pages.reset();
  return static_cast<std::uint64_t>(count) * page_bytes;
}

} // namespace

struct database::statements {
  explicit statements(const internal::sqlite_connection& in)
    : begin{in, "BEGIN IMMEDIATE"},
      commit{in, "COMMIT"},
      begin_one{in, "SAVEPOINT one"},
      end_one{in, "RELEASE one"},
      find{in, "SELECT id, epoch, run, first, top, appended, expires, forgotten, version, version_epoch, checksum "
               "FROM streams WHERE channel = ?"},
      add{in, "INSERT INTO streams(channel, epoch, run, first, top, appended, expires, forgotten, version, "
              "version_epoch, checksum) VALUES(?, '', '', 1, 0, 0, 0, 0, '', '', 0)"},
      update{in, "UPDATE streams SET epoch = ?, run = ?, first = ?, top = ?, appended = ?, expires = ?, forgotten = ?, "
                 "version = ?, version_epoch = ?, checksum = ? WHERE id = ?"},
      remove{in, "DELETE FROM streams WHERE id = ?"},
      read{in, "SELECT place, record, checksum FROM publications WHERE stream = ? ORDER BY place"},
      append{in, "INSERT INTO publications(stream, place, record, checksum) VALUES(?, ?, ?, ?)"},
      trim{in, "DELETE FROM publications WHERE stream = ? AND place < ?"},
      read_keys{in, "SELECT key, place, at FROM keys WHERE stream = ? AND at > ? ORDER BY place"},
      add_key{in, "INSERT OR REPLACE INTO keys(stream, slot, key, place, at) VALUES(?, ?, ?, ?, ?)"},
      trim_keys{in, "DELETE FROM keys WHERE stream = ? AND at <= ?"},
      sweep{in, "SELECT id, channel, expires, forgotten, top >= first FROM streams WHERE id > ? ORDER BY id LIMIT ?"},
      pages{in, "PRAGMA page_count"},
      free_pages{in, "PRAGMA freelist_count"} {}

  sqlite_statement begin, commit, begin_one, end_one, find, add, update, remove, read, append, trim, read_keys, add_key,
    trim_keys, sweep, pages, free_pages;
};

std::filesystem::path database::file_in(const std::string& directory) {
  return std::filesystem::path{directory} / "history.db";
}

database::database(const store_options& options, clock now)
  : now_{std::move(now)}, max_bytes_{options.max_bytes}, in_{prepared_file(options.directory)} {
  try {
    prepare_file(options);
    sql_ = std::make_unique<statements>(in_);
    begin_run(options.sync);
  } catch (const failure& why) {
    if (why.is_busy()) throw std::runtime_error{"another process uses it"};
    throw;
  }
}

database::~database() {
  try {
    rollback();
    set_meta("boot", ""); // what was written before is on the medium if this is
  } catch (const failure&) {
  }
}

// Exclusive: no other process may come, and the file's index in shared memory is not needed.
void database::prepare_file(const store_options& options) {
  const auto max_pages = std::min<std::size_t>(options.max_bytes / page_bytes, std::numeric_limits<int>::max());
  in_.run(fmt::format("PRAGMA page_size = {}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; "
                      "PRAGMA synchronous = {}; PRAGMA wal_autocheckpoint = {}; PRAGMA journal_size_limit = {}; "
                      "PRAGMA cell_size_check = ON; PRAGMA max_page_count = {}; BEGIN IMMEDIATE; COMMIT",
                      page_bytes, options.sync ? "FULL" : "NORMAL", options.sync ? synced_log_pages : log_pages,
                      log_pages * page_bytes, max_pages)
            .c_str());
  sqlite_statement version{in_, "PRAGMA user_version"};
  version.begin();
  const auto made_by = version.next() ? version.number(0) : 0;
  version.reset();
  if (made_by == 0) in_.run(fmt::format("BEGIN;{} PRAGMA user_version = {}; COMMIT", tables, schema).c_str());
  else if (made_by != schema) throw std::runtime_error{fmt::format("it is of version {}, not {}", made_by, schema)};
}

// Without `sync`, what was committed last may be missing once the machine has gone down: it was in its memory.
void database::begin_run(bool sync) {
  run_ = meta("run");
  const auto last_boot = meta("boot");
  const auto boot = boot_id();
  lost_epochs_ = !last_boot.empty() && last_boot != boot;
  if (lost_epochs_) set_meta("run", run_ = troupe::centrifuge::random_epoch());
  set_meta("boot", sync ? "" : boot);
}

std::string database::meta(std::string_view name) {
  sqlite_statement find{in_, "SELECT value FROM meta WHERE name = ?"};
  find.begin(name);
  return find.next() ? std::string{find.text(0)} : std::string{};
}

void database::set_meta(std::string_view name, std::string_view value) {
  sqlite_statement{in_, "INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)"}.run(name, value);
}

std::int64_t database::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now_().time_since_epoch()).count();
}

void database::begin() { sql_->begin.run(); }
void database::commit() { sql_->commit.run(); }
void database::begin_one() { sql_->begin_one.run(); }
void database::end_one() { sql_->end_one.run(); }

void database::rollback() noexcept {
  try {
    if (is_begun()) in_.run("ROLLBACK"); // SQLite may have done it
  } catch (const failure&) {
  }
}

std::uint64_t database::bytes() { return bytes_of(sql_->pages); }

bool database::is_roomy() { return bytes() - bytes_of(sql_->free_pages) <= max_bytes_ / 2; }

// -- streams ---

std::optional<database::stream> database::find(std::string_view channel) {
  auto& row = sql_->find;
  row.begin(channel);
  if (!row.next()) return std::nullopt;
  stream s{.id = row.number(0), .epoch = std::string{row.text(1)}, .first = row.number(3), .top = row.number(4),
           .appended = row.number(5), .expires = row.number(6), .forgotten = row.number(7),
           .version = {0, std::string{row.text(9)}}};
  const std::string run{row.text(2)}, version{row.text(8)};
  s.is_whole = row.number(10) == checksum_of(channel, s.epoch, run, s.first, s.top, s.appended, s.expires, s.forgotten,
                                             version, s.version.epoch);
  row.reset();
  if (s.is_whole && !version.empty()) s.version.number = std::stoull(version);
  if (run != run_) s.epoch += run_; // it is another one since then
  return s;
}

void database::write(std::string_view channel, const stream& s) {
  const auto version = s.version.number == 0 ? std::string{} : fmt::to_string(s.version.number);
  sql_->update.run(s.epoch, run_, s.first, s.top, s.appended, s.expires, s.forgotten, version, s.version.epoch,
                   checksum_of(channel, s.epoch, run_, s.first, s.top, s.appended, s.expires, s.forgotten, version,
                               s.version.epoch),
                   s.id);
}

void database::begin_stream(std::string_view channel, stream& s) {
  sql_->add.run(channel);
  s.id = in_.last_row();
}

void database::remove(std::int64_t id) {
  sql_->trim.run(id, std::numeric_limits<std::int64_t>::max());
  sql_->trim_keys.run(id, std::numeric_limits<std::int64_t>::max());
  sql_->remove.run(id);
}

bool database::read_publications(std::string_view channel, const stream& s, std::vector<publication_ptr>& to) {
  auto& row = sql_->read;
  auto expected = s.first;
  bool is_whole = true;
  for (row.begin(s.id); row.next() && is_whole; ++expected) {
    const auto record = row.bytes(1);
    auto read = decode_record(record);
    is_whole = read && row.number(0) == expected && row.number(2) == checksum_of_publication(channel, expected, record);
    if (!is_whole) break;
    read->offset = static_cast<std::uint64_t>(expected);
    read->epoch = s.epoch;
    to.push_back(std::make_shared<const publication>(*std::move(read)));
  }
  row.reset();
  return is_whole && expected == s.top + 1;
}

void database::read_keys(std::int64_t id, std::int64_t now, std::vector<troupe::centrifuge::stream_key>& to) {
  auto& row = sql_->read_keys;
  for (row.begin(id, now - ms_of(seen_keys::kept)); row.next();)
    to.push_back({std::string{row.text(0)}, static_cast<std::uint64_t>(row.number(1)), age_of(row.number(2), now)});
}

database::opened database::open(const troupe::centrifuge::open_stream& m) {
  opened result;
  const auto now = now_ms();
  auto s = find(m.channel);
  if (s && s->is_whole && now >= s->forgotten) {
    remove(s->id);
    s.reset();
  }
  if (s) {
    kept_stream kept{{static_cast<std::uint64_t>(s->top), s->epoch}, {}, {}, s->version};
    if (!s->is_whole) {
      result.damage = "the stream";
    } else if (!read_publications(m.channel, *s, kept.publications)) {
      result.damage = "publications";
    } else {
      if (now >= s->expires) kept.publications.clear(); // they go from the disk with the next one, or a sweep
      kept.age = age_of(s->appended, now);
      read_keys(s->id, now, kept.keys);
      result.found = std::move(kept);
    }
    if (!result.damage.empty()) {
      remove(s->id);
      s.reset();
    }
  }
  if (!s) {
    if (!is_roomy()) return result;
    s.emplace(stream{.epoch = m.epoch, .version = {}});
    begin_stream(m.channel, *s);
  }
  s->forgotten = now + ms_of(m.keep.meta_ttl); // it is in use
  write(m.channel, *s);
  return result;
}

void database::keep(const troupe::centrifuge::keep_publications& m) {
  const auto& all = m.publications;
  const auto front = static_cast<std::int64_t>(all.front()->offset);
  auto s = find(m.channel);
  if (s && (!s->is_whole || s->epoch != all.front()->epoch || s->top + 1 != front)) {
    remove(s->id);
    s.reset();
  }
  if (!s) {
    s.emplace(stream{.first = front, .version = {}});
    begin_stream(m.channel, *s);
  }
  s->epoch = all.front()->epoch;
  s->first = std::max(s->first, static_cast<std::int64_t>(m.first));
  sql_->trim.run(s->id, s->first); // first: if there is little room, it makes some
  for (const auto& each : all) {
    const auto place = static_cast<std::int64_t>(each->offset);
    s->top = place;
    if (place < s->first) continue; // a batch of more than are kept
    const auto record = encode_record(*each);
    sql_->append.run(s->id, place, blob{record}, checksum_of_publication(m.channel, place, record));
  }
  s->version = m.version;
  s->appended = now_ms();
  for (const auto& [key, offset, age] : m.keys) {
    const auto place = static_cast<std::int64_t>(offset);
    sql_->add_key.run(s->id, place % static_cast<std::int64_t>(seen_keys::max_keys), key, place, s->appended);
  }
  s->expires = s->appended + ms_of(m.keep.ttl);
  s->forgotten = s->appended + ms_of(m.keep.meta_ttl);
  write(m.channel, *s);
}

void database::drop(std::string_view channel) {
  auto s = find(channel);
  if (!s) return;
  if (!s->is_whole) return remove(s->id); // writing it would make it look whole
  s->first = s->top + 1;
  sql_->trim.run(s->id, s->first);
  write(channel, *s);
}

bool database::sweep(std::size_t streams) {
  const auto now = now_ms();
  std::vector<std::int64_t> seen, forgotten;
  std::vector<std::string> expired;
  auto& row = sql_->sweep;
  for (row.begin(swept_, static_cast<std::int64_t>(streams)); row.next();) {
    swept_ = row.number(0);
    seen.push_back(swept_);
    if (now >= row.number(3)) forgotten.push_back(swept_);
    else if (now >= row.number(2) && row.number(4) != 0) expired.emplace_back(row.text(1));
  }
  for (const auto id : seen) sql_->trim_keys.run(id, now - ms_of(seen_keys::kept));
  for (const auto id : forgotten) remove(id);
  for (const auto& channel : expired) drop(channel);
  if (seen.size() == streams) return false;
  swept_ = 0;
  return true;
}

} // namespace troupe::net::history
