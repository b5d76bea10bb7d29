// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Which pages may open a WebSocket here: the defence against cross-site WebSocket hijacking.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace troupe::net {

/// Whether a pattern may stand in the list of allowed origins: "*", or scheme://host[:port] where the
/// host may begin with "*." for one or more labels.
bool valid_origin_pattern(std::string_view pattern);

/// Whether a request with this Origin may be upgraded. Scheme, host and port are compared, the port
/// defaulting to the scheme's, letters of either case; a wildcard matches whole labels only.
/// @param allowed Patterns; if empty, only the origin's host and port equal to the Host header's.
bool origin_allowed(std::string_view origin, std::string_view host,
                    const std::vector<std::string>& allowed);

} // namespace troupe::net
