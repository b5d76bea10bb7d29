// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A file that exists while a test needs it.
#pragma once
#include "support/catch.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace troupe::app {

class scratch_file {
public:
  explicit scratch_file(std::string_view text) {
    auto pattern = (std::filesystem::temp_directory_path() / "troupe-test-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    std::ofstream{path()} << text;
  }
  ~scratch_file() { std::filesystem::remove_all(folder_); }

  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;

  [[nodiscard]] std::string path() const { return folder_ / "troupe.toml"; }

private:
  std::filesystem::path folder_;
};

} // namespace troupe::app
