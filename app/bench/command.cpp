// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/command.hpp"

#include "bench/channel_talk.hpp"
#include "bench/coordinator.hpp"
#include "bench/options.hpp"
#include "bench/report.hpp"
#include "bench/stamp.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

namespace troupe::app {

namespace {

using namespace bench;

const std::map<std::string, load_mode> modes{
    {"broadcast", load_mode::broadcast}, {"idle", load_mode::idle}, {"churn", load_mode::churn}};
const std::map<std::string, load_protocol> protocols{{"raw", load_protocol::raw},
                                                     {"centrifuge", load_protocol::centrifuge}};
const std::map<std::string, report_format> formats{{"table", report_format::table},
                                                   {"json", report_format::json}};

constexpr auto raw_url = "ws://127.0.0.1:8000/ws";
constexpr auto centrifuge_url = "ws://127.0.0.1:8000/connection/websocket";

/// What the command line says, before it is checked.
struct arguments {
  load_options options;
  std::string url;
  std::string mode = "broadcast";
  std::string protocol = "raw";
  std::string format = "table";
  bool compressed = false;
  bool no_echo = false;
  bool quiet = false;
  double warmup = 1;
  double duration = 5;
  double connect_timeout = 60;
};

std::chrono::milliseconds milliseconds_from(double seconds) {
  return std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1'000)};
}

/// @throws std::invalid_argument naming the options that do not fit together.
void check(const load_options& options) {
  const auto require = [](bool holds, const char* text) {
    if (!holds)
      throw std::invalid_argument{text};
  };
  require(options.senders + options.slow_connections + options.lazy_connections <= options.connections,
          "--senders, --slow and --lazy together exceed --connections: who sends has to read");
  require(options.lazy_connections == 0 || options.mode == load_mode::broadcast,
          "--lazy needs messages to read: --mode broadcast");
  require(options.echo || options.connections - options.slow_connections - options.lazy_connections >= 2,
          "--no-echo needs at least two connections that read at once");
  require(options.workers == 0 || options.workers == 1 ||
              2 * options.workers <= options.connections,
          "--workers needs at least two connections for each worker");
  require(options.workers <= 1 || options.senders <= options.connections / options.workers,
          "--senders must fit into the first worker's connections: lower it or --workers");
  require(options.connections * options.senders <= 200'000'000,
          "--connections times --senders exceeds 200,000,000: too much to keep count of");
  require(!options.channel.empty() && options.channel.size() <= channel_talk::max_channel_bytes &&
              channel_talk::is_plain(options.channel),
          "--channel must be 1 to 48 letters, digits, '-', '_', '.' and ':'");
}

/// @throws std::invalid_argument naming what cannot be run.
load_options options_from(const arguments& given) {
  auto options = given.options;
  options.protocol = protocols.at(given.protocol);
  const bool raw = options.protocol == load_protocol::raw;
  options.target = parse_url(!given.url.empty() ? given.url : raw ? raw_url : centrifuge_url);
  options.mode = modes.at(given.mode);
  options.format = formats.at(given.format);
  options.compressed = given.compressed ? compression::on : compression::off;
  options.echo = !given.no_echo;
  options.progress = !given.quiet;
  options.warmup = milliseconds_from(given.warmup);
  options.duration = milliseconds_from(given.duration);
  options.connect_timeout = milliseconds_from(given.connect_timeout);
  check(options);
  return options;
}

int run_bench(const arguments& given) {
  const auto options = options_from(given);
  try {
    const auto result = run_load(options);
    fmt::print("{}", options.format == report_format::json ? to_json(options, result)
                                                           : to_table(options, result));
    if (result.is_faultless())
      return 0;
    fmt::print(
        stderr,
        "troupe bench: {} deliveries lost, {} duplicated, {} reordered, {} messages not sent\n",
        result.lost, result.duplicated, result.reordered, result.unsent);
  } catch (const std::exception& failure) {
    std::fflush(stdout);
    fmt::print(stderr, "troupe bench: {}\n", failure.what());
  }
  return 1;
}

} // namespace

void add_bench(CLI::App& app, action& selected) {
  const auto given = std::make_shared<arguments>();
  auto& options = given->options;
  auto* const command = app.add_subcommand("bench", "Load a WebSocket server and measure it");
  command->callback([&selected, given] { selected = [given] { return run_bench(*given); }; });

  constexpr double longest = 86'400;

  command->add_option("url", given->url, "Address of the server, ws[s]://HOST[:PORT][/PATH]; certificates are not verified")
      ->default_str(raw_url);
  command
      ->add_option("--mode", given->mode,
                   "Messages to all, open connections, or opening and closing")
      ->check(CLI::IsMember(modes))
      ->capture_default_str();
  command
      ->add_option("--protocol", given->protocol,
                   "Plain messages, or publications in a channel of the Centrifuge protocol")
      ->check(CLI::IsMember(protocols))
      ->capture_default_str();
  command->add_flag("--compressed", given->compressed,
                    "Ask the server to compress what it sends (permessage-deflate)");
  command->add_option("--channel", options.channel, "To publish in, with --protocol centrifuge")
      ->capture_default_str();
  command->add_option("-c,--connections", options.connections, "Connections open at the same time")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  auto* const window =
      command->add_option("-w,--window", options.window, "Closed loop: messages in flight")
          ->check(CLI::Range(std::size_t{1}, max_in_flight))
          ->capture_default_str();
  command
      ->add_option("-r,--rate", options.rate,
                   "Open loop: messages per second, sent whether or not earlier ones arrived")
      ->check(CLI::Range(0.001, 10'000'000.0))
      ->excludes(window);
  command->add_option("-s,--payload", options.payload_bytes, "Bytes in each message")
      ->check(CLI::Range(stamp::size, std::size_t{16} << 20))
      ->capture_default_str();
  command->add_option("--senders", options.senders, "So many connections send, taking turns")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 18))
      ->capture_default_str();
  command->add_option("--slow", options.slow_connections, "So many of the connections stop reading")
      ->capture_default_str();
  command->add_option("--lazy", options.lazy_connections,
                      "So many read 64 KiB at a time and are not waited for, so that the load costs little")
      ->capture_default_str();
  command->add_flag("--no-echo", given->no_echo,
                    "The server does not return messages to their sender");
  command
      ->add_option("--warmup", given->warmup,
                   "Seconds of load before measuring; idle: time to settle")
      ->check(CLI::Range(0.0, longest))
      ->capture_default_str();
  auto* const duration = command->add_option("-d,--duration", given->duration, "Seconds to measure")
                             ->check(CLI::Range(0.001, longest))
                             ->capture_default_str();
  command->add_option("-n,--count", options.count, "Measure so many messages instead of a duration")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 36))
      ->excludes(duration);
  command
      ->add_option("--connect-timeout", given->connect_timeout,
                   "Seconds until all connections are open")
      ->check(CLI::Range(0.1, longest))
      ->capture_default_str();
  command
      ->add_option("--workers", options.workers,
                   "Processes; default: as few as the limit of open files allows")
      ->check(CLI::Range(1, 1'024));
  command
      ->add_option("--sources", options.sources,
                   "Loopback source addresses; default: one for each 10,000 connections")
      ->check(CLI::Range(1, 200));
  command
      ->add_option("--pid", options.server,
                   "Process of the server: measure its CPU time and memory")
      ->check(CLI::PositiveNumber);
  command->add_option("--format", given->format, "Of the result on standard output")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  command->add_flag("-q,--quiet", given->quiet, "No progress on stderr");
}

} // namespace troupe::app
