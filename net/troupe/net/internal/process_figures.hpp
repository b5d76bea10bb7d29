// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#pragma once

namespace troupe::net {

/// What the kernel knows of this process.
struct process_figures {
  double cpu_seconds = 0;
  double start_seconds = 0; ///< Since the epoch.
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_descriptors = 0;
  double max_descriptors = 0;
};

/// Reads /proc; what cannot be read is 0. Thread: any but a loop's: the kernel counts descriptors one by
/// one.
process_figures read_process_figures();

} // namespace troupe::net
