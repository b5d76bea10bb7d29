// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The subcommand "console".
#include "app/command.hpp"
#include "app/console/client.hpp"
#include "app/console/invocation.hpp"
#include "app/console/line_editor.hpp"
#include "app/console/quantity.hpp"
#include "app/console/query_error.hpp"
#include "app/console/render.hpp"
#include "app/console/word_reader.hpp"
#include "app/escape.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace troupe::app {

namespace {

using namespace console;

const std::map<std::string, output_format> formats{{"table", output_format::table},
                                                   {"json", output_format::json},
                                                   {"csv", output_format::csv}};

struct arguments {
  std::string socket;
  std::string remote; // HOST:PORT
  bool tls = false;
  std::string ca_file;
  std::string token_file;
  std::vector<std::string> commands;
  std::string format = "table";
  std::string watch;
  bool read_only = false;
};

/// While there is one, Ctrl-C ends an answer that goes on, and a second time the console.
class interrupted_stop {
public:
  explicit interrupted_stop(client& server) {
    running.store(&server);
    struct sigaction act{};
    act.sa_handler = [](int) {
      if (auto* to = running.exchange(nullptr))
        to->stop();
    };
    act.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &act, &before_);
  }
  ~interrupted_stop() {
    ::sigaction(SIGINT, &before_, nullptr);
    running.store(nullptr);
  }
  interrupted_stop(const interrupted_stop&) = delete;
  interrupted_stop& operator=(const interrupted_stop&) = delete;

private:
  static inline std::atomic<client*> running{nullptr};
  struct sigaction before_{};
};

class terminal {
public:
  terminal(client& server, const arguments& given)
      : server_{server}, format_{formats.at(given.format)}, read_only_{given.read_only} {}

  /// Runs a command and shows what it came to. @returns whether it was done and shown.
  bool run(const std::string& command) {
    if (read_only_ && needs_rights(command))
      return refuse("the session is read-only (--read-only)");
    running_table running{format_};
    const interrupted_stop guard{server_};
    const auto said = server_.run(command, [&](const answer& part) {
      bool shown = true;
      for (const auto& each : part.tables)
        shown = print(running.add(each)) == exit_code::ok && shown;
      tell(part.notes);
      return shown;
    });
    if (!said.error.empty())
      return refuse(said.error);
    if (!running.has_begun())
      return show(said);
    for (const auto& each : said.tables)
      (void)print(running.add(each));
    tell(said.notes);
    return true;
  }

private:
  static bool needs_rights(const std::string& command) {
    try {
      return invocation::parse(command).needs() != role::read_only;
    } catch (const query_error&) {
      return false; // the server says what is wrong
    }
  }

  static bool refuse(const std::string& why) {
    constexpr std::size_t max_bytes = 4096;
    (void)std::fflush(stdout);
    fmt::print(stderr, "troupe console: {}\n", escaped(why, max_bytes));
    return false;
  }

  /// Beside what is shown, which scripts read.
  static void tell(const std::vector<std::string>& notes) {
    (void)std::fflush(stdout);
    for (const auto& note : notes)
      fmt::print(stderr, "{}\n", escaped(note, max_note_bytes));
  }

  [[nodiscard]] bool show(const answer& said) const {
    std::string text;
    if (!said.tables.empty())
      text = render(said.tables, format_);
    else if (format_ == output_format::json)
      text = nlohmann::json{{"notes", said.notes}}.dump() + '\n';
    for (const auto& note : said.notes) {
      if (format_ == output_format::table)
        text += escaped(note, max_note_bytes) + '\n';
    }
    if (format_ == output_format::csv || (format_ == output_format::json && !said.tables.empty()))
      tell(said.notes);
    return print(text) == exit_code::ok;
  }

  static constexpr std::size_t max_note_bytes = 4096;

  client& server_;
  output_format format_;
  bool read_only_;
};

bool is_quit(const std::string& line) {
  const auto name = word_reader{line}.next();
  return name == "quit" || name == "exit";
}

int run_commands(terminal& to, const std::vector<std::string>& commands) {
  bool all_done = true;
  for (const auto& each : commands)
    all_done = to.run(each) && all_done;
  return all_done ? exit_code::ok : exit_code::failed;
}

[[noreturn]] void watch(terminal& to, const arguments& given, std::chrono::nanoseconds interval) {
  const bool is_screen = ::isatty(STDOUT_FILENO) == 1 && given.format == "table";
  while (true) {
    const auto next = std::chrono::steady_clock::now() + interval;
    if (is_screen)
      (void)print("\x1b[H\x1b[2J");
    if (run_commands(to, given.commands) != exit_code::ok)
      std::exit(exit_code::failed);
    if (given.format == "table" && !is_screen)
      (void)print("\n");
    std::this_thread::sleep_until(next);
  }
}

int run_script(terminal& to) {
  bool all_done = true;
  for (std::string line; std::getline(std::cin, line) && !is_quit(line);)
    if (line.find_first_not_of(" \t\r") != std::string::npos)
      all_done = to.run(line) && all_done;
  return all_done ? exit_code::ok : exit_code::failed;
}

int talk(terminal& to, const client& server, bool read_only) {
  (void)print(fmt::format("Troupe {} at {}. help lists the commands, Tab completes, quit leaves.\n",
                          version(), server.address()));
  line_editor editor;
  while (const auto line = editor.read(read_only ? "troupe (read-only)> " : "troupe> ")) {
    if (is_quit(*line))
      return exit_code::ok;
    (void)to.run(*line);
  }
  return print("\n");
}

/// The first line of a file that holds nothing but a token.
std::string token_in(const std::string& path) {
  std::ifstream file{path};
  std::string token;
  if (!std::getline(file, token) || token.empty())
    throw std::runtime_error{fmt::format("--token-file: {}: there is no token in its first line", path)};
  return token;
}

remote_console remote_of(const arguments& given) {
  const auto colon = given.remote.rfind(':');
  if (colon == std::string::npos || colon == 0)
    throw std::runtime_error{"--connect takes HOST:PORT"};
  if (given.token_file.empty())
    throw std::runtime_error{"--connect needs --token-file"};
  auto host = given.remote.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') // an IPv6 address
    host = host.substr(1, host.size() - 2);
  return {std::move(host), given.remote.substr(colon + 1), token_in(given.token_file),
          given.tls || !given.ca_file.empty(), given.ca_file};
}

int run_console(const arguments& given) {
  std::chrono::nanoseconds interval{0};
  if (!given.watch.empty()) {
    constexpr double shortest = 1e8;
    const auto parsed = parse_quantity(given.watch, column_type::duration);
    if (!parsed || *parsed < shortest)
      throw std::runtime_error{"--watch takes a duration from 100ms, such as 1s"};
    if (given.commands.empty())
      throw std::runtime_error{"--watch needs a command to repeat: -c"};
    interval = std::chrono::nanoseconds{static_cast<std::int64_t>(*parsed)};
  }
  const auto held = given.remote.empty() ? std::make_unique<client>(given.socket)
                                         : std::make_unique<client>(remote_of(given));
  auto& server = *held;
  terminal to{server, given};
  try {
    if (interval.count() != 0)
      watch(to, given, interval);
    if (!given.commands.empty())
      return run_commands(to, given.commands);
    if (::isatty(STDIN_FILENO) == 1)
      return talk(to, server, given.read_only);
    return run_script(to);
  } catch (const std::exception& error) {
    (void)std::fflush(stdout);
    fmt::print(stderr, "troupe console: {}\n", error.what());
    return exit_code::failed;
  }
}

} // namespace

void add_console(CLI::App& app, action& selected) {
  auto* command = app.add_subcommand("console", "Look into a running server and act on it");
  auto given = std::make_shared<arguments>();
  command->add_option("--socket", given->socket,
                      "Unix socket of the server; default: the only one of this user that answers")
      ->type_name("PATH");
  command->add_option("--connect", given->remote, "Server's console.port, instead of a socket")
      ->type_name("HOST:PORT");
  command->add_option("--token-file", given->token_file, "File with the token for --connect")->type_name("FILE");
  command->add_flag("--tls", given->tls, "Speak TLS with --connect");
  command->add_option("--ca", given->ca_file, "Certificates to check the server's by, in PEM; implies --tls")
      ->type_name("FILE");
  command
      ->add_option("-c,--command", given->commands,
                   "Run this command and exit; can be given several times")
      ->type_name("COMMAND")
      ->allow_extra_args(false);
  command->add_option("--format", given->format, "Of what is printed")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  command->add_option("--watch", given->watch, "Repeat the commands at this interval, such as 1s")
      ->type_name("INTERVAL");
  command->add_flag("--read-only", given->read_only, "Refuse commands that change anything");
  command->callback([given, &selected] { selected = [given] { return run_console(*given); }; });
}

} // namespace troupe::app
