// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The escaper of the log. The first byte chooses the bound, the rest is the text: what is shown keeps to
// the bound, is a JSON string between quotes, and has nothing in it that a terminal obeys.
#include "expect.hpp"

#include "app/escape.hpp"

#include <troupe/net/centrifuge/codecs.hpp>

#include <algorithm>
#include <initializer_list>

namespace {

constexpr std::size_t ellipsis_bytes = 3;

bool has_control(std::string_view shown) {
  const auto is_control = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; };
  if (std::any_of(shown.begin(), shown.end(), is_control)) return true;
  for (std::size_t at = shown.find('\xc2'); at != shown.npos; at = shown.find('\xc2', at + 1))
    if (static_cast<unsigned char>(shown[at + 1]) < 0xa0) return true; // C1
  for (const std::string_view mark : {"\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xae", "\xe2\x81\xa6"})
    if (shown.find(mark) != shown.npos) return true;
  return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  if (size == 0) return 0;
  const std::size_t bound = ellipsis_bytes + data[0];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto shown = app::escaped(text, bound);
  fuzz::expect(shown.size() <= bound);
  fuzz::expect(!has_control(shown));
  fuzz::expect(net::centrifuge::is_json(app::in_quotes(text, bound)));
  fuzz::expect(text.empty() == shown.empty());
  return 0;
}
