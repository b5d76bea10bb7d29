// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The table of options in parts, in the order of the manual.
#pragma once
#include "app/options.hpp"

#include <vector>

namespace troupe::app {

std::vector<option> server_option_table(); ///< listen, tls, admin, websocket, heartbeat ... drain
std::vector<option> rate_option_table();   ///< rate
std::vector<option> client_option_table(); ///< client, channel, history
std::vector<option> token_option_table();  ///< client.token, client.subscription_token
std::vector<option> webhook_option_table(); ///< webhook, events
std::vector<option> engine_option_table(); ///< engine, nats
std::vector<option> log_option_table();    ///< log
std::vector<option> console_option_table(); ///< console

} // namespace troupe::app
