// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/resources.hpp>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

namespace troupe::net {

namespace {

constexpr std::string_view version_2 = "0::"; // begins its line; other lines are of version 1

/// Such as "/system.slice"; "/" if nothing says.
std::filesystem::path path_of(const control_group& group) {
  std::ifstream file{group.membership};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(version_2)) return line.substr(version_2.size());
  return "/";
}

/// The least that `read` finds in a file of the group and in those of the groups above it.
template <class T, class Read>
std::optional<T> tightest(const control_group& of, std::string_view file, Read read) {
  std::optional<T> least;
  for (auto path = path_of(of);; path = path.parent_path()) {
    std::ifstream content{of.mount / path.relative_path() / file};
    if (const std::optional<T> limit = read(content)) least = std::min(*limit, least.value_or(*limit));
    if (!path.has_relative_path()) return least;
  }
}

} // namespace

std::optional<double> processor_quota(const control_group& of) {
  return tightest<double>(of, "cpu.max", [](std::istream& content) -> std::optional<double> {
    double time = 0; // "150000 100000", or "max 100000"
    double period = 0;
    if (!(content >> time >> period) || time <= 0 || period <= 0) return std::nullopt;
    return time / period;
  });
}

std::optional<std::uint64_t> memory_limit(const control_group& of) {
  return tightest<std::uint64_t>(of, "memory.max", [](std::istream& content) -> std::optional<std::uint64_t> {
    std::uint64_t bytes = 0; // or "max"
    if (!(content >> bytes)) return std::nullopt;
    return bytes;
  });
}

std::size_t usable_processors() { return std::max(1U, std::thread::hardware_concurrency()); }

std::size_t default_loops(std::size_t processors, std::optional<double> quota) {
  if (!quota || *quota >= static_cast<double>(processors)) return processors;
  return std::max<std::size_t>(1, static_cast<std::size_t>(*quota));
}

} // namespace troupe::net
