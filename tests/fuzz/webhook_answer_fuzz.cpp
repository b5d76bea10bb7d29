// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Answers of webhooks, each taken for one to every question. Only codes of the application may come out of them.
#include "expect.hpp"

#include <troupe/net/webhooks/internal/envelope.hpp>

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  using namespace troupe::net::webhooks::internal;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto said = read_envelope(input);
  if (!said) return 0;
  if (said->denied) {
    const auto closes = said->denied->close.reason != close_reason::none;
    const auto code = closes ? said->denied->close.code : said->denied->error.code;
    fuzz::expect(closes ? code >= 4000 && code <= 4999 : code >= 400 && code <= 1999);
  }
  const std::chrono::system_clock::time_point now{std::chrono::seconds{1'000'000'000}};
  (void)as_connect(*said, now);
  (void)as_refresh(*said, now);
  (void)as_subscribe(*said, now);
  (void)as_publish(*said);
  (void)as_call(*said);
  return 0;
}
