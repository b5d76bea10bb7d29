// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/socket_path.hpp"

#include "app/console/connect.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace troupe::app::console {

namespace {

struct place {
  std::string folder;
  std::string_view prefix; ///< Of the file, before the port.
};

constexpr std::string_view suffix = ".sock";

std::string private_folder() { return fmt::format("/tmp/troupe-{}", ::geteuid()); }

place automatic_place() {
  const auto folder_in = [](const char* variable) {
    const char* const folders = std::getenv(variable);
    const std::string_view all = folders ? folders : "";
    return std::string{all.starts_with('/') ? all.substr(0, all.find(':')) : ""}; // systemd may give several
  };
  if (auto session = folder_in("XDG_RUNTIME_DIR"); !session.empty())
    return {std::move(session), "troupe-"};
  if (auto service = folder_in("RUNTIME_DIRECTORY"); !service.empty())
    return {std::move(service), ""};
  if (::geteuid() == 0)
    return {"/run", "troupe-"};
  return {private_folder(), ""};
}

void add_sockets(const place& where, std::vector<std::string>& to) {
  std::error_code fault;
  for (const auto& each : std::filesystem::directory_iterator{where.folder, fault}) {
    const auto name = each.path().filename().string();
    if (name.starts_with(where.prefix) && name.ends_with(suffix))
      to.push_back(each.path().string());
  }
}

} // namespace

std::string automatic_socket_path(std::uint16_t port) {
  const auto where = automatic_place();
  return fmt::format("{}/{}{}{}", where.folder, where.prefix, port, suffix);
}

void prepare_socket_folder(const std::string& path) {
  const auto folder = private_folder();
  if (!path.starts_with(folder + '/'))
    return;
  (void)::mkdir(folder.c_str(), S_IRWXU);
  struct stat found{};
  if (::lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) ||
      found.st_uid != ::geteuid() || (found.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw std::runtime_error{fmt::format("{} must be a folder that only its owner can enter", folder)};
}

std::vector<std::string> automatic_sockets(const std::string& of_service) {
  std::vector<std::string> found;
  const auto where = automatic_place();
  add_sockets(where, found);
  if (where.folder != of_service)
    add_sockets({of_service, ""}, found);
  if (found.size() > 1)
    std::erase_if(found, [](const auto& path) { return !is_answered(path); });
  return found;
}

} // namespace troupe::app::console
