// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The PROXY header, in pieces as they are wanted: what it says, and that nothing behind it is wanted.
#include <troupe/net/internal/proxy_header.hpp>

#include "support/catch.hpp"

#include <string>

using namespace troupe::net;
using state = proxy_header_reader::state;

namespace {

const std::string signature{"\r\n\r\n\0\r\nQUIT\n", 12};

struct outcome {
  state last = state::reading;
  std::string source; // empty: none
  std::size_t taken = 0;
};

/// Feeds what is wanted until it is decided, or the bytes end.
outcome read(const std::string& bytes) {
  proxy_header_reader reader;
  outcome result;
  while (result.last == state::reading && result.taken + reader.wants() <= bytes.size()) {
    REQUIRE(reader.wants() > 0);
    const auto piece = bytes.substr(result.taken, reader.wants());
    result.taken += piece.size();
    result.last = reader.take(piece);
  }
  if (result.last == state::done && reader.source()) result.source = reader.source()->to_string();
  return result;
}

std::string version2(unsigned char command, unsigned char family, const std::string& rest, int length = -1) {
  const auto size = length < 0 ? rest.size() : static_cast<std::size_t>(length);
  return signature + static_cast<char>(command) + static_cast<char>(family) +
         static_cast<char>(size >> 8) + static_cast<char>(size & 0xff) + rest;
}

const std::string v4_addresses{"\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x01\xbb", 12};

} // namespace

TEST_CASE("proxy header: version 1 names the client", "[net][proxy]") {
  CHECK(read("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n").source == "192.0.2.1");
  CHECK(read("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n").source == "2001:db8::1");
  for (const auto* unknown : {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"}) {
    const auto r = read(unknown);
    CHECK(r.last == state::done);
    CHECK(r.source.empty());
  }
}

TEST_CASE("proxy header: version 2 names the client", "[net][proxy]") {
  CHECK(read(version2(0x21, 0x11, v4_addresses)).source == "192.0.2.1");
  const std::string v6 = std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16) + std::string(16, '\1') + "\1\2\3\4";
  CHECK(read(version2(0x21, 0x21, v6)).source == "2001:db8::1");
  // With extensions behind the addresses.
  CHECK(read(version2(0x21, 0x11, v4_addresses + std::string("\x04\x00\x01x", 4))).source == "192.0.2.1");
}

TEST_CASE("proxy header: checks of the proxy itself, and families without addresses, name nobody", "[net][proxy]") {
  for (const auto& header : {version2(0x20, 0x00, ""), version2(0x20, 0x11, v4_addresses), version2(0x21, 0x00, ""),
                             version2(0x21, 0x31, std::string(216, 'x')), version2(0x21, 0x12, v4_addresses)}) {
    const auto r = read(header);
    CHECK(r.last == state::done);
    CHECK(r.source.empty());
  }
}

TEST_CASE("proxy header: nothing behind it is wanted", "[net][proxy]") {
  for (const auto& header : {std::string{"PROXY UNKNOWN\r\n"}, std::string{"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n"},
                             version2(0x21, 0x11, v4_addresses), version2(0x20, 0x00, "")}) {
    const auto r = read(header + "GET / HTTP/1.1\r\n");
    CHECK(r.last == state::done);
    CHECK(r.taken == header.size());
  }
}

TEST_CASE("proxy header: what is cut short is still being read", "[net][proxy]") {
  const auto header = version2(0x21, 0x11, v4_addresses);
  for (std::size_t n = 0; n < header.size(); ++n) CHECK(read(header.substr(0, n)).last == state::reading);
  const std::string line = "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n";
  for (std::size_t n = 0; n < line.size(); ++n) CHECK(read(line.substr(0, n)).last == state::reading);
}

TEST_CASE("proxy header: what is none is malformed", "[net][proxy]") {
  const auto bad = GENERATE_COPY(
    std::string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"}, std::string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00", 12},
    std::string{"PROXY TCP4 192.0.2.1 192.0.2.2 56324\r\n"}, std::string{"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 1\r\n"},
    std::string{"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"}, std::string{"PROXY TCP4 2001:db8::1 ::1 1 2\r\n"},
    std::string{"PROXY TCP4 192.0.2.1 192.0.2.2 65536 1\r\n"}, std::string{"PROXY TCP4 192.0.2.1 192.0.2.2 -1 1\r\n"},
    std::string{"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"}, std::string{"PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n"},
    std::string{"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"}, "PROXY UNKNOWN " + std::string(200, 'x'),
    version2(0x11, 0x11, v4_addresses), version2(0x22, 0x11, v4_addresses),
    version2(0x21, 0x11, v4_addresses.substr(0, 11)), version2(0x21, 0x21, v4_addresses),
    version2(0x21, 0x11, std::string(3000, 'x')));
  CHECK(read(bad).last == state::malformed);
}

TEST_CASE("proxy header: one as long as the limit is taken, one byte more is not", "[net][proxy]") {
  const auto padded = [](std::size_t bytes) {
    return version2(0x21, 0x11, v4_addresses + std::string(bytes - 16 - v4_addresses.size(), '\0'));
  };
  CHECK(read(padded(proxy_header_reader::max_bytes)).source == "192.0.2.1");
  CHECK(read(padded(proxy_header_reader::max_bytes + 1)).last == state::malformed);
}

TEST_CASE("proxy header: a line of 107 bytes is taken, of 108 it is not", "[net][proxy]") {
  const auto line = [](std::size_t bytes) {
    const std::string head = "PROXY UNKNOWN ";
    return head + std::string(bytes - head.size() - 2, 'x') + "\r\n";
  };
  CHECK(read(line(107)).last == state::done);
  CHECK(read(line(108)).last == state::malformed);
}
