// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The input is cut in two at its first NUL: what the delta of the halves makes of one has to be the
// other.
#include "expect.hpp"

#include "actors/centrifuge/fossil_apply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto source = input.substr(0, input.find('\0'));
  const auto target = source.size() == size ? std::string_view{} : input.substr(source.size() + 1);
  fuzz::expect(centrifuge::test::fossil_apply(source, centrifuge::fossil_delta(source, target)) ==
               target);
  return 0;
}
