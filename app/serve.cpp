// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SERVE: builds the actor system and the server, and takes them down in order on a signal.
#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/console/console.hpp"
#include "app/console/web_commands.hpp"
#include "app/dashboard.hpp"
#include "app/reload.hpp"
#include "app/service_manager.hpp"
#include "app/web_pages.hpp"

#include <troupe/net/server.hpp>
#include <troupe/net/signal_queue.hpp>
#include <troupe/net/signals.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace troupe::app {

namespace {

/// Opens what is closed of descriptors 0 to 2: otherwise a socket would get the number, and the log.
void occupy_standard_descriptors() {
  int descriptor = 0;
  do
    descriptor = ::open("/dev/null", O_RDWR);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  ::close(descriptor);
}

/// Raises the number of descriptors to what the system allows. @returns that number.
std::size_t raise_descriptor_limit(event_log& log) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0)
    return limit.rlim_cur;
  log.write(severity::warning, "descriptor_limit_kept",
            {{"limit", fmt::to_string(before)},
             {"reason", std::generic_category().message(errno)}});
  return before;
}

/// Configured in code only: CAF reads neither the command line nor a file of its own.
class actor_config : public caf::actor_system_config {
public:
  actor_config() {
    // Connections run on the server's loops; what is left needs one worker. The default policy
    // would poll and burn CPU in an idle server.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 1);
  }
};

std::vector<net::page> all_pages() {
  auto pages = web_pages();
  for (const auto& one : dashboard()) pages.push_back(one);
  return pages;
}

/// "http://localhost:8000/"
std::string page_address(const net::server& server, const net::listen_options& listen) {
  const bool is_tls = server.tls_port() == server.port();
  const bool is_any = listen.address == "0.0.0.0" || listen.address == "::";
  const bool is_ipv6 = listen.address.find(':') != std::string::npos;
  const auto host = is_any ? "localhost" : is_ipv6 ? '[' + listen.address + ']' : listen.address;
  return fmt::format("{}://{}:{}/", is_tls ? "https" : "http", host, server.port());
}

constexpr int stopped_by_console = 0; // in place of a signal
constexpr int stopped_by_failure = -1; // likewise
constexpr int reload_by_console = -2;

std::string_view signal_name(int signal) {
  switch (signal) {
    case stopped_by_console: return "console";
    case stopped_by_failure: return "failure";
    case SIGINT: return "SIGINT";
    case SIGHUP: return "SIGHUP";
    default: return "SIGTERM";
  }
}

/// Reads the configuration again and has the parts of the program take over what can change.
class reloader {
public:
  /// @param load Reads it. The rest outlives this.
  reloader(std::function<settings()> load, settings started, text_log& log, net::server& server,
           console::console& console, console::web_commands& commands)
      : load_{std::move(load)}, started_{std::move(started)}, now_{started_}, log_{log}, server_{server},
        console_{console}, commands_{commands} {}

  /// @param requests Are answered.
  void run(reload_requests& requests) {
    try {
      const auto plan = plan_reload(started_, now_, load_());
      require_valid(plan);
      take_over(plan.next);
      if (!plan.changed.empty())
        log_.write(severity::info, "reloaded", {{"changed", fmt::format("{}", fmt::join(plan.changed, ","))}});
      if (!plan.waiting.empty())
        log_.write(severity::warning, "restart_needed", {{"options", fmt::format("{}", fmt::join(plan.waiting, ","))}});
      requests.answer(to_text(plan), true);
    } catch (const std::exception& error) {
      log_.write(severity::error, "reload_refused", {{"reason", error.what()}});
      server_.reload_tls(); // of the files it has been told before
      console_.reload(now_.console, now_.server.tls);
      requests.answer(error.what(), false);
    }
  }

private:
  void take_over(const settings& next) {
    server_.reload(next.server); // first, for it may throw
    console_.reload(next.console, next.server.tls);
    commands_.change_tokens(next.console);
    if (next.log.level != now_.log.level) // else it is what the console made it
      log_.set_level(next.log.level);
    log_.set_pace(next.log.lines_per_second);
    now_ = next;
  }

  std::function<settings()> load_;
  settings started_;
  settings now_;
  text_log& log_;
  net::server& server_;
  console::console& console_;
  console::web_commands& commands_;
};

/// @param load Reads the configuration. @throws config_error
int serve(const std::function<settings()>& load) {
  const auto settings = load();
  occupy_standard_descriptors();
  net::prepare_signals();
  net::signal_queue signals;
  // Before everything else, and so until after everything else: a second signal always works.
  const net::signal_watch watch{[&](int signal) { signals.push(signal); }};
  text_log log{settings.log, STDERR_FILENO};
  if (settings.server.client.insecure)
    log.write(severity::warning, "insecure", {{"option", "client.insecure"}});
  const auto descriptors = raise_descriptor_limit(log);
  actor_config config;
  caf::actor_system system{config};
  auto options = settings.server;
  options.version = version();
  console::web_commands commands{settings.console};
  reload_requests requests;
  net::server server{system, std::move(options), log, all_pages(), {}, {commands.service()}};
  std::optional<console::console> console{std::in_place, system, settings.console, server, log,
                                          console::program_orders{
                                            .drain = [&] { signals.push(stopped_by_console); },
                                            .reload = [&](auto tell) {
                                              requests.add(std::move(tell));
                                              signals.push(reload_by_console);
                                            }},
                                          settings.server.tls};
  reloader reloader{load, settings, log, server, *console, commands};
  server.on_failure([&] { signals.push(stopped_by_failure); });
  commands.open(console->address());
  log.write(severity::info, "listening",
            {{"version", std::string{version()}},
             {"address", settings.server.listen.address},
             {"port", fmt::to_string(server.port())},
             {"tls_port", fmt::to_string(server.tls_port())},
             {"admin_port", fmt::to_string(server.admin_port())},
             {"api_port", fmt::to_string(server.api_port())},
             {"metrics_port", fmt::to_string(server.metrics_port())},
             {"loops", fmt::to_string(server.loop_count())},
             {"send", server.send_method_name()},
             {"descriptors", fmt::to_string(descriptors)},
             {"console", console->path()},
             {"console_port", fmt::to_string(console->port())}});
  tell_service_manager(fmt::format("READY=1\nSTATUS=listening on port {}", server.port()));
  if (settings.log.format == log_format::human || ::isatty(STDOUT_FILENO) == 1)
    (void)print(fmt::format("Troupe {} is running. Open {} in two browser tabs; Ctrl-C stops it.\n",
                            version(), page_address(server, settings.server.listen)));

  const auto reloads = [&](int signal) {
    return signal == reload_by_console || (signal == SIGHUP && watch.hangup_reloads());
  };
  int signal = signals.pop();
  for (; reloads(signal); signal = signals.pop())
    reloader.run(requests);
  requests.end("the server is draining");
  log.write(severity::info, "stopping", {{"signal", std::string{signal_name(signal)}}});
  tell_service_manager("STOPPING=1\nSTATUS=draining");
  server.stop();
  server.wait();
  console.reset();
  const bool all_closed = server.join();
  log.write(all_closed ? severity::info : severity::warning, "stopped",
            {{"all_closed", all_closed ? "true" : "false"}});
  return server.has_failed() ? exit_code::failed : exit_code::ok; // who had to be cut is no fault of the server's
}

} // namespace

void add_serve(CLI::App& app, action& selected) {
  auto* command = app.add_subcommand("serve", "Run the server");
  auto line = std::make_shared<command_line>(*command);
  command->callback([line, &selected] { selected = [line] { return serve([line] { return line->load(); }); }; });
}

} // namespace troupe::app
