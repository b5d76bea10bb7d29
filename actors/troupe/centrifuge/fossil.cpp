// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/fossil.hpp>

#include <algorithm>
#include <bit>
#include <vector>

namespace troupe::centrifuge {
namespace {

constexpr std::size_t block_bytes = 16;    // shortest repetition worth looking for
constexpr std::size_t max_candidates = 32; // blocks of the source tried at one place of the target
constexpr std::size_t good_match_bytes = 256; // long enough to look no further

void append_number(std::string& out, std::uint64_t number) {
  constexpr std::string_view digits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
  char reversed[11];
  std::size_t length = 0;
  do {
    reversed[length++] = digits[number % 64];
    number /= 64;
  } while (number != 0);
  while (length > 0) out += reversed[--length];
}

/// A piece of the target that the source has too.
struct match {
  std::size_t target = 0;
  std::size_t source = 0;
  std::size_t length = 0;
};

bool continues_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Shrinks a match so that it begins and ends between characters. A character has at most three
/// continuation bytes; where there are more the text is not UTF-8 and its borders do not matter.
void align(match& m, std::string_view target) noexcept {
  for (int i = 0; i < 3 && m.length > 0 && continues_character(target[m.target]); ++i) {
    ++m.target;
    ++m.source;
    --m.length;
  }
  for (int i = 0; i < 3 && m.length > 0; ++i) {
    const auto end = m.target + m.length;
    if (end == target.size() || !continues_character(target[end])) break;
    --m.length;
  }
}

std::size_t common_prefix(std::string_view a, std::string_view b) noexcept {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

std::size_t common_suffix(std::string_view a, std::string_view b) noexcept {
  const auto [left, right] = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  return static_cast<std::size_t>(left - a.rbegin());
}

/// Writes the segments of a delta in the order of the target; what no match covers is inserted.
class segments {
public:
  segments(std::string& out, std::string_view target) : out_(out), target_(target) {}

  void copy(match m) {
    align(m, target_);
    // "<count>@<offset>," costs up to a dozen bytes; shorter repetitions go with the next insert.
    if (m.length < 8) return;
    insert_until(m.target);
    append_number(out_, m.length);
    out_ += '@';
    append_number(out_, m.source);
    out_ += ',';
    written_ = m.target + m.length;
  }

  void insert_until(std::size_t end) {
    if (end == written_) return;
    append_number(out_, end - written_);
    out_ += ':';
    out_ += target_.substr(written_, end - written_);
    written_ = end;
  }

  /// Bytes of the target that segments stand for.
  std::size_t written() const noexcept { return written_; }

private:
  std::string& out_;
  std::string_view target_;
  std::size_t written_ = 0;
};

/// Hash of block_bytes bytes that can be moved along a text byte by byte.
class rolling_hash {
public:
  explicit rolling_hash(const char* begin) noexcept {
    for (std::size_t i = 0; i < block_bytes; ++i) value_ = value_ * base + byte(begin[i]);
  }

  void roll(char out, char in) noexcept {
    value_ = (value_ - byte(out) * top_power) * base + byte(in);
  }

  /// The upper bits, which depend on all bytes.
  std::size_t bucket(int bits) const noexcept { return (value_ * 0x9E3779B1u) >> (32 - bits); }

private:
  static constexpr std::uint32_t base = 0x01000193;
  static constexpr std::uint32_t top_power = [] {
    std::uint32_t power = 1;
    for (std::size_t i = 1; i < block_bytes; ++i) power *= base;
    return power;
  }();
  static std::uint32_t byte(char c) noexcept { return static_cast<unsigned char>(c); }

  std::uint32_t value_ = 0;
};

/// Finds pieces of the source by the blocks it consists of.
class block_index {
public:
  explicit block_index(std::string_view source)
      : source_(source),
        bits_(std::clamp(static_cast<int>(std::bit_width(source.size() / block_bytes)), 1, 30)),
        first_(std::size_t{1} << bits_, none), next_(source.size() / block_bytes, none) {
    for (std::size_t block = next_.size(); block-- > 0;) {
      auto& head = first_[rolling_hash(source.data() + block * block_bytes).bucket(bits_)];
      next_[block] = head;
      head = static_cast<std::uint32_t>(block);
    }
  }

  /// The longest match around the block at `at`, within [begin, end) of the target.
  match longest(std::string_view target, std::size_t at, std::size_t begin, std::size_t end,
                const rolling_hash& hash) const {
    match best;
    std::size_t tries = 0;
    for (auto block = first_[hash.bucket(bits_)];
         block != none && tries < max_candidates && best.length < good_match_bytes;
         block = next_[block], ++tries) {
      const std::size_t from = std::size_t{block} * block_bytes;
      const auto after = common_prefix(source_.substr(from), target.substr(at, end - at));
      if (after < block_bytes) continue;
      const auto before = common_suffix(source_.substr(0, from), target.substr(begin, at - begin));
      if (before + after > best.length) best = {at - before, from - before, before + after};
    }
    return best;
  }

private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  std::string_view source_;
  int bits_;
  std::vector<std::uint32_t> first_; // by bucket: first block
  std::vector<std::uint32_t> next_;  // by block: next one in the same bucket
};

/// Copies what [begin, end) of the target repeats of the source.
void copy_repetitions(std::string_view source, std::string_view target, std::size_t begin,
                      std::size_t end, segments& out) {
  if (end - begin < block_bytes || source.size() < block_bytes) return;
  const block_index index(source);
  std::size_t at = begin;
  rolling_hash hash(target.data() + at);
  while (true) {
    const auto found = index.longest(target, at, std::max(begin, out.written()), end, hash);
    if (found.length > 0) {
      out.copy(found);
      at = found.target + found.length;
      if (at + block_bytes > end) return;
      hash = rolling_hash(target.data() + at);
    } else {
      if (at + block_bytes >= end) return;
      hash.roll(target[at], target[at + block_bytes]);
      ++at;
    }
  }
}

} // namespace

std::uint32_t fossil_checksum(std::string_view text) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    sum += std::uint32_t{static_cast<unsigned char>(text[i])} << (24 - 8 * (i % 4));
  return sum;
}

std::string fossil_delta(std::string_view source, std::string_view target) {
  std::string delta;
  append_number(delta, target.size());
  delta += '\n';
  segments out(delta, target);
  // Edits are mostly local: what is left between the common ends is small.
  const auto prefix = common_prefix(source, target);
  const auto suffix = common_suffix(source.substr(prefix), target.substr(prefix));
  out.copy({0, 0, prefix});
  copy_repetitions(source, target, prefix, target.size() - suffix, out);
  out.copy({target.size() - suffix, source.size() - suffix, suffix});
  out.insert_until(target.size());
  append_number(delta, fossil_checksum(target));
  delta += ';';
  return delta;
}

rendition delta_rendition(const publication_ptr& previous, publication_ptr next) {
  rendition result{std::move(next), payload_form::full, {}};
  // Between JSON and other bytes there is no delta that a JSON string could carry.
  if (!previous || previous->data.is_json != result.publication->data.is_json) return result;
  const auto& target = result.publication->data.bytes;
  if (auto delta = fossil_delta(previous->data.bytes, target); delta.size() < target.size()) {
    result.form = payload_form::delta;
    result.delta = std::move(delta);
  }
  return result;
}

std::vector<rendition> renditions(std::vector<publication_ptr> publications, bool delta) {
  std::vector<rendition> result;
  result.reserve(publications.size());
  publication_ptr previous;
  for (auto& next : publications) {
    if (delta) result.push_back(delta_rendition(previous, next));
    else result.push_back({next, payload_form::plain, {}});
    previous = std::move(next);
  }
  return result;
}

} // namespace troupe::centrifuge
