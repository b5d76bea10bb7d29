// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The main() that Catch2 2 does not bring.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
