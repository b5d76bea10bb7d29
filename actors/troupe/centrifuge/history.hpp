// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The last publications of one channel: a stream with an epoch and rising offsets. Owner: the
// channel, on its thread. Time is told by the caller. Bounded by history_options::size
// publications.
#pragma once
#include <troupe/centrifuge/codes.hpp>
#include <troupe/centrifuge/publication.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::centrifuge {

/// What a channel keeps.
struct history_options {
  std::size_t size = 0;        ///< Publications kept; 0 keeps no stream.
  std::chrono::seconds ttl{0}; ///< All are dropped so long after the last one; 0 keeps no stream.
  std::chrono::seconds meta_ttl{
      std::chrono::hours{720}}; ///< Epoch and offset are kept so long after use.
};

/// What a client that comes back gets.
enum class recovery_mode : std::uint8_t {
  stream, ///< All missed publications or none.
  cache,  ///< Only the latest one matters.
};

/// Which publications are asked for.
struct history_query {
  std::int32_t limit = 0; ///< 0: only the position; negative: as many as `cap` allows.
  std::optional<stream_position> since; ///< Exclusive.
  bool reverse = false;                 ///< Newest first.
};

/// Those that were found.
struct history_page {
  std::vector<publication_ptr> publications;
  stream_position top;
};

/// The last publication that had a version; see publish_channel.
struct stream_version {
  std::uint64_t number = 0; ///< 0: none had.
  std::string epoch;
};

/// The idempotency key of a publication in a stream.
struct stream_key {
  std::string key;
  std::uint64_t offset = 0;         ///< 0: it is outside of the stream.
  std::chrono::milliseconds age{0}; ///< Since it was published.
};

/// A stream as it was kept elsewhere.
struct kept_stream {
  stream_position top;
  std::vector<publication_ptr> publications; ///< Contiguous offsets up to `top`, oldest first.
  std::chrono::milliseconds age{0};          ///< Since the last one was appended.
  stream_version version;
  std::vector<stream_key> keys; ///< Oldest first; those that seen_keys would forget may be missing.
};

/// What a client gets that comes back.
struct recovery {
  bool recovered = false;                    ///< Nothing is missing after the publications below.
  std::vector<publication_ptr> publications; ///< Oldest first; empty unless recovered.
  stream_position top;                       ///< Where the subscriber stands after them.
};

class history {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;
  /// Names a new stream: short, different each time.
  using epoch_source = std::function<std::string()>;

  /// `options` must be enabled.
  history(history_options options, epoch_source new_epoch, time_point now);

  /// Goes on with a stream that was kept.
  history(history_options options, epoch_source new_epoch, kept_stream kept, time_point now);

  /// Gives the publication its offset and epoch, and keeps it.
  publication_ptr append(publication next, time_point now);

  /// Keeps a publication that has its offset and epoch: those after top(), when it was asked for.
  void take(publication_ptr next, time_point now);

  /// Keeps so many, and so long, from now on. They must be enabled.
  void change(history_options options);

  /// Drops all publications; epoch and offset go on.
  void clear() noexcept { kept_.clear(); }

  stream_position top(time_point now);

  /// At most `cap` publications. bad_request: reverse from offset 0. unrecoverable_position:
  /// another epoch.
  std::variant<history_page, error_code> read(const history_query& query, std::size_t cap,
                                              time_point now);

  /// What a subscriber missed that was last seen at `seen`. In stream mode more than `cap` is not
  /// recovered.
  recovery recover(const stream_position& seen, recovery_mode mode, std::size_t cap,
                   time_point now);

  /// The publication before the next one, base of its delta; null if it is not kept.
  publication_ptr latest(time_point now);

  /// Publications kept, and the offset of the last one.
  [[nodiscard]] std::size_t kept() const noexcept { return kept_.size(); }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  /// Offset of the oldest one that is kept, or of the next if there is none.
  [[nodiscard]] std::uint64_t first_offset() const noexcept { return offset_ - kept_.size() + 1; }

  /// All of it, but versions and keys: so that it can go on elsewhere.
  kept_stream exported(time_point now);

  /// When the publications are due to be dropped; nothing if there are none. Any call from then on
  /// drops them.
  std::optional<time_point> expires_at() const;

  /// When epoch and offset are due to be forgotten, if nobody appends or reads until then.
  time_point forgotten_at() const noexcept { return used_ + options_.meta_ttl; }

private:
  void expire(time_point now);
  void keep(publication_ptr next, time_point now);
  /// Kept publications with an offset above `offset`, oldest first.
  std::vector<publication_ptr> after(std::uint64_t offset, std::size_t limit) const;
  /// Kept publications with an offset below `offset`, newest first.
  std::vector<publication_ptr> before(std::uint64_t offset, std::size_t limit) const;
  recovery recover_stream(const stream_position& seen, std::size_t cap) const;
  recovery recover_latest(const stream_position& seen) const;

  history_options options_;
  epoch_source new_epoch_;
  std::string epoch_;
  std::uint64_t offset_ = 0;         // of the last publication
  std::deque<publication_ptr> kept_; // contiguous offsets up to offset_
  time_point appended_;
  time_point used_;
};

/// Eight letters, for an epoch_source.
std::string random_epoch();

} // namespace troupe::centrifuge
