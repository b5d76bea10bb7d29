// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once
#include "broadcast_server.hpp"

#include <charconv>
#include <cstring>
#include <exception>
#include <iostream>
#include <string_view>

namespace troupe::baseline {

/// The program: takes a port (default 0, chosen by the kernel), prints the one it serves.
inline int serve(int argc, char** argv, delivery when) {
  std::uint16_t port = 0;
  const std::string_view text = argc > 1 ? argv[1] : "0";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (argc > 2 || error != std::errc{} || end != text.data() + text.size()) {
    std::cerr << argv[0] << ": the only argument is a port, 0 to 65535\n";
    return 2;
  }
  try {
    broadcast_server server{port, when};
    std::cout << "listening on " << server.port() << std::endl;
    server.run();
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << argv[0] << ": " << failure.what() << '\n';
    return 1;
  }
}

} // namespace troupe::baseline
