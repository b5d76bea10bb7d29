// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WIRE CLIENT: a WebSocket client that says exactly what it is told to, right or wrong. Every
// answer is awaited for `patience` at most, then throws. It answers nothing by itself. Thread: one
// at a time.
#pragma once
#include "net/support/client_frame.hpp"
#include "net/support/tcp_line.hpp"

#include <troupe/testing/wire_reader.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tests {

using testing::wire_message;

struct http_answer {
  int status = 0;
  std::map<std::string, std::string> headers; ///< Names in lower case.
  std::string body;
};

/// Reads one answer with Content-Length, or one without a body; `rest` gets what follows.
http_answer read_answer(tcp_line& from, std::string& rest, bool has_body = true);

/// Sends a request and reads the answer.
http_answer ask(tcp_line& over, std::string_view request);

struct client_options {
  std::string path = "/ws";
  std::vector<std::string> headers; ///< More of them, such as "Origin: http://a.test".
  line_options line = {};
};

/// The bytes of an upgrade request.
std::string upgrade_request(const client_options& options = {});

class wire_client {
public:
  /// Connects and upgrades. @throws std::runtime_error unless the server agrees.
  explicit wire_client(std::uint16_t port, const client_options& options = {});

  /// Sends bytes as they are.
  void write(std::string_view bytes) { line_.write(bytes); }
  void send(const client_frame& frame) { write(frame.bytes()); }
  void say(std::string_view text) { send({.payload = text}); }

  /// The next message, control frames included; nothing at the end of the stream.
  std::optional<wire_message> next();
  /// The next data message. @throws std::runtime_error if the stream ends before.
  wire_message message();
  /// The payload of the next message, which must be an uncompressed text.
  std::string text();
  /// The close frame, after whatever comes before it. @throws std::runtime_error if none comes.
  wire_message closing();
  /// Reads on. @returns true if no message comes before the stream ends.
  bool ends() { return !next().has_value(); }

  [[nodiscard]] const http_answer& answer() const noexcept { return answer_; }
  [[nodiscard]] tcp_line& raw() noexcept { return line_; }

private:
  tcp_line line_;
  http_answer answer_;
  testing::wire_reader reader_;
};

} // namespace troupe::tests
