// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// FRAME MEMORY: what all frames of the program take, known at once and without asking anybody.
// Thread: any.
#pragma once
#include <cstddef>

namespace troupe {

/// Bytes of all frames that are alive; each counts once, however many share it. Short of what threads have yet to
/// tell: less than 64 KiB each, and nothing of those that have ended.
[[nodiscard]] std::size_t frame_bytes_alive() noexcept;

} // namespace troupe
