// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A subscriber's condition on the tags of publications: a tree that clients send with subscribe.
// Bounded: a valid filter has at most max_filter_nodes nodes and max_filter_depth levels, as it
// runs for every publication.
#pragma once
#include <troupe/centrifuge/publication.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::centrifuge {

inline constexpr std::size_t max_filter_nodes = 128;
inline constexpr std::size_t max_filter_depth = 16;

/// As it came from the client: may be anything until validate() has passed it.
struct filter_node {
  std::string op;  ///< "" for a leaf, else "and", "or" or "not".
  std::string key; ///< Leaf: name of the tag.
  std::string cmp; ///< Leaf: eq neq in nin ex nex sw ew ct lt lte gt gte.
  std::string val;
  std::vector<std::string> vals;
  std::vector<filter_node> nodes;
};

/// What is wrong with the filter (a constant text); empty if nothing. The answer to a wrong one is
/// error_code::bad_request.
std::string_view validate(const filter_node& root);

/// Whether a publication with these tags passes. `root` must be valid.
bool matches(const filter_node& root, const tag_map& tags);

/// Orders two decimal numbers ("-1.50") by value, exactly, whatever their length: below, equal to
/// or above zero as in strcmp. Nothing if one is not a decimal number; there are no exponents.
std::optional<int> compare_decimals(std::string_view a, std::string_view b);

} // namespace troupe::centrifuge
