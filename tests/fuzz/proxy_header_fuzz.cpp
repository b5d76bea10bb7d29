// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// PROXY headers of strangers, then the same bytes as the headers by which proxies name clients.
#include "expect.hpp"

#include <troupe/net/internal/forwarded.hpp>
#include <troupe/net/internal/proxy_header.hpp>

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  using namespace troupe::net;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  proxy_header_reader reader;
  auto at = proxy_header_reader::state::reading;
  std::size_t taken = 0;
  while (at == proxy_header_reader::state::reading && taken + reader.wants() <= size) {
    fuzz::expect(reader.wants() > 0);
    const auto piece = input.substr(taken, reader.wants());
    taken += piece.size();
    fuzz::expect(taken <= proxy_header_reader::max_bytes);
    at = reader.take(piece);
  }
  fuzz::expect(taken + reader.wants() <= proxy_header_reader::max_bytes ||
               at != proxy_header_reader::state::reading);
  static const networks trusted{{"10.0.0.0/8", "2001:db8::/32"}};
  for (const auto kind : {proxy_header::x_forwarded_for, proxy_header::forwarded})
    (void)client_address(kind, input, trusted);
  return 0;
}
