// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/proxy_header.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace troupe::net {

namespace {

namespace ip = boost::asio::ip;
using state = proxy_header_reader::state;

constexpr std::string_view signature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t fixed_bytes = 16;
constexpr std::size_t longest_line = 107; // of version 1, its end included

// Of the 14th byte of version 2.
constexpr std::uint8_t tcp_over_v4 = 0x11;
constexpr std::uint8_t tcp_over_v6 = 0x21;
constexpr std::size_t v4_bytes = 2 * 4 + 2 * 2;
constexpr std::size_t v6_bytes = 2 * 16 + 2 * 2;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

template <class Address>
ip::address address_at(std::string_view bytes, std::size_t at) {
  typename Address::bytes_type raw{};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), raw.size(), raw.begin());
  return Address{raw};
}

bool is_port(std::string_view text) {
  unsigned value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end && value <= 65535;
}

} // namespace

state proxy_header_reader::want(std::size_t more) noexcept {
  wants_ = more;
  return state::reading;
}

state proxy_header_reader::take(std::string_view bytes) {
  bytes_ += bytes;
  switch (next_) {
    case part::first: return take_first();
    case part::line: return take_line();
    case part::fixed: return take_fixed();
    case part::addresses: return take_addresses();
  }
  return state::malformed;
}

state proxy_header_reader::take_first() {
  if (bytes_ == signature) {
    next_ = part::fixed;
    return want(fixed_bytes - signature.size());
  }
  if (!bytes_.starts_with("PROXY ")) return state::malformed;
  next_ = part::line;
  return want(1);
}

// -- version 1: "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n" ---

state proxy_header_reader::take_line() {
  if (bytes_.back() != '\n') return bytes_.size() < longest_line ? want(1) : state::malformed;
  if (bytes_.size() < 2 || bytes_[bytes_.size() - 2] != '\r') return state::malformed;
  std::vector<std::string_view> words;
  for (std::string_view rest = std::string_view{bytes_}.substr(0, bytes_.size() - 2); ;) {
    const auto space = std::min(rest.find(' '), rest.size());
    words.push_back(rest.substr(0, space));
    if (space == rest.size()) break;
    rest.remove_prefix(space + 1);
  }
  if (words.size() >= 2 && words[1] == "UNKNOWN") return state::done;
  if (words.size() != 6 || !is_port(words[4]) || !is_port(words[5])) return state::malformed;
  boost::system::error_code ec;
  const auto from = ip::make_address(words[2], ec);
  if (!ec) (void)ip::make_address(words[3], ec);
  const bool fits = !ec && ((words[1] == "TCP4" && from.is_v4()) || (words[1] == "TCP6" && from.is_v6()));
  if (!fits) return state::malformed;
  source_ = from;
  return state::done;
}

// -- version 2: the signature, version and command, family, length; then addresses and extensions ---

state proxy_header_reader::take_fixed() {
  const auto command = byte_at(bytes_, 12);
  const std::size_t length = static_cast<std::size_t>(byte_at(bytes_, 14)) << 8 | byte_at(bytes_, 15);
  const bool is_local = command == 0x20;
  if ((!is_local && command != 0x21) || fixed_bytes + length > max_bytes) return state::malformed;
  next_ = part::addresses;
  return length == 0 ? take_addresses() : want(length);
}

state proxy_header_reader::take_addresses() {
  const auto family = byte_at(bytes_, 13);
  const auto length = bytes_.size() - fixed_bytes;
  if (byte_at(bytes_, 12) == 0x20) return state::done; // a check of the proxy's own
  if (family == tcp_over_v4) {
    if (length < v4_bytes) return state::malformed;
    source_ = address_at<ip::address_v4>(bytes_, fixed_bytes);
  } else if (family == tcp_over_v6) {
    if (length < v6_bytes) return state::malformed;
    source_ = address_at<ip::address_v6>(bytes_, fixed_bytes);
  }
  return state::done;
}

} // namespace troupe::net
