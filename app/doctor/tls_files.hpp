// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What there is to know of a certificate and its key before a client does.
#pragma once
#include "app/doctor/facts.hpp"

#include <string>

namespace troupe::app::doctor {

/// Reads the leaf certificate and the key. Never throws: what is wrong is in the facts.
[[nodiscard]] tls_facts read_tls_files(const std::string& certificate, const std::string& key);

} // namespace troupe::app::doctor
