// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What somebody publishes where nodes listen: packets, signs of life, and pieces of messages.
#include "expect.hpp"

#include <troupe/net/cluster/packet_codec.hpp>
#include <troupe/net/cluster/pieces.hpp>

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  using namespace troupe::net::cluster;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (const auto read = decode_packet(bytes)) {
    const auto written = encode(*read);
    const auto again = decode_packet(written);
    fuzz::expect(again && encode(*again) == written);
    fuzz::expect(again->what.index() == read->what.index());
    fuzz::expect(cluster::bytes_of(again->what) == cluster::bytes_of(read->what));
  }
  if (const auto read = decode_beat(bytes)) {
    const auto again = decode_beat(encode(*read));
    fuzz::expect(again && again->from == read->from && again->gone == read->gone);
  }
  // Pieces: whole whatever the length of one, and no order of them does harm.
  piece_joiner joiner{1024 + size, 2};
  std::string memory;
  const std::size_t most = 2 + (size == 0 ? 0 : data[0]);
  bool whole = false;
  in_pieces(bytes.substr(0, 1024), most, memory, [&](std::string_view one) {
    const auto said = joiner.take("a", one);
    whole = said && *said == bytes.substr(0, 1024);
    joiner.take("b", bytes);
    return true;
  });
  fuzz::expect(whole);
  return 0;
}
