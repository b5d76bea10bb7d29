// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/commands.hpp"
#include "app/console/help.hpp"
#include "app/console/invocation.hpp"
#include "app/console/query_error.hpp"
#include "support/catch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

using namespace troupe::app::console;

namespace {

std::string complaint(const std::string& line) {
  try {
    (void)invocation::parse(line);
  } catch (const query_error& error) {
    return error.what();
  }
  return "none";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& each : words)
    text += (text.empty() ? "" : " ") + each;
  return text;
}

} // namespace

TEST_CASE("invocation: words, keywords and the rest of the line find their arguments",
          "[app][console]") {
  const auto kick = invocation::parse(R"(kick user "al ice" reason "too loud" --code 4003)");
  CHECK(kick.what().what == verb::kick);
  CHECK(kick.kind() == "user");
  CHECK(kick.text("to") == "al ice");
  CHECK(kick.text("reason") == "too loud");
  CHECK(kick.count("code") == 4003);
  const auto send = invocation::parse(R"(send everyone {"a": "b  c"})");
  CHECK(send.kind() == "everyone");
  CHECK(send.text("text") == R"({"a": "b  c"})");
  const auto closed = invocation::parse("closed last 90m where uptime > 1s and initiator = server n 3 --group reason");
  CHECK(closed.rows().count == 3);
  CHECK(closed.duration("last") == std::chrono::minutes{90});
  CHECK(closed.text("group") == "reason");
  CHECK_FALSE(closed.where().empty());
}

TEST_CASE("invocation: errors name the word and what is expected", "[app][console]") {
  CHECK(complaint("") == "expected a command; help lists them");
  CHECK(complaint("lops").starts_with("no such command 'lops'; one of: actor, "));
  CHECK(complaint("kick usr alice") ==
        "no such kind 'usr'; one of: conn, user, group, label, everyone");
  CHECK(complaint("kick user") ==
        "expected NAME after user; the syntax is: "
        "kick conn|user|group|label|everyone NAME [code CODE] [reason TEXT]");
  CHECK(complaint("loglevel loud") ==
        "no such level 'loud'; one of: debug, info, warning, error");
  CHECK(complaint("closed n 0") == "n takes a number from 1, got '0'");
  CHECK(complaint("closed n 1 n 2") == "n is given twice");
  CHECK(complaint("drain now") == "'now' is not understood here; expected: drain");
  CHECK(complaint("presence") == "expected: presence CHANNEL [where CONDITION] [n COUNT] [offset COUNT]");
  CHECK(complaint("kick user a code") ==
        "expected CODE after code; the syntax is: "
        "kick conn|user|group|label|everyone NAME [code CODE] [reason TEXT]");
}

TEST_CASE("commands: completion offers what can stand there", "[app][console]") {
  CHECK(joined(completions("lo")) == "loglevel loops");
  CHECK(joined(completions("loglevel ")) == "debug info warning error");
  CHECK(joined(completions("loglevel w")) == "warning");
  CHECK(joined(completions("kick u")) == "user");
  CHECK(completions("kick user al").empty());
  CHECK(joined(completions("kick user alice ")) == "code reason");
  CHECK(joined(completions("kick everyone r")) == "reason");
  CHECK(joined(completions("help pr")) == "presence");
  CHECK(joined(completions("top ch")) == "channels");
  CHECK(joined(completions("top channels by sub")) == "subscribers");
  CHECK(joined(completions("closed where init")) == "initiator");
  CHECK(joined(completions("closed reason slow")) == "slow_consumer");
  CHECK(completions("send user alice hel").empty());
  CHECK(completions("nonsense ").empty());
}

TEST_CASE("commands: each has its own example, which is understood", "[app][console]") {
  for (const auto& each : commands()) {
    CAPTURE(each.name);
    CHECK(invocation::parse(each.example).what().what == each.what);
    CHECK(find_command(each.name) == &each);
    CHECK(std::ranges::count(commands(), each.what, &command::what) == 1);
    CHECK_FALSE(help(each.name).tables.empty());
  }
  CHECK(std::ranges::is_sorted(commands(), {}, &command::name));
  CHECK(help("").tables.at(0).rows.size() == commands().size());
}

TEST_CASE("every command of the console is in its manual with its syntax", "[app][manual]") {
  std::ifstream file{TROUPE_DOCS_DIR "/console.md"};
  REQUIRE(file);
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  for (const auto& each : commands()) {
    CAPTURE(each.name);
    CHECK(text.find(fmt::format("\n### `{}`\n", each.syntax())) != std::string::npos);
    CHECK(text.find(std::string{each.help}) != std::string::npos);
  }
  const auto headings = [&] {
    std::size_t count = 0;
    for (auto at = text.find("\n### `"); at != std::string::npos; at = text.find("\n### `", at + 1))
      ++count;
    return count;
  }();
  CHECK(headings == commands().size());
}
