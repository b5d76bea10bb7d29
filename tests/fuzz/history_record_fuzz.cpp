// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Rows of a database that something has damaged. What is read of one is read again of what is written of it.
#include "expect.hpp"

#include <troupe/net/history/record.hpp>

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  using namespace troupe::net::history;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  if (const auto read = decode_record(bytes)) {
    const auto written = encode_record(*read);
    const auto again = decode_record(written);
    fuzz::expect(again && encode_record(*again) == written);
    fuzz::expect(again->data.bytes == read->data.bytes && again->tags == read->tags);
  }
  // And what is no record may be the payload of one.
  const centrifuge::publication carries{.data = {std::string{bytes}, false}, .info = std::nullopt, .epoch = {},
                                        .tags = {{std::string{bytes}, "x"}}};
  const auto read = decode_record(encode_record(carries));
  fuzz::expect(read && read->data.bytes == bytes && read->tags == carries.tags);
  return 0;
}
