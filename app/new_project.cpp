// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/new_project.hpp"

#include "app/command.hpp"
#include "app/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace troupe::app {

namespace {

constexpr std::size_t max_name_bytes = 64;

std::string named(std::string_view text, std::string_view name) {
  constexpr std::string_view placeholder = "@NAME@";
  std::string out{text};
  for (std::size_t at = 0; (at = out.find(placeholder, at)) != out.npos; at += name.size())
    out.replace(at, placeholder.size(), name);
  return out;
}

} // namespace

bool is_project_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= max_name_bytes && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

std::filesystem::path write_project(std::string_view name, const std::filesystem::path& where) {
  if (!is_project_name(name))
    throw std::runtime_error{fmt::format(
      "{}: must be a letter and then letters, digits, - and _, at most {} in all", escaped(name), max_name_bytes)};
  const auto folder = where / name;
  std::error_code failed;
  if (!std::filesystem::create_directory(folder, failed))
    throw std::runtime_error{fmt::format("{}: {}", escaped(folder.string()),
                                         failed ? failed.message() : "exists already")};
  for (const auto& file : project_files()) {
    std::ofstream out{folder / file.name, std::ios::binary};
    out << named(file.text, name);
    if (!out.flush()) throw std::runtime_error{fmt::format("{} cannot be written", escaped((folder / file.name).string()))};
  }
  return folder;
}

void add_new(CLI::App& app, action& selected) {
  auto* command = app.add_subcommand("new", "Write a project: a server with an actor of your own");
  auto name = std::make_shared<std::string>();
  command->add_option("name", *name, "Name of the project and of its folder")->required();
  command->callback([name, &selected] {
    selected = [name] {
      write_project(*name, ".");
      return print(fmt::format("{} is ready:\n  cd {}\n  cmake -S . -B build && cmake --build build && "
                               "ctest --test-dir build\n  build/{} 8000\n",
                               *name, *name, *name));
    };
  });
}

} // namespace troupe::app
