// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/frame.hpp"

#include <algorithm>
#include <cstring>

namespace troupe::app::bench {

std::string_view to_string(frame_error error) {
  switch (error) {
  case frame_error::none:
    return "nothing is wrong";
  case frame_error::reserved_bits:
    return "a frame has reserved bits set though no extension was negotiated";
  case frame_error::reserved_opcode:
    return "a frame has a reserved opcode";
  case frame_error::masked:
    return "a frame is masked, which only a client may do";
  case frame_error::bad_control:
    return "a control frame is fragmented or longer than 125 bytes";
  case frame_error::bad_length:
    return "a frame claims a length of 2^63 bytes or more";
  }
  return "unknown";
}

frame_error frame_reader::store(std::string_view& in) {
  const auto keep = [this, &in](std::size_t limit) {
    const auto size = std::min(limit, in.size());
    std::memcpy(bytes_.data() + stored_bytes_, in.data(), size);
    stored_bytes_ += size;
    in.remove_prefix(size);
  };

  if (stored_bytes_ == 0)
    stored_ = {};
  while (!stored_.is_complete) {
    if (in.empty())
      return frame_error::none;
    keep(1);
    stored_ = read_header({bytes_.data(), stored_bytes_});
    if (stored_.error != frame_error::none)
      return stored_.error;
    const auto head_bytes = std::min<std::uint64_t>(stored_.payload_bytes, max_head_bytes);
    to_skip_ = stored_.payload_bytes - head_bytes;
  }

  const auto head_end =
      stored_.bytes + static_cast<std::size_t>(stored_.payload_bytes > max_head_bytes
                                                   ? max_head_bytes
                                                   : stored_.payload_bytes);
  keep(head_end - stored_bytes_);
  if (stored_bytes_ == head_end) {
    const auto skipped = std::min<std::uint64_t>(to_skip_, in.size());
    in.remove_prefix(static_cast<std::size_t>(skipped));
    to_skip_ -= skipped;
    is_whole_ = to_skip_ == 0;
  }
  return frame_error::none;
}

void append_client_frame(std::string& out, opcode type, std::string_view payload,
                         std::uint32_t mask) {
  out.push_back(static_cast<char>(0x80 | static_cast<std::uint8_t>(type)));
  const auto size = payload.size();
  const std::size_t extra = size < 126 ? 0 : size < 65'536 ? 2 : 8;
  out.push_back(static_cast<char>(0x80 | (extra == 0 ? size : extra == 2 ? 126 : 127)));
  for (std::size_t i = extra; i > 0; --i)
    out.push_back(static_cast<char>(size >> 8 * (i - 1)));

  std::array<char, 4> key;
  std::memcpy(key.data(), &mask, key.size());
  out.append(key.data(), key.size());
  const auto start = out.size();
  out.append(payload);
  for (std::size_t i = 0; i < size; ++i)
    out[start + i] = static_cast<char>(out[start + i] ^ key[i % 4]);
}

} // namespace troupe::app::bench
