// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Values that the tests of both encodings use, and how they look at bytes.
#pragma once
#include <troupe/net/centrifuge/codecs.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::net::centrifuge::test {

using namespace troupe::centrifuge;

inline const codec& json() { return codec_for(encoding::json); }
inline const codec& protobuf() { return codec_for(encoding::protobuf); }

/// All commands of a message; `violation` tells why reading stopped early.
struct decoded {
  std::vector<command> commands;
  std::string violation;
};

inline decoded decode_all(const codec& format, std::string_view message) {
  decoded result;
  auto rest = message;
  do {
    command received;
    if (const auto wrong = format.decode(rest, received); !wrong.empty()) {
      result.violation = wrong;
      return result;
    }
    result.commands.push_back(std::move(received));
  } while (!rest.empty());
  return result;
}

inline std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return bytes;
}

inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += digits[byte / 16];
    hex += digits[byte % 16];
  }
  return hex;
}

inline payload json_payload(std::string bytes) { return {std::move(bytes), true}; }

inline publication_ptr published(std::string bytes, std::uint64_t offset = 0) {
  publication result;
  result.data = json_payload(std::move(bytes));
  result.offset = offset;
  return std::make_shared<const publication>(std::move(result));
}

inline rendition plain(publication_ptr what) { return {std::move(what), payload_form::plain, {}}; }

} // namespace troupe::net::centrifuge::test
