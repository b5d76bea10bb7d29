// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "serve.hpp"

int main(int argc, char** argv) {
  return troupe::baseline::serve(argc, argv, troupe::baseline::delivery::by_ring);
}
