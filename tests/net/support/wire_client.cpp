// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "net/support/wire_client.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <utility>

namespace troupe::tests {

http_answer read_answer(tcp_line& from, std::string& rest, bool has_body) {
  const auto await = [&](auto complete) {
    while (!complete()) {
      const auto more = from.read_some();
      if (more.empty())
        throw std::runtime_error{"the stream ended amid an HTTP answer: " + rest};
      rest += more;
    }
  };
  constexpr std::string_view end_of_header = "\r\n\r\n";
  await([&] { return rest.find(end_of_header) != std::string::npos; });
  const auto body_at = rest.find(end_of_header) + end_of_header.size();
  http_answer answer;
  answer.status = std::stoi(rest.substr(rest.find(' ')));
  for (auto at = rest.find("\r\n") + 2; at + 2 < body_at;) {
    const auto end = rest.find("\r\n", at);
    const auto colon = rest.find(": ", at);
    auto name = rest.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    answer.headers[name] = rest.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  rest.erase(0, body_at);
  const auto length = answer.headers.find("content-length");
  if (has_body && length != answer.headers.end()) {
    const auto bytes = std::stoul(length->second);
    await([&] { return rest.size() >= bytes; });
    answer.body = rest.substr(0, bytes);
    rest.erase(0, bytes);
  }
  return answer;
}

http_answer ask(tcp_line& over, std::string_view request) {
  over.write(request);
  std::string rest;
  auto answer = read_answer(over, rest, !request.starts_with("HEAD"));
  if (!rest.empty())
    throw std::runtime_error{"more than an HTTP answer: " + rest};
  return answer;
}

std::string upgrade_request(const client_options& options) {
  auto request = "GET " + options.path +
                 " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n";
  for (const auto& header : options.headers)
    request += header + "\r\n";
  return request + "\r\n";
}

wire_client::wire_client(std::uint16_t port, const client_options& options)
    : line_(port, options.line) {
  line_.write(upgrade_request(options));
  std::string rest;
  answer_ = read_answer(line_, rest);
  if (answer_.status != 101)
    throw std::runtime_error{"no upgrade but " + std::to_string(answer_.status) + ": " +
                             answer_.body};
  reader_.feed(rest);
}

std::optional<wire_message> wire_client::next() {
  for (;;) {
    if (auto m = reader_.next())
      return m;
    const auto more = line_.read_some();
    if (more.empty())
      return std::nullopt;
    reader_.feed(more);
  }
}

wire_message wire_client::message() {
  while (auto m = next()) {
    if (m->type == opcode::text || m->type == opcode::binary)
      return *std::move(m);
    if (m->type == opcode::close)
      throw std::runtime_error{"closed with " + std::to_string(m->close_code()) +
                               " instead of a message"};
  }
  throw std::runtime_error{"the stream ended instead of a message"};
}

std::string wire_client::text() {
  auto m = message();
  if (m.type != opcode::text || m.deflated)
    throw std::runtime_error{"not a plain text message"};
  return std::move(m.payload);
}

wire_message wire_client::closing() {
  while (auto m = next())
    if (m->type == opcode::close)
      return *std::move(m);
  throw std::runtime_error{"the stream ended without a close frame"};
}

} // namespace troupe::tests
