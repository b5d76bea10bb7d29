// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Applies a Fossil delta as a client does. Nothing if the delta is not exactly as the format wants
// it.
#pragma once
#include <troupe/centrifuge/fossil.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace troupe::centrifuge::test {

class fossil_reader {
public:
  explicit fossil_reader(std::string_view delta) : rest_(delta) {}

  std::optional<std::uint64_t> number() {
    constexpr std::string_view digits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
    const auto begin = rest_;
    std::uint64_t value = 0;
    while (!rest_.empty() && digits.find(rest_.front()) != digits.npos) {
      value = value * 64 + digits.find(rest_.front());
      rest_.remove_prefix(1);
    }
    const auto length = begin.size() - rest_.size();
    if (length == 0 || length > 10 || (length > 1 && begin.front() == '0')) return std::nullopt;
    return value;
  }

  bool take(char expected) {
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<std::string_view> bytes(std::uint64_t count) {
    if (count > rest_.size()) return std::nullopt;
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  bool at_end() const { return rest_.empty(); }

private:
  std::string_view rest_;
};

inline std::optional<std::string> fossil_apply(std::string_view source, std::string_view delta) {
  fossil_reader reader(delta);
  const auto size = reader.number();
  if (!size || !reader.take('\n')) return std::nullopt;
  std::string target;
  while (true) {
    const auto count = reader.number();
    if (!count) return std::nullopt;
    if (reader.take(';')) {
      const bool fits = target.size() == *size && fossil_checksum(target) == *count;
      return fits && reader.at_end() ? std::optional(target) : std::nullopt;
    }
    if (reader.take(':')) {
      const auto literal = reader.bytes(*count);
      if (!literal) return std::nullopt;
      target += *literal;
    } else {
      if (!reader.take('@')) return std::nullopt;
      const auto offset = reader.number();
      if (!offset || !reader.take(',') || *offset > source.size()) return std::nullopt;
      if (*count > source.size() - *offset) return std::nullopt;
      target += source.substr(*offset, *count);
    }
  }
}

} // namespace troupe::centrifuge::test
