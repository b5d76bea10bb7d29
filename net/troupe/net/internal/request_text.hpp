// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Takes targets and header fields of requests apart. Pure functions.
#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::net {

/// Percent-decoding (RFC 3986, section 2.1); nothing if it is malformed.
std::optional<std::string> percent_decoded(std::string_view text);

/// What follows the question mark of a request target.
std::string_view query_of(std::string_view target);

/// The decoded value of the first parameter of that name in a target's query.
std::optional<std::string> parameter(std::string_view target, std::string_view name);

/// Calls visit(item) for what separators divide, without the blanks around it.
template <class F>
void for_each_item(std::string_view list, char separator, F visit) {
  while (!list.empty()) {
    const auto end = std::min(list.find(separator), list.size());
    auto item = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    const auto first = std::min(item.find_first_not_of(" \t"), item.size());
    const auto last = item.find_last_not_of(" \t");
    visit(item.substr(first, last == item.npos ? 0 : last + 1 - first));
  }
}

} // namespace troupe::net
