// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SESSION BOOK: who is on the console, for the console itself. Thread: any.
#pragma once
#include "app/console/commands.hpp"
#include "app/console/table.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace troupe::app::console {

/// Who asks, for rights and for the log.
struct operator_identity {
  role may = role::read_only;
  std::uint64_t session = 0; ///< Number of the session since the start, from 1; 0: it is none.
  std::optional<std::uint32_t> user = {}; ///< Of the system, by the socket's credentials.
  std::optional<std::int32_t> process = {};
  std::string peer = {};     ///< Whoever comes otherwise: an address, or "http".

  /// For the log; empty if it is not known.
  [[nodiscard]] std::string uid() const { return user ? std::to_string(*user) : std::string{}; }
  [[nodiscard]] std::string pid() const { return process ? std::to_string(*process) : std::string{}; }
};

class session_book {
public:
  struct totals {
    std::uint64_t opened = 0;
    std::uint64_t refused = 0; ///< Beyond console.max_sessions, or of a foreign user.
    std::uint64_t cut = 0;     ///< Did not read what they had asked for.
  };

  /// @returns the identity with its number; nothing is opened, and it has none, at the limit.
  operator_identity open(operator_identity who, std::size_t limit);
  void close(const operator_identity& who);
  void count_refused();
  void count_cut();
  void count_command(const operator_identity& who);

  [[nodiscard]] totals counts() const;
  [[nodiscard]] table sessions() const;

private:
  struct entry {
    operator_identity who;
    std::chrono::steady_clock::time_point since;
    std::uint64_t commands = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::uint64_t, entry> entries_;
  totals totals_;
};

} // namespace troupe::app::console
