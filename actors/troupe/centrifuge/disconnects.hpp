// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How the end of a connection is told to a client of the Centrifuge protocol: the protocol's numbers
// for Troupe's reasons.
#pragma once
#include <troupe/centrifuge/codes.hpp>
#include <troupe/close_reason.hpp>

namespace troupe::centrifuge {

/// Closes with a code of the protocol, for a reason that has one.
close_status status_of(close_reason reason);

/// What a client gets in place of a status that was meant for any connection: the protocol's code and
/// text where it has them for the reason. What a kicker chose from 3000 to 4999 stays, but for the
/// default, which becomes force_disconnect.
close_status translated(const close_status& status);

} // namespace troupe::centrifuge
