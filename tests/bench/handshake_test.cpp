// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/handshake.hpp"

#include "support/catch.hpp"

#include <string>

using namespace troupe::app::bench;

namespace {

std::string key_in(const std::string& request) {
  const std::string name = "Sec-WebSocket-Key: ";
  const auto at = request.find(name) + name.size();
  return request.substr(at, request.find("\r\n", at) - at);
}

} // namespace

TEST_CASE("the accept value is the one of RFC 6455", "[app][bench][handshake]") {
  CHECK(accept_value("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("the request asks for the target on the host", "[app][bench][handshake]") {
  const handshake opening{parse_url("ws://localhost:81/ws?a=b")};
  CHECK(opening.request().starts_with("GET /ws?a=b HTTP/1.1\r\nHost: localhost:81\r\n"));
  CHECK(opening.request().ends_with("\r\n\r\n"));
  CHECK(key_in(opening.request()).size() == 24);
}

TEST_CASE("only the right answer completes the handshake", "[app][bench][handshake]") {
  const handshake opening{parse_url("ws://localhost/")};
  const auto accept = accept_value(key_in(opening.request()));
  const std::string status = "HTTP/1.1 101 Switching Protocols\r\n";
  const std::string upgrade = "upgrade: WebSocket\r\nConnection: Upgrade\r\n";

  CHECK(opening.check(status + upgrade + "sec-websocket-accept:" + accept + "\r\n\r\n").empty());
  CHECK(opening.check("HTTP/1.1 503 Service Unavailable\r\n\r\n") ==
        "the server answered 'HTTP/1.1 503 Service Unavailable'");
  CHECK(opening.check(status + "Sec-WebSocket-Accept: " + accept + "\r\n\r\n") ==
        "the server's 101 response has no 'Upgrade: websocket'");
  CHECK(opening.check(status + upgrade + "Sec-WebSocket-Accept: x" + accept + "\r\n\r\n") ==
        "the server's Sec-WebSocket-Accept does not belong to the key");
  CHECK(opening.check(status + upgrade + "Sec-WebSocket-Accept: " + accept +
                      "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n") ==
        "the server switched on an extension that was not offered");
}
