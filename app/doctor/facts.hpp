// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What the doctor looks at: the machine as plain values, so that its judgement can be tested with any.
#pragma once
#include "app/settings.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::app::doctor {

/// A port the server would listen on.
struct port_facts {
  std::string option; ///< "listen.port"
  std::uint16_t port = 0;
  int fault = 0;      ///< errno of binding it; 0: it can be had.
};

/// The files of tls.certificate and tls.key.
struct tls_facts {
  std::string fault;     ///< Why they cannot be used; then the rest says nothing.
  std::chrono::sys_seconds not_before{};
  std::chrono::sys_seconds not_after{};
  bool key_fits = true;
  unsigned key_mode = 0; ///< Permissions of the key's file.
};

/// A folder that the server writes to, or the one that it would be made in.
struct folder_facts {
  int fault = 0;          ///< errno of writing there; 0: it can be.
  bool in_memory = false; ///< A tmpfs.
  std::uint64_t free_bytes = 0;
};

/// What is not known is absent: a file the kernel does not have, or hides.
struct facts {
  std::chrono::sys_seconds now{};
  std::uint64_t descriptors = 0; ///< The hard limit, which the server raises itself to.
  std::optional<std::uint64_t> system_descriptors; ///< fs.nr_open, above which no limit goes.
  std::optional<std::uint64_t> somaxconn;
  std::optional<std::uint64_t> syn_backlog;
  std::optional<std::uint64_t> first_ephemeral_port;
  std::optional<std::uint64_t> last_ephemeral_port;
  bool io_uring_works = true;
  std::optional<std::uint64_t> io_uring_disabled; ///< kernel.io_uring_disabled
  std::string huge_pages;                         ///< "always", "madvise", "never" or nothing.
  std::string clock_source;                       ///< "tsc"
  std::optional<bool> clock_is_synchronized;
  std::optional<std::uint64_t> conntrack_max;     ///< nf_conntrack_max; absent: not loaded.
  std::uint64_t processors = 1;                   ///< That the process may run on.
  std::optional<double> processor_quota;          ///< Of its control groups, in processors.
  std::optional<std::uint64_t> memory_bytes;      ///< Of the machine or its control groups.
  std::vector<port_facts> ports;
  std::optional<tls_facts> tls;                   ///< If TLS is on.
  std::optional<folder_facts> journal;            ///< events.directory, if there are events.
  std::optional<folder_facts> history;            ///< history.directory, if there is one.
};

/// Looks at this machine. Binds the ports for a moment.
[[nodiscard]] facts examine(const settings& of);

} // namespace troupe::app::doctor
