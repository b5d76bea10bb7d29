// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What operators see is in docs/operations.md. Options have a test of their own.
#include "support/catch.hpp"

#include <troupe/close_reason.hpp>
#include <troupe/net/internal/totals.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <string>

namespace {

std::string manual() {
  std::ifstream file{TROUPE_DOCS_DIR "/operations.md"};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

TEST_CASE("every close reason is in the manual with its code and text", "[app][manual]") {
  const auto text = manual();
  for (const auto& row : troupe::close_reasons) {
    if (row.reason == troupe::close_reason::none) continue;
    CAPTURE(row.name);
    const auto line = row.code == 0 ? fmt::format("| `{}` | – |", row.name)
                                    : fmt::format("| `{}` | {} `{}` |", row.name, row.code, row.text);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("every counter is in the manual", "[app][manual]") {
  const auto text = manual();
  const auto totals = nlohmann::json::parse(troupe::net::totals_json({}, false));
  for (const auto& [name, value] : totals.items()) {
    CAPTURE(name);
    CHECK(text.find(fmt::format("`{}`", name)) != std::string::npos);
  }
  CHECK(totals["closed_by_reason"].size() == troupe::close_reasons.size() - 1);
}
