// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Deltas in the text format of the Fossil version control system, which Centrifuge clients apply to
// the publication before. Pure functions. Cost: time and memory are linear in source and target,
// for any input.
#pragma once
#include <troupe/centrifuge/publication.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::centrifuge {

/// The delta that turns source into target. A character of UTF-8 is never split, so the delta is
/// valid UTF-8 whenever source and target are. May well be longer than the target.
std::string fossil_delta(std::string_view source, std::string_view target);

/// Sum of the 32-bit big-endian words of a text, the last one filled up with zeros; ends every
/// delta.
std::uint32_t fossil_checksum(std::string_view text) noexcept;

/// How `next` goes to a subscriber that negotiated deltas and has `previous` (null if it has
/// nothing): as a delta if there is a smaller one that every encoding can carry, else in full.
rendition delta_rendition(const publication_ptr& previous, publication_ptr next);

/// Recovered publications as a subscriber gets them: with deltas, each to the one before it.
std::vector<rendition> renditions(std::vector<publication_ptr> publications, bool delta);

} // namespace troupe::centrifuge
