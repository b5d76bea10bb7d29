// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Makes text from outside safe to show: one line, nothing a terminal obeys, no way to fake a field.
// Thread: free functions without state, safe from any thread.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::app {

/// Longest value of a log field or of a quoted value in a message, in bytes, after escaping.
inline constexpr std::size_t max_shown_bytes = 256;

/// Escapes as in a JSON string: quotes, backslashes, C0 and C1 controls, line separators, bidi
/// controls and invisible characters become \n, \" or \uXXXX. A byte that is not UTF-8 becomes
/// \ufffd. What does not fit into max_bytes is replaced by one "…"; an escape or a character is
/// never cut.
[[nodiscard]] std::string escaped(std::string_view text, std::size_t max_bytes = max_shown_bytes);

/// The same between double quotes: a complete JSON string.
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t max_bytes = max_shown_bytes);

} // namespace troupe::app
