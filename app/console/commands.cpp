// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/commands.hpp"

#include "app/console/actor_rows.hpp"
#include "app/console/closed_table.hpp"
#include "app/console/query_error.hpp"

#include <troupe/close_reason.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace troupe::app::console {

namespace {

using enum argument_type;

std::vector<std::string_view> reason_names() {
  std::vector<std::string_view> names;
  for (const auto& row : close_reasons)
    if (row.reason != close_reason::none)
      names.push_back(row.name);
  return names;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const auto& each : commands())
    names.push_back(each.name);
  return names;
}

const argument where{"where", condition, "CONDITION"};
const argument n{"n", count, "COUNT"};
const argument offset{"offset", position, "COUNT"};
const argument connections{
    "to", target, "NAME", {"conn", "user", "group", "label", "everyone"}};

std::vector<command> make_commands() {
  return {
      {verb::actor, "actor", role::read_only, {{"id", word, "ID"}}, {},
       "Everything that is measured of an actor, where it runs and what happens when it fails.", "actor 42"},
      {verb::channel, "channel", role::read_only, {{"name", word, "NAME"}}, {},
       "Everything that is measured of a channel.", "channel chat:lobby"},
      {verb::closed, "closed", role::read_only, {},
       {{"reason", choice, "REASON", reason_names()}, {"user", word, "USER"}, {"last", duration, "TIME"},
        {"group", column, "COLUMN"}, {"by", column, "COLUMN"}, where, n, offset},
       "The last 10,000 connections that ended, newest first, with all that is known of their end.",
       "closed last 1h where initiator = server group reason"},
      {verb::conn, "conn", role::read_only, {{"id", word, "ID"}}, {},
       "Everything that is measured of a connection, or how it ended.",
       "conn 6f1c2f6e-8a53-4b0e-9d0e-3b9a4f1c2d77"},
      {verb::deadletters, "deadletters", role::read_only, {}, {where, n, offset},
       "Messages that came when their receiver had ended: how many, and the last ones.",
       "deadletters where message ~ deliver n 5"},
      {verb::drain, "drain", role::operate, {}, {},
       "Stops the server as SIGTERM does: everyone is closed with 1001 at drain.rate.", "drain"},
      {verb::help, "help", role::read_only, {{"command", word, "COMMAND", {}, true}}, {},
       "Lists the commands, or explains one.", "help closed"},
      {verb::hist, "hist", role::read_only, {}, {where},
       "How long messages take at each stage of their way, and loops for a turn.", "hist"},
      {verb::kick, "kick", role::operate, {connections},
       {{"code", count, "CODE"}, {"reason", word, "TEXT"}},
       "Closes connections, with code 4001 and the text kicked unless told otherwise.",
       "kick user alice code 4003 reason \"too loud\""},
      {verb::kill, "kill", role::operate, {{"id", word, "ACTOR"}}, {},
       "Makes an actor fail that is started again when it does: a channel, or an actor of an extension.", "kill 42"},
      {verb::loglevel, "loglevel", role::operate,
       {{"level", choice, "LEVEL", {"debug", "info", "warning", "error"}}}, {},
       "Changes log.level until the next start.", "loglevel debug"},
      {verb::loops, "loops", role::read_only, {}, {where},
       "What each I/O loop has done since the start.", "loops"},
      {verb::nodes, "nodes", role::read_only, {}, {where},
       "Which servers are one with this one, and when each was last heard of.", "nodes"},
      {verb::presence, "presence", role::read_only, {{"channel", word, "CHANNEL"}}, {where, n, offset},
       "Who is subscribed to a channel that keeps presence.", "presence chat:lobby"},
      {verb::publish, "publish", role::operate,
       {{"channel", word, "CHANNEL"}, {"data", rest, "DATA"}}, {},
       "Publishes in a channel; DATA is all that follows, JSON or not.",
       R"(publish chat:lobby {"text":"hello"})"},
      {verb::quit, "quit", role::read_only, {}, {}, "Leaves the console.", "quit"},
      {verb::reload, "reload", role::operate, {}, {},
       "Reads the configuration and the certificate again, as SIGHUP does, and tells what changed and what takes a "
       "restart; nobody is disconnected.", "reload"},
      {verb::send, "send", role::operate, {connections, {"text", rest, "TEXT"}}, {},
       "Sends a text message to connections of /ws and tells what became of it.",
       "send group news server restarts at 12:00"},
      {verb::sessions, "sessions", role::read_only, {}, {},
       "Who is on the console, and how many sessions were refused or cut.", "sessions"},
      {verb::set_policy, "set-policy", role::operate,
       {{"of", target, "NAME", {"conn", "namespace", "plain", "clients"}}, {"value", word, "POLICY|SIZE"}}, {},
       "Changes what becomes of those who read too slowly, until the next start.",
       "set-policy namespace chat drop-oldest"},
      {verb::top, "top", role::read_only, {{"subject", choice, "", {"conns", "actors", "channels", "users"}}},
       {{"by", column, "COLUMN"}, {"window", duration, "TIME"}, where, n, offset, {"columns", word, "A,B"}},
       "The first by a column; with a window counts are those of that time, a second.",
       "top conns by bytes_out window 5s where queue_bytes > 64KiB n 10"},
      {verb::trace, "trace", role::read_only, {{"of", target, "NAME", {"conn", "user", "channel", "actor"}}},
       {{"dir", choice, "", {"in", "out"}}, {"match", word, "TEXT"}, {"max", word, "COUNT|COUNT/s"},
        {"for", duration, "TIME"}, {"payload", flag}},
       "Shows what happens to a connection, a user, a channel or an actor, as it happens.",
       "trace user alice dir in max 50/s for 30s"},
      {verb::tree, "tree", role::read_only, {}, {},
       "Who supervises whom, how many there are, how busy they are and how often they failed.", "tree"},
      {verb::user, "user", role::read_only, {{"id", word, "USER"}}, {where, n, offset},
       "All connections of a user.", "user alice"},
      {verb::why, "why", role::read_only, {{"who", word, "USER|CONN"}}, {},
       "The story of a user or a connection: what is open now, what ended lately and why.", "why alice"},
  };
}

constexpr std::size_t shown_choices = 6; // more are for completion

std::string shown_words(const argument& a) {
  if (a.type == choice && a.choices.size() <= shown_choices)
    return fmt::format("{}", fmt::join(a.choices, "|"));
  if (a.type == target)
    return fmt::format("{} {}", fmt::join(a.choices, "|"), a.shown);
  return std::string{a.shown};
}

/// Adds those of `choices` that begin with `prefix`.
void offer(std::vector<std::string>& to, std::string_view prefix,
           const std::vector<std::string_view>& choices) {
  for (const auto& each : choices)
    if (each.starts_with(prefix))
      to.emplace_back(each);
}

std::vector<std::string_view> names_of(const std::vector<console::column>& columns) {
  std::vector<std::string_view> names;
  for (const auto& each : columns)
    names.emplace_back(each.name);
  return names;
}

/// Those of the table a command shows, as far as they are known without it.
std::vector<std::string_view> columns_of(const command& what, const std::vector<std::string_view>& words) {
  if (what.what == verb::closed)
    return names_of(closed_columns());
  if (what.what == verb::user)
    return names_of(console::columns_of(subject::connections));
  if (what.what == verb::top)
    if (const auto chosen = find_subject(words[1]))
      return names_of(console::columns_of(*chosen));
  return {};
}

} // namespace

std::string_view to_string(role value) noexcept {
  return value == role::operate ? "operator" : "read-only";
}

std::string command::syntax() const {
  std::string text{name};
  for (const auto& each : words)
    text += each.is_optional ? fmt::format(" [{}]", shown_words(each)) : ' ' + shown_words(each);
  for (const auto& each : keywords)
    text += each.type == flag ? fmt::format(" [{}]", each.name)
                              : fmt::format(" [{} {}]", each.name, shown_words(each));
  return text;
}

bool has_name(std::string_view kind) noexcept {
  return kind != "everyone" && kind != "plain" && kind != "clients";
}

const std::vector<command>& commands() {
  static const auto table = make_commands();
  return table;
}

const command* find_command(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, &command::name);
  return found == commands().end() ? nullptr : &*found;
}

const command& command_named(std::string_view name) {
  if (const auto* found = find_command(name))
    return *found;
  std::vector<std::string> names;
  for (const auto& each : commands())
    names.emplace_back(each.name);
  throw no_such("command", name, names);
}

std::vector<std::string> completions(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = line.find_first_not_of(' ', at)) != std::string_view::npos) {
    const auto end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  if (line.empty() || line.back() == ' ')
    words.emplace_back();
  const auto last = words.back();
  std::vector<std::string> found;
  if (words.size() == 1) {
    offer(found, last, command_names());
    return found;
  }
  const auto* command = find_command(words.front());
  if (!command)
    return found;
  if (command->what == verb::help) {
    offer(found, last, command_names());
    return found;
  }
  std::size_t position = 1; // of the first word of an argument
  for (const auto& each : command->words) {
    if (each.type == argument_type::rest)
      return found;
    if (position == words.size() - 1) {
      offer(found, last, each.choices);
      return found;
    }
    position += each.type == argument_type::target && has_name(words[position]) ? 2 : 1;
  }
  if (position > words.size() - 1)
    return found; // a target's name
  auto before = words[words.size() - 2];
  before.remove_prefix(before.starts_with("--") ? 2 : 0);
  const auto keyword = std::ranges::find(command->keywords, before, &argument::name);
  if (words.size() - 2 >= position && keyword != command->keywords.end() &&
      keyword->type != argument_type::flag) {
    offer(found, last, keyword->choices);
    if (keyword->type == argument_type::column || keyword->type == argument_type::condition)
      offer(found, last, columns_of(*command, words));
    return found;
  }
  for (const auto& each : command->keywords)
    offer(found, last, {each.name});
  return found;
}

} // namespace troupe::app::console
