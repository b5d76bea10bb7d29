// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Values of options as text: one spelling for flags, environment, file, messages and docs.
// Parsers take the whole text or nothing: no blanks, no signs, no rest; nullopt means malformed.
#pragma once
#include <troupe/rates/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::app {

[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

[[nodiscard]] std::optional<std::uint64_t> parse_integer(std::string_view text);

/// An integer with a unit: "500ms", "25s", "2m", "1h"; or a plain "0".
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// In the largest unit that divides the value.
[[nodiscard]] std::string to_text(std::chrono::milliseconds value);

/// Bytes, or a multiple: "1500", "64KiB", "1MiB", "2GiB".
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);
/// In the largest unit that divides the value.
[[nodiscard]] std::string size_to_text(std::size_t bytes);

/// So many in a second, minute or hour, perhaps more at once: "10/s", "30/m burst 60"; "0" is no limit.
[[nodiscard]] std::optional<rates::rate> parse_rate(std::string_view text);
[[nodiscard]] std::string rate_to_text(const rates::rate& value);

/// True for an IPv4 or IPv6 address, the latter with or without a zone ("fe80::1%eth0").
[[nodiscard]] bool is_address(const std::string& text);
[[nodiscard]] bool is_loopback_address(const std::string& text);

} // namespace troupe::app
