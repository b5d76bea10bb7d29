// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/centrifuge/reply.hpp>

#include <algorithm>

using namespace troupe::centrifuge;

TEST_CASE("codes: close reasons fit a close frame and are no JSON", "[actors][centrifuge][codes]") {
  for (const auto& [code, text] : disconnect_table) {
    CAPTURE(text);
    CHECK(text.size() <= 32);
    CHECK(std::ranges::all_of(text, [](char c) { return c == ' ' || (c >= 'a' && c <= 'z'); }));
    for (const std::string_view json : {"true", "false", "null"}) CHECK(text != json);
  }
}

TEST_CASE("codes: only some ends of a connection are final", "[actors][centrifuge][codes]") {
  for (const auto code :
       {disconnect_code::shutdown, disconnect_code::slow, disconnect_code::insufficient_state,
        disconnect_code::no_pong, disconnect_code::connection_expired})
    CHECK(reconnects(static_cast<std::uint32_t>(code)));
  for (const auto code : {disconnect_code::invalid_token, disconnect_code::bad_request,
                          disconnect_code::force_disconnect, disconnect_code::too_many_errors})
    CHECK_FALSE(reconnects(static_cast<std::uint32_t>(code)));
  struct row {
    std::uint32_t code;
    bool again;
  };
  for (const auto& [code, again] :
       {row{3499, true}, row{3500, false}, row{3999, false}, row{4000, true}, row{4499, true},
        row{4500, false}, row{4999, false}, row{5000, true}}) {
    CAPTURE(code);
    CHECK(reconnects(code) == again);
  }
}

TEST_CASE("codes: a subscription is over below 2500", "[actors][centrifuge][codes]") {
  CHECK_FALSE(resubscribes(unsubscribe_code::server_unsubscribe));
  CHECK(resubscribes(unsubscribe_code::insufficient_state));
  CHECK(to_string(unsubscribe_code::insufficient_state) == "insufficient state");
}

TEST_CASE("codes: an error reply carries number, text and whether to try again",
          "[actors][centrifuge][codes]") {
  const error_result internal(error_code::internal);
  CHECK(internal.code == 100);
  CHECK(internal.message == "internal server error");
  CHECK(internal.temporary);
  const error_result denied(error_code::permission_denied);
  CHECK(denied.code == 103);
  CHECK(denied.message == "permission denied");
  CHECK_FALSE(denied.temporary);
  CHECK(error_result(error_code::too_many_requests).temporary);
}

TEST_CASE("codes: each has one row, in rising order", "[actors][centrifuge][codes]") {
  const auto is_rising = [](const auto& table) {
    const auto code = [](const auto& row) { return row.code; };
    return std::ranges::adjacent_find(table, std::ranges::greater_equal{}, code) == table.end();
  };
  CHECK(is_rising(error_table));
  CHECK(is_rising(unsubscribe_table));
  CHECK(is_rising(disconnect_table));
}
