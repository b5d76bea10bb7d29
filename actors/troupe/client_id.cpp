// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/client_id.hpp>

#include <fmt/compile.h>

#include <random>

namespace troupe {

client_id client_id::random() {
  // One device per thread: opening it for every connection would cost a descriptor each time.
  thread_local std::random_device device;
  const auto draw = [&] { return std::uint64_t{device()} << 32 | device(); };
  client_id id;
  id.high_ = (draw() & ~0xf000ULL) | 0x4000ULL;           // version 4
  id.low_ = (draw() & ~(3ULL << 62)) | (2ULL << 62);      // variant 10
  return id;
}

std::optional<client_id> client_id::parse(std::string_view text) noexcept {
  if (text.size() != 36) return std::nullopt;
  client_id id;
  for (std::size_t i = 0, digits = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return std::nullopt;
      continue;
    }
    const auto lower = static_cast<char>(c | 0x20);
    std::uint64_t digit = 0;
    if (c >= '0' && c <= '9') digit = static_cast<std::uint64_t>(c - '0');
    else if (lower >= 'a' && lower <= 'f') digit = static_cast<std::uint64_t>(lower - 'a') + 10;
    else return std::nullopt;
    auto& half = digits++ < 16 ? id.high_ : id.low_;
    half = half << 4 | digit;
  }
  return id;
}

std::string client_id::to_string() const {
  return fmt::format(FMT_COMPILE("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}"), high_ >> 32, high_ >> 16 & 0xffff,
                     high_ & 0xffff, low_ >> 48, low_ & 0xffff'ffff'ffff);
}

} // namespace troupe
