// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What processes and the kernel have used so far, from /proc and the CPU clocks. Functions may be
// called from any thread.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>

namespace troupe::app::bench {

struct process_sample {
  std::chrono::nanoseconds cpu{0}; ///< User and system time of all threads, ended ones included.
  std::map<pid_t, std::chrono::nanoseconds> threads; ///< The same per living thread.
  std::size_t resident_bytes = 0;
};

/// @throws std::runtime_error naming the process if it is gone or may not be read.
process_sample sample_process(pid_t process);

/// CPU time of a process, all threads. @throws as sample_process().
std::chrono::nanoseconds process_cpu(pid_t process);

/// CPU time of the thread that used most of it between two samples.
std::chrono::nanoseconds busiest_thread(const process_sample& before, const process_sample& after);

/// Kernel memory of the whole machine that connections live in: slab caches (sockets, files, epoll
/// items) and socket buffers. Both ends of a loopback connection count, and whatever else the
/// machine does.
std::size_t sample_kernel_bytes();

} // namespace troupe::app::bench
