// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// INFLATE: a permessage-deflate receiver's half without context takeover (RFC 7692, section 7.2.2),
// by zlib: what Troupe compresses itself, it must not be the one to judge.
#pragma once
#include <zlib.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace troupe::tests {

/// @param window_bits The largest distance, as a power of two, the receiver keeps.
/// @throws std::runtime_error if the payload is not what a sender may send.
inline std::string inflate(std::string_view payload, int window_bits = 15) {
  const auto input = std::string{payload} + std::string{"\x00\x00\xff\xff", 4};
  z_stream stream{};
  if (inflateInit2(&stream, -window_bits) != Z_OK)
    throw std::runtime_error{"inflateInit2"};
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end{&stream, ::inflateEnd};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  std::string out;
  std::array<char, 4096> block; // small: inflate() must rely on its window, not on the output
  do {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = block.size();
    const auto result = ::inflate(&stream, Z_SYNC_FLUSH);
    if (result != Z_OK && result != Z_BUF_ERROR)
      throw std::runtime_error{"cannot inflate"};
    out.append(block.data(), block.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  if (stream.avail_in != 0)
    throw std::runtime_error{"input is left"};
  return out;
}

/// What a sender without context takeover makes of `message`.
inline std::string deflate_payload(std::string_view message, int level = 9) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error{"deflateInit2"};
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end{&stream, ::deflateEnd};
  std::string out(deflateBound(&stream, message.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (::deflate(&stream, Z_SYNC_FLUSH) != Z_OK)
    throw std::runtime_error{"deflate"};
  out.resize(out.size() - stream.avail_out - 4); // without 00 00 ff ff
  return out;
}

} // namespace troupe::tests
