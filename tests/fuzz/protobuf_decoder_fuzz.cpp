// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "decoder_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  fuzz::decode_message(net::centrifuge::codec_for(centrifuge::encoding::protobuf),
                       {reinterpret_cast<const char*>(data), size});
  return 0;
}
