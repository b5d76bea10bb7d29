// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The one table of the console's commands. Parsing, help, completion, the check of roles and the check
// of docs/console.md all come from it.
// Thread: built once, never changed: safe from any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app::console {

enum class verb : std::uint8_t {
  actor,
  channel,
  closed,
  conn,
  deadletters,
  drain,
  help,
  hist,
  kick,
  kill,
  loglevel,
  loops,
  nodes,
  presence,
  publish,
  quit,
  reload,
  send,
  sessions,
  set_policy,
  top,
  trace,
  tree,
  user,
  why,
};

/// What a session may do. Each role may do what those before it may.
enum class role : std::uint8_t {
  read_only, ///< Look.
  operate,   ///< Act. Each act is logged.
};
[[nodiscard]] std::string_view to_string(role value) noexcept;

enum class argument_type : std::uint8_t {
  word,
  flag,      ///< A keyword without a value.
  choice,    ///< One of argument::choices.
  target,    ///< A kind, which is one of the choices, then a name; see has_name().
  count,     ///< A number from 1.
  position,  ///< A number from 0.
  duration,  ///< "5s"
  column,    ///< Of the subject chosen before it, or of the command's table.
  condition, ///< See condition.hpp.
  rest,      ///< All that follows.
};

struct argument {
  std::string_view name; ///< By which the parsed value is found; a keyword's own word.
  argument_type type = argument_type::word;
  std::string_view shown = {};                ///< Of its value in a syntax: "KEY".
  std::vector<std::string_view> choices = {};
  bool is_optional = false; ///< Keywords always are.
};

struct command {
  verb what;
  std::string_view name;
  role needs;
  std::vector<argument> words;    ///< In this order.
  std::vector<argument> keywords; ///< After the words, in any order, with or without "--".
  std::string_view help;          ///< One sentence.
  std::string_view example;       ///< A whole command.

  /// "closed [reason REASON] [user USER] ..."
  [[nodiscard]] std::string syntax() const;
};

/// Whether a target of this kind has a name.
[[nodiscard]] bool has_name(std::string_view kind) noexcept;

/// In the order of their names.
[[nodiscard]] const std::vector<command>& commands();

/// @returns nullptr if there is none.
[[nodiscard]] const command* find_command(std::string_view name);
/// @throws query_error if there is none.
[[nodiscard]] const command& command_named(std::string_view name);

/// Words that may stand at the end of an unfinished line in place of its last, perhaps empty, word.
[[nodiscard]] std::vector<std::string> completions(std::string_view line);

} // namespace troupe::app::console
