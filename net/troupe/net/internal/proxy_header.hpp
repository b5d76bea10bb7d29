// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// PROXY HEADER: what a proxy says of its client before all else on a connection, in version 1 or 2 of the
// PROXY protocol. Never wants a byte of what follows the header.
// Thread: one. Bounded by: max_bytes.
#pragma once
#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::net {

class proxy_header_reader {
public:
  /// More than an address, names and certificates of TLS take.
  static constexpr std::size_t max_bytes = 2048;

  enum class state : std::uint8_t { reading, done, malformed };

  /// How many bytes to read next, at least one; as long as it is reading.
  [[nodiscard]] std::size_t wants() const noexcept { return wants_; }

  /// Takes exactly that many.
  state take(std::string_view bytes);

  /// Once it is done: the client's address. Nothing if the proxy speaks for itself, or does not say.
  [[nodiscard]] const std::optional<boost::asio::ip::address>& source() const noexcept { return source_; }

private:
  state take_first();
  state take_line();
  state take_fixed();
  state take_addresses();
  state want(std::size_t more) noexcept;

  enum class part : std::uint8_t { first, line, fixed, addresses };

  std::string bytes_;
  std::size_t wants_ = 12; // the signature of version 2, and less than the shortest header of version 1
  part next_ = part::first;
  std::optional<boost::asio::ip::address> source_;
};

} // namespace troupe::net
