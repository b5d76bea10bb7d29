// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Catch2 in whichever major version the distribution ships: 2.13 (Debian 12) or 3 (Debian 13, Ubuntu).
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
