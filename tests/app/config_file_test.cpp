// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The table of bad configurations: each is refused with one line that names file, line and key.
#include "app/configuration.hpp"
#include "scratch_file.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace troupe::app;

namespace {

/// The message with the file's path replaced by FILE; "accepted" if there is none.
std::string refusal(const std::string& toml) {
  const scratch_file file{toml};
  configuration target;
  try {
    read_config_file(file.path(), target);
    target.validate();
    return "accepted";
  } catch (const config_error& error) {
    std::string message = error.what();
    for (std::size_t at = 0; (at = message.find(file.path())) != std::string::npos;)
      message.replace(at, file.path().size(), "FILE");
    return message;
  }
}

struct bad_config {
  const char* toml;
  std::vector<const char*> message; ///< Parts that the message has.
};

const bad_config bad_configs[] = {
    // Not TOML.
    {"[listen", {"FILE:1: not TOML: "}},
    {"[listen]\nport 8000", {"FILE:2: not TOML: "}},
    {"[listen]\nport = 8000\nport = 8001", {"FILE:3: not TOML: "}},
    {"[listen]\nport = 8000\n[listen]\n", {"FILE:3: not TOML: "}},
    {"[listen]\naddress = \"\xff\"", {"FILE:2: not TOML: "}},
    {"[listen]\nport = 99999999999999999999", {"FILE:2: not TOML: "}},
    {"[listen]\naddress = \"open", {"FILE:2: not TOML: "}},
    // Unknown.
    {"[listen]\nprot = 8000", {"FILE:2: listen.prot: no such option", "did you mean listen.port?"}},
    {"port = 8000", {"FILE:1: port: no such option; did you mean listen.port?"}},
    {"\n\n[lisen]\nport = 8000", {"FILE:3: lisen: no such option"}},
    {"[empty]", {"FILE:1: empty: no such option"}},
    {"[listen.port]\nvalue = 1", {"FILE:1: listen.port: must be an integer", "got a table"}},
    {"[limit]\nconection = 1", {"FILE:2: limit.conection: ", "did you mean limit.connections?"}},
    {"\"a\\nb\" = 1", {"FILE:1: a\\nb: no such option"}},
    {"\"\" = 1", {"FILE:1: : no such option"}},
    // A section used as a value.
    {"listen = 8000", {"FILE:1: listen: is a section and takes no value"}},
    {"[[listen]]\nport = 1", {"FILE:1: listen: is a section and takes no value"}},
    // Wrong types.
    {"listen.port = \"8000\"", {"FILE:1: listen.port: must be an integer", "got a string"}},
    {"listen.port = 8000.5", {"listen.port: must be an integer", "got a floating-point number"}},
    {"listen.port = true", {"listen.port: must be an integer", "got a boolean"}},
    {"listen.port = [8000]", {"listen.port: must be an integer", "got an array"}},
    {"listen.port = 2026-01-01", {"listen.port: must be an integer", "got a date or time"}},
    {"listen.address = 127", {"listen.address: must be an IPv4 or IPv6 address, got an integer"}},
    {"websocket.echo = 1", {"websocket.echo: must be true or false, got an integer"}},
    {"websocket.echo = \"true\"", {"websocket.echo: must be true or false, got a string"}},
    {"websocket.allowed_origins = \"https://a.example\"",
     {"websocket.allowed_origins: must be an array of origins", "got a string"}},
    {"websocket.allowed_origins = [\n  \"https://a.example\",\n  1 ]",
     {"FILE:3: websocket.allowed_origins: must be an array of origins", "got an integer"}},
    {"log.level = 3", {"log.level: must be one of debug, info, warning, error, got an integer"}},
    {"drain.timeout = true", {"drain.timeout: must be a duration", "got a boolean"}},
    // Values that are not accepted.
    {"listen.port = -1", {"listen.port: must be an integer from 0 to 65535, got \"-1\""}},
    {"listen.port = 65536", {"listen.port: must be an integer from 0 to 65535, got \"65536\""}},
    {"listen.backlog = 0", {"listen.backlog: must be an integer from 1 to 65535 connections"}},
    {"listen.loops = 257", {"listen.loops: must be an integer from 0 to 256 threads"}},
    {"listen.address = \"localhost\"", {"listen.address: must be an IPv4", "got \"localhost\""}},
    {"listen.address = \"127.0.0.1\\n\"", {"listen.address: ", "got \"127.0.0.1\\n\""}},
    {"listen.send = \"fastest\"", {"listen.send: must be one of automatic, io_uring, sendmsg"}},
    {"admin.address = \"0.0.0.0\"", {"admin.address: must be a loopback address", "\"0.0.0.0\""}},
    {"admin.port = 70000", {"admin.port: must be an integer from 0 to 65535"}},
    {"tls.certificate = \"a\\u0000b\"", {"tls.certificate: must be a path, got \"a\\u0000b\""}},
    {"websocket.policy = \"drop_oldest\"", {"websocket.policy: must be one of", "drop-oldest"}},
    {"websocket.max_message_bytes = 0", {"websocket.max_message_bytes: must be a size from 1 to"}},
    {"websocket.max_message_bytes = \"64KB\"", {"websocket.max_message_bytes: ", "got \"64KB\""}},
    {"websocket.max_fragments = 0", {"websocket.max_fragments: must be an integer from 1"}},
    {"websocket.allowed_origins = [\"https://a.example/\"]",
     {"websocket.allowed_origins: must be origins", "got \"https://a.example/\""}},
    {"websocket.allowed_origins = [\"https://*\"]", {"websocket.allowed_origins: ", "//*\""}},
    {"websocket.allowed_origins = [\"https://a.example,https://b.example\"]",
     {"websocket.allowed_origins: must be origins"}},
    {"websocket.allowed_origins = [\"\"]", {"websocket.allowed_origins: ", "got \"\""}},
    {"heartbeat.ping_interval = 25", {"heartbeat.ping_interval: ", "such as 25s, got \"25\""}},
    {"heartbeat.ping_interval = \"1ms\"", {"heartbeat.ping_interval: must be 0 or a duration"}},
    {"heartbeat.ping_interval = \"-5s\"", {"heartbeat.ping_interval: ", "got \"-5s\""}},
    {"heartbeat.pong_timeout = 0", {"heartbeat.pong_timeout: must be a duration from"}},
    {"limit.handshake_timeout = \"11m\"", {"limit.handshake_timeout: ", "from 100ms to 10m"}},
    {"limit.header_count = 1", {"limit.header_count: must be an integer from 8"}},
    {"limit.connections = -5", {"limit.connections: ", "got \"-5\""}},
    {"outbox.max_bytes = 100", {"outbox.max_bytes: must be a size from 1KiB to 1GiB"}},
    {"outbox.socket_send_buffer = 1", {"outbox.socket_send_buffer: must be 0 or a size from 4KiB"}},
    {"drain.timeout = 0", {"drain.timeout: must be a duration from 100ms to 1h"}},
    {"log.level = \"trace\"", {"log.level: must be one of", "got \"trace\""}},
    {"log.format = \"xml\"", {"log.format: must be one of human, json, got \"xml\""}},
    {"log.lines_per_second = 1000001", {"log.lines_per_second: must be an integer from 0"}},
    // Contradictions.
    {"tls.certificate = \"/dev/null\"",
     {"tls.certificate = /dev/null (FILE:1) needs tls.key = \"\" (default)"}},
    {"tls.key = \"/dev/null\"", {"tls.key = /dev/null (FILE:1) needs tls.certificate"}},
    {"\ntls.port = 8443", {"tls.port = 8443 (FILE:2) needs tls.certificate"}},
    {"[tls]\ncertificate = \"/dev/null\"\nkey = \"/dev/null\"\nport = 8000",
     {"tls.port = 8000 (FILE:4) must differ from listen.port = 8000 (default)"}},
    {"tls.certificate = \"/nonexistent\"\ntls.key = \"/dev/null\"",
     {"tls.certificate = /nonexistent (FILE:1) cannot be read: No such file"}},
    {"tls.certificate = \"/dev/null\"\ntls.key = \"/\"",
     {"tls.key = / (FILE:2) cannot be read: Is a directory"}},
    {"admin.port = 8000", {"admin.port = 8000 (FILE:1) must differ from listen.port"}},
    {"listen.address = \"127.0.0.1\"\nadmin.port = 8000",
     {"admin.port = 8000 (FILE:2) must differ"}},
    {"[tls]\ncertificate = \"/dev/null\"\nkey = \"/dev/null\"\nport = 8001\n[admin]\nport = 8001",
     {"admin.port = 8001 (FILE:6) must differ from tls.port = 8001 (FILE:4)"}},
    {"api.address = \"0.0.0.0\"",
     {"api.address = 0.0.0.0 (FILE:1) must be a loopback address without api.key = \"\" (default)"}},
    {"[api]\naddress = \"0.0.0.0\"\nkey = \"k\"\ninsecure = true",
     {"api.address = 0.0.0.0 (FILE:2) must be a loopback address with api.insecure = true (FILE:4)"}},
    {"api.tls = true", {"api.tls = true (FILE:1) needs tls.certificate"}},
    {"[tls]\ncertificate = \"/dev/null\"\nkey = \"/dev/null\"\n[api]\ntls = true",
     {"api.tls = true (FILE:5) needs api.port = 0 (default)"}},
    {"api.port = 8000", {"api.port = 8000 (FILE:1) must differ from listen.port = 8000 (default)"}},
    {"admin.port = 8001\napi.port = 8001",
     {"api.port = 8001 (FILE:2) must differ from admin.port = 8001 (FILE:1)"}},
    {"metrics.port = 8000", {"metrics.port = 8000 (FILE:1) must differ from listen.port = 8000 (default)"}},
    {"metrics.address = \"::\"\nmetrics.port = 8001\nadmin.port = 8001",
     {"metrics.port = 8001 (FILE:2) must differ from admin.port = 8001 (FILE:3)"}},
    {"[console]\nport = 8000\noperator_token = \"sixteen-characters\"",
     {"console.port = 8000 (FILE:2) must differ from listen.port = 8000 (default)"}},
    {"heartbeat.pong_timeout = \"25s\"",
     {"heartbeat.pong_timeout = 25s (FILE:1) must be shorter than heartbeat.ping_interval = 25s"}},
    {"heartbeat.ping_interval = \"5s\"",
     {"heartbeat.pong_timeout = 8s (default)", "heartbeat.ping_interval = 5s (FILE:1)"}},
    {"websocket.max_message_bytes = \"2MiB\"",
     {"outbox.max_bytes = 1MiB (default) must hold a message, with 26 bytes around it, of",
      "websocket.max_message_bytes = 2MiB (FILE:1)"}},
    {"websocket.max_message_bytes = 1048551",
     {"outbox.max_bytes = 1MiB (default) must hold a message, with 26 bytes around it, of",
      "websocket.max_message_bytes = 1048551 (FILE:1)"}},
    {"[websocket]\ncompression = true\ncompression_min_bytes = \"1MiB\"",
     {"websocket.compression_min_bytes = 1MiB (FILE:3) must not exceed"}},
    {"limit.header_bytes = \"2KiB\"", {"limit.uri_bytes = 2KiB (default) must be less than"}},
    {"[limit]\nconnections = 10\nconnections_per_address = 11",
     {"limit.connections_per_address = 11 (FILE:3) must not exceed limit.connections = 10"}},
    {"client.ping_interval = \"5s\"",
     {"client.pong_timeout = 8s (default)", "client.ping_interval = 5s (FILE:1)"}},
    {"client.queue_max_size = \"64KiB\"", {"client.queue_max_size = 64KiB (FILE:1) must hold"}},
    {"[client]\nsubscribe_to_user_personal_channel = true\nuser_personal_channel_namespace = \"me\"",
     {"client.user_personal_channel_namespace = me (FILE:3) must be a namespace that exists"}},
    // Channels.
    {"channel.private_prefix = \"a\"", {"channel.private_prefix: must be up to 8 ASCII"}},
    {"channel.without_namespace = 1", {"FILE:1: channel.without_namespace: must be a table"}},
    {"[channel.without_namespace]\nname = \"x\"",
     {"FILE:2: channel.without_namespace.name: no such option"}},
    {"[channel.without_namespace]\npresense = true",
     {"FILE:2: channel.without_namespace.presense: no such option; did you mean presence?"}},
    {"[channel.without_namespace]\n\"a\\nb\" = 1", {"FILE:2: channel.without_namespace.a\\nb: no"}},
    {"channel.namespaces = 1", {"FILE:1: channel.namespaces: must be an array of tables"}},
    {"channel.namespaces = [1]", {"FILE:1: channel.namespaces: must be an array of tables"}},
    {"[[channel.namespaces]]\npresence = true",
     {"FILE:1: channel.namespaces: every namespace needs a name"}},
    {"[[channel.namespaces]]\nname = 1", {"FILE:1: channel.namespaces: every namespace needs"}},
    {"[[channel.namespaces]]\nname = \"a:b\"",
     {"FILE:1: channel.namespaces: namespace \\\"a:b\\\": name must be two or more"}},
    {"[[channel.namespaces]]\nname = \"ab\"\n[[channel.namespaces]]\nname = \"ab\"",
     {"FILE:3: channel.namespaces: ", "used twice"}},
    {"[[channel.namespaces]]\nname = \"ab\"\nhistory_size = 10",
     {"FILE:1: channel.namespaces[\"ab\"]: history_size needs history_ttl"}},
    {"[[channel.namespaces]]\nname = \"ab\"\nhistory_size = -1",
     {"FILE:3: channel.namespaces[\"ab\"].history_size: must be an integer from 0 to 1000000"}},
    {"[[channel.namespaces]]\nname = \"ab\"\nhistory_ttl = \"1500ms\"",
     {"FILE:3: channel.namespaces[\"ab\"].history_ttl: must be 0 or a duration of whole seconds"}},
    {"[[channel.namespaces]]\nname = \"ab\"\nhistory_ttl = 5", {".history_ttl: must be 0 or"}},
    {"[[channel.namespaces]]\nname = \"ab\"\npresence = 1", {".presence: must be true or false"}},
    {"[[channel.namespaces]]\nname = \"ab\"\nforce_recovery_mode = \"x\"",
     {".force_recovery_mode: must be one of stream, cache"}},
    {"[[channel.namespaces]]\nname = \"ab\"\nslow_consumer = \"x\"",
     {".slow_consumer: must be one of disconnect, drop-oldest"}},
    {"[[channel.namespaces]]\nname = \"ab\"\nallowed_delta_types = \"fossil\"",
     {".allowed_delta_types: must be an array of strings"}},
    {"[[channel.namespaces]]\nname = \"ab\"\nallowed_delta_types = [\"fosil\"]",
     {"channel.namespaces[\"ab\"]: allowed_delta_types has unknown type"}},
    {"[[channel.namespaces]]\nname = \"ab\"\nchannel_regex = \"[\"",
     {"channel.namespaces[\"ab\"]: channel_regex", "is malformed"}},
    {"limit.connections = 100000\ndrain.rate = 100",
     {"drain.timeout = 30s (default) is too short", "drain.rate = 100 (FILE:2)"}},
};

} // namespace

TEST_CASE("config file: each bad configuration gets one line that names place, key and reason",
          "[app][config_file]") {
  for (const auto& [toml, parts] : bad_configs) {
    const auto message = refusal(toml);
    CAPTURE(toml, message);
    CHECK(message.find("FILE:") != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    for (const auto* part : parts) {
      CAPTURE(part);
      CHECK(message.find(part) != std::string::npos);
    }
  }
}

TEST_CASE("config file: values just inside the bounds are accepted", "[app][config_file]") {
  const auto* toml = GENERATE(
      "", "# only a comment", "listen.port = 0", "listen.port = 65535", "listen.backlog = 1",
      "heartbeat.ping_interval = 0", "heartbeat.ping_interval = \"0\"",
      "heartbeat.ping_interval = 0\nheartbeat.pong_timeout = \"1h\"",
      "heartbeat.pong_timeout = \"24999ms\"", "websocket.max_message_bytes = 1048550",
      "websocket.max_message_bytes = 1", "outbox.socket_send_buffer = 0",
      "limit.connections = 3000\ndrain.rate = 100", "websocket.allowed_origins = []",
      "websocket.allowed_origins = [\"*\"]",
      "tls.certificate = \"/dev/null\"\ntls.key = \"/dev/null\"",
      "listen.address = \"127.0.0.2\"\nadmin.port = 8000", "admin.address = \"::1\"",
      "metrics.address = \"0.0.0.0\"\nmetrics.port = 8001\nadmin.address = \"::1\"\nadmin.port = 8001",
      "api.address = \"0.0.0.0\"\napi.key = \"k\"", "api.insecure = true");
  CAPTURE(toml);
  CHECK(refusal(toml) == "accepted");
}

TEST_CASE("config file: a file that cannot be read is named with the cause", "[app][config_file]") {
  configuration target;
  auto message = [&](const std::string& path) -> std::string {
    try {
      read_config_file(path, target);
      return "accepted";
    } catch (const config_error& error) {
      return error.what();
    }
  };
  CHECK(message("/nonexistent.toml") ==
        "/nonexistent.toml: cannot be read: No such file or directory");
  CHECK(message("/") == "/: cannot be read: Is a directory");
  CHECK(message("/dev/zero") == "/dev/zero: cannot be read: longer than 1 MiB");
  CHECK(message("two\nlines") == R"(two\nlines: cannot be read: No such file or directory)");
}

TEST_CASE("config file: namespaces and their options are read", "[app][config_file]") {
  const scratch_file file{R"(
[client]
allow_anonymous_connect_without_token = true
[channel]
max_length = 100
[channel.without_namespace]
allow_subscribe_for_client = true
[[channel.namespaces]]
name = "chat"
history_size = 100
history_ttl = "5m"
force_recovery = true
force_recovery_mode = "cache"
allowed_delta_types = ["fossil"]
publication_data_format = "json"
slow_consumer = "latest-per-key"
[[channel.namespaces]]
name = "news"
channel_regex = "^[a-z]+$"
)"};
  configuration result;
  read_config_file(file.path(), result);
  result.validate();
  const auto& server = result.values().server;
  CHECK(server.client.allow_anonymous_connect_without_token);
  CHECK(server.channels.max_name_bytes == 100);
  CHECK(server.channels.without_namespace.allow_subscribe_for_client);
  REQUIRE(server.channels.namespaces.size() == 2);
  const auto& chat = server.channels.namespaces[0];
  CHECK(chat.name == "chat");
  CHECK(chat.options.history_size == 100);
  CHECK(chat.options.history_ttl == std::chrono::minutes{5});
  CHECK(chat.options.force_recovery);
  CHECK(chat.options.force_recovery_mode == troupe::centrifuge::recovery_mode::cache);
  CHECK(chat.options.allowed_delta_types == std::vector<std::string>{"fossil"});
  CHECK(chat.options.publication_data_format == troupe::centrifuge::data_format::json);
  CHECK(chat.options.slow_consumer == troupe::overflow::latest_per_key);
  CHECK_FALSE(chat.options.allow_subscribe_for_client);
  CHECK(server.channels.namespaces[1].options.channel_regex == "^[a-z]+$");
}
