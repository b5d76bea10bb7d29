// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/doctor/facts.hpp"

#include "app/doctor/tls_files.hpp"
#include "app/values.hpp"

#include <troupe/net/internal/batch_sender.hpp>
#include <troupe/net/internal/resources.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <linux/magic.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <unistd.h>

namespace troupe::app::doctor {

namespace {

/// The first line of a file of /proc or /sys; empty if there is none.
std::string line_of(const std::string& path) {
  std::ifstream file{path};
  std::string line;
  std::getline(file, line);
  return line;
}

/// The words of that line.
std::vector<std::string> words_of(const std::string& path) {
  std::istringstream words{line_of(path)};
  return {std::istream_iterator<std::string>{words}, {}};
}

std::optional<std::uint64_t> number_of(const std::string& path, std::size_t word = 0) {
  const auto words = words_of(path);
  return word < words.size() ? parse_integer(words[word]) : std::nullopt;
}

/// "always" of "[always] madvise never".
std::string chosen_of(const std::string& path) {
  for (const auto& word : words_of(path))
    if (word.starts_with('[') && word.ends_with(']'))
      return word.substr(1, word.size() - 2);
  return {};
}

std::optional<std::uint64_t> memory() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto page = ::sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || page <= 0)
    return std::nullopt;
  const auto machine = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
  return std::min(machine, net::memory_limit().value_or(machine));
}

std::optional<bool> clock_is_synchronized() {
  timex state{};
  const int status = ::adjtimex(&state); // reads only
  if (status < 0)
    return std::nullopt;
  return status != TIME_ERROR;
}

/// @returns errno of binding and listening; 0 if that works.
int try_port(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), fmt::to_string(port).c_str(), &hints, &found) != 0)
    return EADDRNOTAVAIL;
  int fault = 0;
  const int descriptor = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (descriptor < 0 || ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(descriptor, found->ai_addr, found->ai_addrlen) != 0 || ::listen(descriptor, 1) != 0)
    fault = errno;
  if (descriptor >= 0)
    ::close(descriptor);
  ::freeaddrinfo(found);
  return fault;
}

std::vector<port_facts> try_ports(const settings& of) {
  std::vector<port_facts> all;
  for (const auto& one : ports_of(of))
    all.push_back({std::string{one.option}, one.port, try_port(one.address, one.port)});
  return all;
}

folder_facts folder_of(std::filesystem::path folder) {
  std::error_code ec;
  while (!folder.empty() && !std::filesystem::exists(folder, ec)) folder = folder.parent_path();
  if (folder.empty()) folder = ".";
  folder_facts seen;
  if (::access(folder.c_str(), W_OK | X_OK) != 0) seen.fault = errno;
  struct statfs system {};
  if (::statfs(folder.c_str(), &system) != 0) return seen;
  seen.in_memory = system.f_type == TMPFS_MAGIC;
  seen.free_bytes = static_cast<std::uint64_t>(system.f_bavail) * static_cast<std::uint64_t>(system.f_bsize);
  return seen;
}

} // namespace

facts examine(const settings& of) {
  facts seen;
  seen.now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    seen.descriptors = limit.rlim_max;
  seen.system_descriptors = number_of("/proc/sys/fs/nr_open");
  seen.somaxconn = number_of("/proc/sys/net/core/somaxconn");
  seen.syn_backlog = number_of("/proc/sys/net/ipv4/tcp_max_syn_backlog");
  seen.first_ephemeral_port = number_of("/proc/sys/net/ipv4/ip_local_port_range");
  seen.last_ephemeral_port = number_of("/proc/sys/net/ipv4/ip_local_port_range", 1);
  seen.io_uring_works = net::batch_sender::io_uring_works();
  seen.io_uring_disabled = number_of("/proc/sys/kernel/io_uring_disabled");
  seen.huge_pages = chosen_of("/sys/kernel/mm/transparent_hugepage/enabled");
  seen.clock_source = line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  seen.clock_is_synchronized = clock_is_synchronized();
  seen.conntrack_max = number_of("/proc/sys/net/netfilter/nf_conntrack_max");
  seen.processors = net::usable_processors();
  seen.processor_quota = net::processor_quota();
  seen.memory_bytes = memory();
  seen.ports = try_ports(of);
  if (!of.server.tls.certificate.empty())
    seen.tls = read_tls_files(of.server.tls.certificate, of.server.tls.key);
  if (!of.server.events.endpoint.empty())
    seen.journal = folder_of(of.server.events.directory);
  if (!of.server.history.directory.empty())
    seen.history = folder_of(of.server.history.directory);
  return seen;
}

} // namespace troupe::app::doctor
