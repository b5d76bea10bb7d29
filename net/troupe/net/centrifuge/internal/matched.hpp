// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How a publication tells a subscription to a pattern which channel it comes from.
#pragma once
#include <troupe/centrifuge/publication.hpp>

namespace troupe::net::centrifuge::internal {

/// Beside the field `channel`, which clients know of but do not hand on to applications, there is a tag.
/// One of that name that was published stays.
inline troupe::centrifuge::tag_map tags_of_matched(const troupe::centrifuge::rendition& value) {
  auto tags = value.publication->tags;
  tags.emplace("channel", value.channel);
  return tags;
}

} // namespace troupe::net::centrifuge::internal
