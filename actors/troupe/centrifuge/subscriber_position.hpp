// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What keeps a positioned subscriber from losing or repeating publications: the check of each live
// one against the last seen, and the merge of what was recovered with what arrived meanwhile.
#pragma once
#include <troupe/centrifuge/publication.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::centrifuge {

enum class arrival : std::uint8_t {
  expected,     ///< Next in the stream, or outside of it: deliver.
  repeated,     ///< Seen already: drop.
  insufficient, ///< Something is missing: the subscription has to start anew.
};

/// Where a positioned subscription stands in its channel's stream.
class subscriber_position {
public:
  explicit subscriber_position(stream_position start) : last_(std::move(start)) {}

  /// Judges a live publication; an expected one of the stream becomes the last seen. Call it for
  /// publications that a filter holds back too: they count as seen.
  arrival accept(const publication& next);

  const stream_position& last() const noexcept { return last_; }

private:
  stream_position last_;
};

/// Joins what history recovered with what arrived while it was read: what follows `position`, in
/// order and without repetition; publications outside of the stream go last. Moves the position to
/// the end. Nothing if there is a hole or another epoch: then the state is insufficient.
std::optional<std::vector<publication_ptr>> merge_recovered(subscriber_position& position,
                                                            std::vector<publication_ptr> recovered,
                                                            std::vector<publication_ptr> arrived);

} // namespace troupe::centrifuge
