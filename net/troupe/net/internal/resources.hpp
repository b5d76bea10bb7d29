// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// RESOURCES: what of the machine the program may use: by its affinity, and by its control groups (version 2,
// Documentation/admin-guide/cgroup-v2.rst of Linux), of which the tightest counts, its own or one above it.
// Thread: any, but no loop's, for it reads files. A file that is missing or not understood limits nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace troupe::net {

struct control_group {
  std::filesystem::path membership = "/proc/self/cgroup"; ///< Names it, by a line such as "0::/system.slice/x.service".
  std::filesystem::path mount = "/sys/fs/cgroup";         ///< Where the groups are.
};

/// `cpu.max`: processor time for each second, in processors; nothing without a quota.
[[nodiscard]] std::optional<double> processor_quota(const control_group& of = {});

/// `memory.max`, in bytes; nothing without one.
[[nodiscard]] std::optional<std::uint64_t> memory_limit(const control_group& of = {});

/// Processors the program may run on; at least one.
[[nodiscard]] std::size_t usable_processors();

/// Loops where nobody says how many: one for each processor, but no more than the quota keeps busy all the time. Who has
/// spent a quota stands still, with all loops, until its period is over. At least one.
[[nodiscard]] std::size_t default_loops(std::size_t processors, std::optional<double> quota);

} // namespace troupe::net
