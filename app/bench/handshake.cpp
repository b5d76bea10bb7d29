// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/handshake.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>
#include <strings.h>

namespace troupe::app::bench {

namespace {

constexpr auto offer = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                       "client_no_context_takeover\r\n";

std::string base64(const unsigned char* bytes, int size) {
  std::string text(4 * ((static_cast<std::size_t>(size) + 2) / 3), '\0');
  // EVP_EncodeBlock also writes the zero that a std::string has behind its last character.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, size);
  return text;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The value of a header field, or an empty view.
std::string_view field(std::string_view head, std::string_view name) {
  for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    const auto line = head.substr(at, head.find("\r\n", at) - at);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name))
      return trim(line.substr(colon + 1));
  }
  return {};
}

} // namespace

std::string accept_value(std::string_view key) {
  const auto text = fmt::format("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
    throw std::runtime_error{"OpenSSL offers no SHA-1, which the WebSocket handshake needs"};
  return base64(digest.data(), static_cast<int>(size));
}

handshake::handshake(const url& target, compression wanted) : wanted_{wanted} {
  std::array<unsigned char, 16> random;
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw std::runtime_error{"OpenSSL has no random bytes for the WebSocket key"};
  const auto key = base64(random.data(), static_cast<int>(random.size()));
  accept_ = accept_value(key);
  request_ = fmt::format("GET {} HTTP/1.1\r\n"
                         "Host: {}\r\n"
                         "Upgrade: websocket\r\n"
                         "Connection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: {}\r\n"
                         "User-Agent: troupe-bench\r\n"
                         "{}\r\n",
                         target.target, target.authority(), key, wanted == compression::on ? offer : "");
}

std::string handshake::check(std::string_view head) const {
  const auto status_line = head.substr(0, head.find("\r\n"));
  if (!status_line.starts_with("HTTP/1.1 101"))
    return fmt::format("the server answered '{}'", status_line.substr(0, 120));
  if (!equal_ignoring_case(field(head, "Upgrade"), "websocket"))
    return "the server's 101 response has no 'Upgrade: websocket'";
  if (field(head, "Sec-WebSocket-Accept") != accept_)
    return "the server's Sec-WebSocket-Accept does not belong to the key";
  const auto extension = field(head, "Sec-WebSocket-Extensions");
  if (wanted_ == compression::off && !extension.empty())
    return "the server switched on an extension that was not offered";
  if (wanted_ == compression::on && extension.find("permessage-deflate") == std::string_view::npos)
    return "the server does not compress";
  if (wanted_ == compression::on && extension.find("server_no_context_takeover") == std::string_view::npos)
    return "the server keeps its compression context from message to message";
  return {};
}

} // namespace troupe::app::bench
