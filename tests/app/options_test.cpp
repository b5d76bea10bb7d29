// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/configuration.hpp"
#include "app/options.hpp"
#include "scratch_file.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

using namespace troupe::app;

namespace {

std::string operators_manual() {
  std::string text;
  for (const auto* name : {"/configuration.md", "/operations.md"}) {
    std::ifstream file{std::string{TROUPE_DOCS_DIR} + name};
    REQUIRE(file);
    text.append(std::istreambuf_iterator<char>{file}, {});
  }
  return text;
}

bool is_any_of(const std::string& text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string::npos;
}

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view key_characters = "abcdefghijklmnopqrstuvwxyz_.";
constexpr std::string_view word_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

/// Longest runs of letters, digits, dashes and underscores.
std::set<std::string> words(const std::string& text) {
  std::set<std::string> found;
  for (std::size_t at = 0; (at = text.find_first_of(word_characters, at)) != std::string::npos;) {
    const auto end = std::min(text.find_first_not_of(word_characters, at), text.size());
    found.insert(text.substr(at, end - at));
    at = end;
  }
  return found;
}

/// What stands between backticks and looks like a key.
std::set<std::string> keys_in(const std::string& text) {
  std::set<std::string> found;
  for (std::size_t at = 0; (at = text.find('`', at)) != std::string::npos; ++at) {
    const auto word = text.substr(at + 1, text.find('`', at + 1) - at - 1);
    if (word.find('.') != std::string::npos && is_any_of(word, key_characters))
      found.insert(word);
  }
  return found;
}

} // namespace

TEST_CASE("options: flag and variable derive from the key", "[app][options]") {
  const auto* option = find_option("heartbeat.ping_interval");
  REQUIRE(option != nullptr);
  CHECK(option->section() == "heartbeat");
  CHECK(option->name() == "ping_interval");
  CHECK(option->flag() == "--heartbeat-ping-interval");
  CHECK(option->variable() == "TROUPE_HEARTBEAT_PING_INTERVAL");
}

TEST_CASE("options: keys, flags and variables are unique", "[app][options]") {
  std::set<std::string> keys;
  std::set<std::string> flags;
  std::set<std::string> variables;
  for (const auto& option : options()) {
    CAPTURE(option.key);
    CHECK(keys.insert(option.key).second);
    CHECK(flags.insert(option.flag()).second);
    CHECK(variables.insert(option.variable()).second);
    for (const auto& alias : option.aliases)
      CHECK(flags.insert(alias).second);
  }
}

TEST_CASE("options: every default is a value its option takes", "[app][options]") {
  for (const auto& option : options()) {
    CAPTURE(option.key);
    settings target;
    const auto value = option.get(target);
    // An empty path or list is "none", which no text can say.
    CHECK((option.set(target, value) && option.get(target) == value));
  }
}

TEST_CASE("options: each one writes its own field", "[app][options]") {
  // Changing one option must change what that one reads, and no other.
  for (const auto& changed : options()) {
    CAPTURE(changed.key);
    settings target;
    const auto before = changed.get(target);
    const auto candidates = {"77",      "9KiB",        "77s",   "true", "false",
                             "sendmsg", "drop-newest", "error", "json", "127.0.0.9",
                             "https://example.com",    "/some/path", "%", "1.3", "77MiB", "transport",
                             "77/s", "count", "forwarded", "7777", "7s", "X-From: troupe", "404=404:gone", "connections", "nats", "tls://example.com"};
    for (const auto* value : candidates)
      if (changed.get(target) == before)
        changed.set(target, value);
    CHECK(changed.get(target) != before);
    for (const auto& other : options())
      if (other.key != changed.key)
        CHECK(other.get(target) == other.get(settings{}));
  }
}

TEST_CASE("options: the console's socket is somewhere, or off", "[app][options]") {
  settings s;
  const auto* path = find_option("console.path");
  REQUIRE(path);
  CHECK_FALSE(path->set(s, ""));
  CHECK(path->set(s, "off"));
  CHECK(s.console.path == "off");
}

TEST_CASE("options: the generated configuration is accepted and equals the defaults",
          "[app][options]") {
  const scratch_file file{default_config()};
  configuration result;
  read_config_file(file.path(), result);
  result.validate();
  for (const auto& option : options()) {
    CAPTURE(option.key);
    CHECK(option.get(result.values()) == option.get(settings{}));
    CHECK(default_config().find('\n' + option.name() + " = ") != std::string::npos);
  }
}

TEST_CASE("options: a name that comes close is suggested, another one is not", "[app][options]") {
  auto key = [](const option& o) { return o.key; };
  CHECK(suggestion("listen.prot", key) == "; did you mean listen.port?");
  CHECK(suggestion("ping_interval", key) == "; did you mean heartbeat.ping_interval?");
  CHECK(suggestion("colour", key).empty());
  CHECK(suggestion(std::string(1'000'000, 'x'), key).empty());
}

TEST_CASE("options: the manual's table is the generated one", "[app][options]") {
  const auto manual = operators_manual();
  // Regenerate it with: troupe gen-config --markdown
  std::istringstream table{options_markdown()};
  for (std::string line; std::getline(table, line);) {
    CAPTURE(line);
    CHECK(manual.find('\n' + line + '\n') != std::string::npos);
  }
  std::set<std::string> keys;
  for (const auto& option : options())
    keys.insert(option.key);
  std::set<std::string> rows;
  std::istringstream lines{manual};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("| `"))
      rows.merge(keys_in(line.substr(0, line.find('|', 1))));
  CHECK(rows == keys);
}

TEST_CASE("options: the manual names no unknown key, flag or variable", "[app][options]") {
  const auto manual = operators_manual();
  for (const auto& key : keys_in(manual)) {
    CAPTURE(key);
    // Names of files have a dot too.
    CHECK((find_option(key) != nullptr || !is_section(key.substr(0, key.find('.')))));
  }
  std::set<std::string> flags{"--config", "--connect", "--format", "--help", "--markdown", "--version"};
  std::set<std::string> variables{"TROUPE_", "TROUPE_CONFIG", "TROUPE_SERVICE_HOST"};
  for (const auto& option : options()) {
    flags.insert(option.flag());
    flags.insert(option.aliases.begin(), option.aliases.end());
    variables.insert(option.variable());
  }
  for (const auto& word : words(manual)) {
    CAPTURE(word);
    if (word.starts_with("--") && word.find_first_of(lower) == 2)
      CHECK(flags.contains(word));
    if (word.starts_with("TROUPE_"))
      CHECK(variables.contains(word));
  }
}
