// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// NEW PROJECT: what `troupe new NAME` writes: a server of one's own with one actor and its test.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

struct project_file {
  std::string_view name;
  std::string_view text; ///< @NAME@ stands for the project's name.
};

/// The files of app/scaffold/. Defined by a source generated at build time.
const std::vector<project_file>& project_files();

/// Whether CMake takes it for a project and a target: a letter, then letters, digits, - and _, at most 64.
bool is_project_name(std::string_view name);

/// Writes the files of a project into a folder of its name below `where`, which must not exist.
/// @returns the folder. @throws std::runtime_error with one line that says why not.
std::filesystem::path write_project(std::string_view name, const std::filesystem::path& where);

} // namespace troupe::app
