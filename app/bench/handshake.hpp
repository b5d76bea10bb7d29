// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include "bench/options.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::app::bench {

/// The opening handshake of every connection of a run: one key, hence one request and one right
/// answer.
class handshake {
public:
  /// Response heads longer than this are refused.
  static constexpr std::size_t max_response_bytes = 16 * 1024;

  /// Draws the key. @throws std::runtime_error if OpenSSL has no random bytes or no SHA-1.
  explicit handshake(const url& target, compression wanted = compression::off);

  [[nodiscard]] const std::string& request() const { return request_; }

  /// @param head The response up to and including its empty line.
  /// @returns what is wrong with it, or an empty string.
  [[nodiscard]] std::string check(std::string_view head) const;

private:
  std::string request_;
  std::string accept_;
  compression wanted_;
};

/// The value of Sec-WebSocket-Accept for a key (RFC 6455, 4.2.2).
std::string accept_value(std::string_view key);

} // namespace troupe::app::bench
