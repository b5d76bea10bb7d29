// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// DATABASE: streams and their publications in a file of SQLite. What is written since begin() is on disk after commit(),
// or none of it is. Each row has a checksum, and each stream says which rows it has: one that is not whole is given up,
// and begins anew with another epoch.
// Thread: one at a time, one that may wait for the disk. Owner: the STORE. Bounded by: store_options::max_bytes.
#pragma once
#include <troupe/centrifuge/history_store.hpp>
#include <troupe/net/history/internal/sqlite.hpp>
#include <troupe/net/history/options.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::net::history {

/// Whatever the disk does not do. The text is for people.
using failure = internal::sqlite_failure;

class database {
public:
  using clock = std::function<std::chrono::system_clock::time_point()>;

  /// Opens what is there, which must be of this server alone.
  /// @throws std::runtime_error if it cannot be; `failure` of damage if what is there is no database.
  database(const store_options& options, clock now);
  /// Writes down that all is on the medium.
  ~database();

  database(const database&) = delete;
  database& operator=(const database&) = delete;

  /// Whether the machine went down since this was used, so that the last publications may be missing: no position of
  /// before is that of a publication any more, so that all epochs are others now.
  [[nodiscard]] bool lost_epochs() const noexcept { return lost_epochs_; }

  /// What is there of a stream. One that is not there begins; so does one that is damaged, and that is told. While more
  /// than half of the room is taken, one that begins is not written before it has publications: those who make up names
  /// are not to take the other half.
  struct opened {
    std::optional<troupe::centrifuge::kept_stream> found;
    std::string damage; ///< Empty: none.
  };
  /// @throws failure, as all below.
  opened open(const troupe::centrifuge::open_stream& m);
  void keep(const troupe::centrifuge::keep_publications& m);
  void drop(std::string_view channel);

  /// All that changes anything takes place between these.
  void begin();
  [[nodiscard]] bool is_begun() const noexcept { return in_.in_transaction(); }
  void commit();
  void rollback() noexcept;
  /// Does `change()`, all of it or, if it throws, nothing.
  template <class F>
  void atomically(F change) {
    begin_one();
    try {
      change();
    } catch (...) {
      if (is_begun()) in_.run("ROLLBACK TO one; RELEASE one");
      throw;
    }
    end_one();
  }

  /// Drops what is too old of the next so many streams. @returns whether those were the last; then it begins with the
  /// first again.
  bool sweep(std::size_t streams);

  [[nodiscard]] std::uint64_t bytes();

  /// The file in a directory.
  [[nodiscard]] static std::filesystem::path file_in(const std::string& directory);

private:
  struct stream {
    std::int64_t id = 0;
    std::string epoch;
    std::int64_t first = 1; // offset of the oldest publication, or of the next
    std::int64_t top = 0;
    std::int64_t appended = 0; // ms since the epoch of the clock, as the next
    std::int64_t expires = 0;
    std::int64_t forgotten = 0;
    troupe::centrifuge::stream_version version;
    bool is_whole = true; // its checksum fits
  };

  void begin_one();
  void end_one();
  void prepare_file(const store_options& options);
  void begin_run(bool sync);
  [[nodiscard]] std::optional<stream> find(std::string_view channel);
  void begin_stream(std::string_view channel, stream& s);
  void write(std::string_view channel, const stream& s);
  void remove(std::int64_t id);
  /// @returns false: they are not what the stream says.
  bool read_publications(std::string_view channel, const stream& s,
                         std::vector<troupe::centrifuge::publication_ptr>& to);
  void read_keys(std::int64_t id, std::int64_t now, std::vector<troupe::centrifuge::stream_key>& to);
  [[nodiscard]] std::string meta(std::string_view name);
  void set_meta(std::string_view name, std::string_view value);
  [[nodiscard]] std::int64_t now_ms() const;
  [[nodiscard]] bool is_roomy();

  clock now_;
  std::uint64_t max_bytes_;
  internal::sqlite_connection in_;
  std::string run_; // names the time since epochs were lost last; part of those of before
  bool lost_epochs_ = false;
  std::int64_t swept_ = 0; // ID of the last stream that was looked at

  struct statements;
  std::unique_ptr<statements> sql_;
};

} // namespace troupe::net::history
