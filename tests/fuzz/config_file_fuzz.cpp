// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A configuration file is taken or refused with one line that is safe to show; what is taken can be used.
#include "expect.hpp"

#include "app/configuration.hpp"

#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  app::configuration target;
  try {
    app::read_config(text, "file", target);
    target.validate();
    const centrifuge::namespaces names(target.values().server.channels);
    const auto* in = names.find(text);
    fuzz::expect(!in || !in->accepts(text, names.syntax()) || in->rule.fits(text));
  } catch (const app::config_error& error) {
    const std::string_view line = error.what();
    fuzz::expect(!line.empty() && line.find_first_of("\n\r\x1b") == line.npos);
  }
  return 0;
}
