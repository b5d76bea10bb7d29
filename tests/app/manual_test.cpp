// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What operators see is in docs/operations.md, what clients see in docs/protocol.md. Options of the server have a
// test of their own.
#include "support/catch.hpp"

#include <troupe/centrifuge/channel_options.hpp>
#include <troupe/centrifuge/codes.hpp>
#include <troupe/centrifuge/disconnects.hpp>
#include <troupe/close_reason.hpp>
#include <troupe/inspect/fields.hpp>
#include <troupe/net/internal/inspector.hpp>
#include <troupe/net/internal/metrics.hpp>
#include <troupe/net/internal/totals.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace {

std::string manual(const std::string& name = "operations.md") {
  std::ifstream file{TROUPE_DOCS_DIR "/" + name};
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
  const auto totals = nlohmann::json::parse(troupe::net::totals_json({}, false, {}));
  for (const auto& [name, value] : totals.items()) {
    CAPTURE(name);
    CHECK(text.find(fmt::format("`{}`", name)) != std::string::npos);
  }
  CHECK(totals["closed_by_reason"].size() == troupe::close_reasons.size() - 1);
}

TEST_CASE("every metric is in its manual, with its type, and every one there exists", "[app][manual]") {
  const auto text = manual("metrics.md");
  const auto names = troupe::net::metric_names();
  for (const auto& name : names) {
    CAPTURE(name);
    CHECK(std::regex_search(text, std::regex{"\n\\| `" + name + "(\\{[a-z,]+\\})?` \\| (counter|gauge|histogram) \\| "}));
  }
  const std::regex row{"\n\\| `((troupe|process)_[a-z_]+)"};
  const std::set<std::string> known(names.begin(), names.end());
  for (std::sregex_iterator i{text.begin(), text.end(), row}, end; i != end; ++i) {
    CAPTURE(i->str(1));
    CHECK(known.contains(i->str(1)));
  }
}

TEST_CASE("the dashboard and the alert rules name metrics that exist", "[app][manual]") {
  const auto names = troupe::net::metric_names();
  std::set<std::string> known(names.begin(), names.end());
  for (const auto& name : names)
    for (const auto* part : {"_bucket", "_count", "_sum"}) known.insert(name + part);
  for (const auto* file : {"grafana-dashboard.json", "alerts.yml"}) {
    const auto text = manual(file);
    const std::regex metric{"\\b(troupe|process)_[a-z_]+"};
    std::size_t found = 0;
    for (std::sregex_iterator i{text.begin(), text.end(), metric}, end; i != end; ++i, ++found) {
      CAPTURE(file, i->str());
      CHECK(known.contains(i->str()));
    }
    CHECK(found > 5);
  }
  CHECK(nlohmann::json::parse(manual("grafana-dashboard.json"))["panels"].size() > 10);
}

TEST_CASE("every path and every number under /debug/ is in the manual", "[app][manual]") {
  const auto text = manual();
  for (const auto path : troupe::net::inspected_paths) {
    CAPTURE(path);
    CHECK(text.find(fmt::format("`{}`", path)) != std::string::npos);
  }
  for (const auto& f : troupe::inspection::fields()) {
    CAPTURE(f.name);
    CHECK(text.find(fmt::format("\n| `{}` | ", f.name)) != std::string::npos);
  }
}

TEST_CASE("every option of a namespace is in the manual", "[app][manual]") {
  const auto text = manual("configuration.md");
  troupe::centrifuge::channel_options options;
  troupe::centrifuge::visit_options(options, [&](std::string_view name, const auto&) {
    CAPTURE(name);
    CHECK(text.find(fmt::format("\n| `{}` | ", name)) != std::string::npos);
  });
}

TEST_CASE("every code of the protocol is in its manual with its text and retry rule",
          "[app][manual]") {
  using namespace troupe::centrifuge;
  const auto text = manual("protocol.md");
  const auto check = [&](auto code, std::string_view reason, std::string_view retry) {
    const auto line = fmt::format("\n| {} | {} | {}", static_cast<unsigned>(code), reason, retry);
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  };
  for (const auto& row : error_table)
    check(row.code, row.text,
          is_temporary(row.code) ? "yes" : row.code == error_code::token_expired ? "with" : "no");
  for (const auto& row : unsubscribe_table)
    check(row.code, row.text, resubscribes(row.code) ? "yes" : "no");
  for (const auto& row : disconnect_table)
    check(row.code, row.text, reconnects(static_cast<unsigned>(row.code)) ? "yes" : "no");
}

TEST_CASE("close reasons of the protocol's own have its codes and texts", "[app][manual]") {
  for (const auto& row : troupe::close_reasons)
    if (row.code >= 3000 && row.code < 4000) {
      CAPTURE(row.name);
      const auto told = troupe::centrifuge::status_of(row.reason);
      CHECK(told.code == row.code);
      CHECK(told.text == row.text);
    }
}
