// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/frame_scanner.hpp>

#include <algorithm>

namespace troupe::net {

namespace {

// RFC 6455, section 5.2.
constexpr std::uint8_t final_bit = 0x80;
constexpr std::uint8_t control_bit = 0x08;
constexpr std::uint8_t opcode_mask = 0x0f;
constexpr std::uint8_t text_opcode = 0x01;
constexpr std::uint8_t binary_opcode = 0x02;
constexpr std::uint8_t close_opcode = 0x08;
constexpr std::uint8_t ping_opcode = 0x09;
constexpr std::uint8_t pong_opcode = 0x0a;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::uint8_t length_mask = 0x7f;
constexpr std::uint8_t length_16 = 126;
constexpr std::uint8_t length_64 = 127;
constexpr std::uint8_t max_control_payload = 125; // section 5.5
constexpr std::size_t mask_size = 4;

constexpr std::size_t length_size(std::uint8_t second) noexcept {
  const auto length = second & length_mask;
  return length == length_16 ? 2 : length == length_64 ? 8 : 0;
}

constexpr std::size_t header_size(std::uint8_t second) noexcept {
  return 2 + length_size(second) + ((second & mask_bit) != 0 ? mask_size : 0);
}

/// Of a frame that is all there is of its message.
constexpr char first_of(std::uint8_t opcode) noexcept { return static_cast<char>(final_bit | opcode); }

std::uint64_t length_of(const std::uint8_t* header) noexcept {
  const auto n = length_size(header[1]);
  std::uint64_t length = n == 0 ? header[1] & length_mask : 0;
  for (std::size_t i = 0; i < n; ++i) length = length << 8 | header[2 + i];
  return length;
}

/// Of the message in one masked frame that `bytes` begin with, 0 if they do not.
std::size_t message_size(std::string_view bytes) noexcept {
  if (bytes.size() < 2 || (bytes[0] != first_of(text_opcode) && bytes[0] != first_of(binary_opcode))) return 0;
  const auto* header = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto head = header_size(header[1]);
  if ((header[1] & mask_bit) == 0 || bytes.size() < head) return 0;
  const auto length = length_of(header);
  return length > bytes.size() - head ? 0 : head + static_cast<std::size_t>(length);
}

/// Of the ping or pong that `bytes` begin with, 0 if they do not.
std::size_t heartbeat_size(std::string_view bytes) noexcept {
  if (bytes.size() < 2 || (bytes[0] != first_of(ping_opcode) && bytes[0] != first_of(pong_opcode))) return 0;
  const auto second = static_cast<std::uint8_t>(bytes[1]);
  const std::size_t length = second & length_mask;
  const auto size = header_size(second) + length;
  return (second & mask_bit) == 0 || length > max_control_payload || size > bytes.size() ? 0 : size;
}

/// Whether `bytes` are one after the other of what size_of() knows.
bool are_all(std::string_view bytes, std::size_t (*size_of)(std::string_view) noexcept) noexcept {
  if (bytes.empty()) return false;
  while (const auto size = size_of(bytes)) {
    bytes.remove_prefix(size);
    if (bytes.empty()) return true;
  }
  return false;
}

} // namespace

close_reason frame_scanner::scan(std::string_view bytes, const limits& allowed) noexcept {
  while (!bytes.empty()) {
    if (payload_left_ != 0) {
      const auto taken = std::min<std::uint64_t>(payload_left_, bytes.size());
      if ((header_[0] & opcode_mask) == close_opcode) {
        const auto mask_at = header_size(header_[1]) - mask_size;
        for (std::size_t i = 0; i < taken && close_bytes_ < close_code_.size(); ++i, ++close_bytes_)
          close_code_[close_bytes_] =
            static_cast<std::uint8_t>(bytes[i]) ^ header_[mask_at + close_bytes_];
        if (close_bytes_ == close_code_.size() && !allowed_close_code())
          return close_reason::protocol_error;
      }
      payload_left_ -= taken;
      bytes.remove_prefix(taken);
      continue;
    }
    if (!in_message()) ++messages_;
    header_[have_++] = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (have_ < 2 || have_ < header_size(header_[1])) continue;
    have_ = 0;
    if (const auto wrong = on_header(allowed); wrong != close_reason::none) return wrong;
  }
  return close_reason::none;
}

close_reason frame_scanner::on_header(const limits& allowed) noexcept {
  if ((header_[1] & mask_bit) == 0) return close_reason::protocol_error; // section 5.1
  const auto length = length_of(header_.data());
  if (length >> 63 != 0) return close_reason::protocol_error; // must be 0, section 5.2
  const auto opcode = header_[0] & opcode_mask;
  finishes_ = false;
  if ((opcode & control_bit) != 0) {
    if (length > max_control_payload) return close_reason::protocol_error;
    close_bytes_ = 0;
  } else {
    if (fragments_ == 0) message_bytes_ = 0;
    message_bytes_ += length; // cannot wrap: each step is checked against the limit
    if (length > allowed.max_message_bytes || message_bytes_ > allowed.max_message_bytes)
      return close_reason::message_too_big;
    if (++fragments_ > allowed.max_fragments) return close_reason::too_many_fragments;
    if ((header_[0] & final_bit) != 0) {
      fragments_ = 0;
      ++finished_;
      finishes_ = true;
    }
  }
  payload_left_ = length;
  return close_reason::none;
}

bool frame_scanner::are_messages(std::string_view bytes) noexcept { return are_all(bytes, message_size); }

bool frame_scanner::are_heartbeats(std::string_view bytes) noexcept { return are_all(bytes, heartbeat_size); }

std::optional<frame_scanner::heartbeat> frame_scanner::take_heartbeat(std::string_view& bytes) noexcept {
  const auto size = heartbeat_size(bytes);
  if (size == 0) return std::nullopt;
  heartbeat taken;
  taken.is_ping = bytes[0] == first_of(ping_opcode);
  taken.size = static_cast<std::uint8_t>(bytes[1]) & length_mask;
  const auto masked = bytes.substr(size - taken.size, taken.size);
  const auto mask = bytes.substr(size - taken.size - mask_size, mask_size);
  for (std::size_t i = 0; i < masked.size(); ++i)
    taken.storage[i] = static_cast<char>(masked[i] ^ mask[i % mask_size]);
  bytes.remove_prefix(size);
  return taken;
}

bool frame_scanner::allowed_close_code() const noexcept {
  const auto code = close_code_[0] << 8 | close_code_[1];
  return code < 5000; // Beast refuses the reserved codes below
}

} // namespace troupe::net
