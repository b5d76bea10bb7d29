// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Files of a journal that something has damaged. What is read of them is what somebody wrote: written again it is
// the same bytes.
#include "expect.hpp"

#include <troupe/net/events/internal/record.hpp>

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  using namespace troupe::net::events::internal;
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  for (auto before = rest; const auto found = take(rest); before = rest) {
    std::string again;
    append(again, *found);
    fuzz::expect(again == before.substr(0, before.size() - rest.size()));
  }
  // And what is no record may be the text of one.
  std::string written;
  append(written, {.what = record::kind::event, .sequence = size, .connection = rest.substr(0, 36), .text = rest});
  std::string_view reading = written;
  const auto read = take(reading);
  fuzz::expect(read && reading.empty() && read->text == rest && read->sequence == size);
  return 0;
}
