// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// BUCKET TABLE: the buckets of many by name. Owner: a WARDEN, on its thread. Bounded by: a number of names;
// then the one that was asked about least recently is forgotten, and begins anew if it comes back.
#pragma once
#include <troupe/rates/token_bucket.hpp>

#include <array>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::rates {

class bucket_table {
public:
  using time_point = token_bucket::clock::time_point;

  /// @param max_names At least 1.
  explicit bucket_table(std::size_t max_names) : max_names_(max_names) {}

  /// That of a name for an operation.
  token_bucket& of(std::string_view name, operation what, time_point now);

  /// Another bound, at least 1. What is beyond it goes by and by, as names come.
  void limit(std::size_t max_names) noexcept { max_names_ = max_names; }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// Names that were forgotten although a bucket of theirs was not full.
  [[nodiscard]] std::size_t forgotten() const noexcept { return forgotten_; }

private:
  struct entry {
    std::string name;
    std::array<token_bucket, operation_names.size()> buckets;
  };
  using entries = std::list<entry>;

  void forget_last(time_point now);

  std::size_t max_names_;
  std::size_t forgotten_ = 0;
  entries entries_; // most recent first
  std::unordered_map<std::string_view, entries::iterator> by_name_;
};

} // namespace troupe::rates
