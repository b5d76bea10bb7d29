// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/command_line.hpp"

#include "app/command.hpp"
#include "scratch_file.hpp"
#include "support/catch.hpp"

#include <cstdlib>
#include <optional>
#include <string>

using namespace troupe::app;
using namespace std::chrono_literals;

namespace {

/// A variable of the environment for the duration of a test.
class environment_variable {
public:
  environment_variable(const char* name, const char* value) : name_{name} {
    ::setenv(name, value, 1);
  }
  ~environment_variable() { ::unsetenv(name_); }

private:
  const char* name_;
};

settings load(const std::string& arguments) {
  CLI::App app{"", "troupe"};
  command_line line{*app.add_subcommand("serve")};
  app.parse("serve " + arguments);
  return line.load();
}

/// The message of a command line that is refused.
std::string refusal(const std::string& arguments) {
  CLI::App app{"", "troupe"};
  app.require_subcommand(1);
  action selected;
  add_check_config(app, selected);
  add_gen_config(app, selected);
  try {
    app.parse(arguments);
    return "accepted: " + std::to_string(selected());
  } catch (const CLI::ParseError& error) {
    return explain(app, error);
  } catch (const config_error& error) {
    return error.what();
  }
}

} // namespace

TEST_CASE("command line: nothing said means the defaults", "[app][command_line]") {
  const auto values = load("");
  for (const auto& option : options()) {
    CAPTURE(option.key);
    CHECK(option.get(values) == option.get(settings{}));
  }
}

TEST_CASE("command line: flag before environment before file before default",
          "[app][command_line]") {
  const scratch_file file{"[listen]\nport = 1001\nbacklog = 11\nloops = 3\n"};
  const environment_variable port{"TROUPE_LISTEN_PORT", "1002"};
  const environment_variable backlog{"TROUPE_LISTEN_BACKLOG", "12"};
  const auto listen = load("--config " + file.path() + " --listen-port 1003").server.listen;
  CHECK(listen.port == 1003);
  CHECK(listen.backlog == 12);
  CHECK(listen.loops == 3);
  CHECK(listen.address == "0.0.0.0");
}

TEST_CASE("command line: the environment can name the file", "[app][command_line]") {
  const scratch_file file{"listen.port = 1001"};
  const auto path = file.path();
  const environment_variable config{"TROUPE_CONFIG", path.c_str()};
  CHECK(load("").server.listen.port == 1001);
}

TEST_CASE("command line: an empty variable counts as absent", "[app][command_line]") {
  const environment_variable port{"TROUPE_LISTEN_PORT", ""};
  CHECK(load("").server.listen.port == 8000);
}

TEST_CASE("command line: short flags are the long ones", "[app][command_line]") {
  CHECK(load("--port 9").server.listen.port == 9);
  CHECK(refusal("check-config --tls-cert /a").find("tls.certificate = /a (--tls-cert") == 0);
}

TEST_CASE("command line: every type can be given as text", "[app][command_line]") {
  const auto values =
      load("--heartbeat-ping-interval 90s --websocket-max-message-bytes 32KiB "
           "--websocket-echo false --websocket-policy drop-oldest --log-level debug "
           "--websocket-allowed-origins https://a.example,https://*.b.example");
  CHECK(values.server.heartbeat.ping_interval == 90s);
  CHECK(values.server.websocket.max_message_bytes == 32 * 1024);
  CHECK_FALSE(values.server.websocket.echo);
  CHECK(values.server.websocket.policy == troupe::overflow::drop_oldest);
  CHECK(values.log.level == troupe::severity::debug);
  CHECK(values.server.websocket.allowed_origins ==
        std::vector<std::string>{"https://a.example", "https://*.b.example"});
}

TEST_CASE("command line: a bad value names flag or variable, key and reason",
          "[app][command_line]") {
  CHECK(refusal("check-config --listen-port=-1") ==
        R"(--listen-port: listen.port: must be an integer from 0 to 65535, got "-1")");
  const environment_variable port{"TROUPE_LISTEN_PORT", "http\n"};
  CHECK(refusal("check-config") ==
        R"(TROUPE_LISTEN_PORT: listen.port: must be an integer from 0 to 65535, got "http\n")");
}

TEST_CASE("command line: a contradiction names both values and where they come from",
          "[app][command_line]") {
  const scratch_file file{"[heartbeat]\n\npong_timeout = \"20s\"\n"};
  const environment_variable interval{"TROUPE_HEARTBEAT_PING_INTERVAL", "10s"};
  CHECK(refusal("check-config --config " + file.path()) ==
        "heartbeat.pong_timeout = 20s (" + file.path() + ":3) must be shorter than "
        "heartbeat.ping_interval = 10s (TROUPE_HEARTBEAT_PING_INTERVAL)");
}

TEST_CASE("command line: what is unknown or incomplete is named in one line",
          "[app][command_line]") {
  struct example {
    std::string arguments;
    std::string message;
  };
  const auto [arguments, message] = GENERATE(values<example>({
      {"", "expected a subcommand (check-config, gen-config)"},
      {"sevre", "expected a subcommand (check-config, gen-config), got \"sevre\""},
      {"check-config --listen-prot 1",
       "--listen-prot: no such argument; did you mean --listen-port?"},
      {"check-config --listen-prot=1",
       "--listen-prot=1: no such argument; did you mean --listen-port?"},
      {"check-config more", "more: no such argument"},
      {"gen-config --listen-port 1", "--listen-port: no such argument"},
  }));
  CHECK(refusal(arguments) == message);
  CHECK(refusal("check-config --listen-port").find("--listen-port") == 0);
  CHECK(refusal("check-config --port 1 --port 2").find("--listen-port") == 0);
}

TEST_CASE("command line: the environment is checked for misspelt variables",
          "[app][command_line]") {
  const environment_variable misspelt{"TROUPE_LISTEN_PROT", "80"};
  CHECK(refusal("check-config").find("environment: TROUPE_LISTEN_PROT: no such option") == 0);
}

TEST_CASE("environment: a misspelt variable is refused, those of others are not",
          "[app][command_line]") {
  auto check = [](std::vector<const char*> entries) -> std::string {
    entries.push_back(nullptr);
    try {
      check_environment(entries.data());
      return {};
    } catch (const config_error& error) {
      return error.what();
    }
  };
  CHECK(check({"PATH=/bin", "TROUPE_LISTEN_PORT=1", "TROUPE_CONFIG=x"}).empty());
  CHECK(check({"TROUPE_SERVICE_HOST=10.0.0.1", "TROUPE_PORT=tcp://10.0.0.1:8000",
               "TROUPE_PORT_8000_TCP_ADDR=10.0.0.1"})
            .empty());
  CHECK(check({"TROUPE_LISTEN_PROT=1"}) ==
        "environment: TROUPE_LISTEN_PROT: no such option; did you mean TROUPE_LISTEN_PORT?");
  CHECK(check({"TROUPE_LISTN_PORT=1"}) ==
        "environment: TROUPE_LISTN_PORT: no such option; did you mean TROUPE_LISTEN_PORT?");
  CHECK(check({"TROUPE_LIMIT_EVERYTHING=1"}) ==
        "environment: TROUPE_LIMIT_EVERYTHING: no such option");
}
