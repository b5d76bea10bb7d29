// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A file that exists while a test needs it.
#pragma once
#include "support/scratch_folder.hpp"

#include <fstream>
#include <string>
#include <string_view>

namespace troupe::app {

class scratch_file {
public:
  explicit scratch_file(std::string_view text) { std::ofstream{path()} << text; }

  [[nodiscard]] std::string path() const { return folder_.file("troupe.toml"); }

private:
  troupe::tests::scratch_folder folder_;
};

} // namespace troupe::app
