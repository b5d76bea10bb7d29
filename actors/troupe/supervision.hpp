// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SUPERVISION: who on a loop starts which actors again when they fail, for those who ask and for those who make
// one fail. Thread: the loop's. Owner: the host has the list; supervisors enter and leave it by themselves.
#pragma once
#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// An actor that is started again when it fails.
struct ward {
  std::string name;
  std::uint64_t actor = 0;     ///< Number of the one that is there now; 0: none is.
  std::uint32_t restarts = 0;
  std::string last_failure;    ///< Empty before the first.
  std::chrono::system_clock::time_point failed_at{};
  bool given_up = false;       ///< It is not started again.
};

class supervisor;

/// Those of one loop.
class supervision {
public:
  /// Makes a ward fail, as an exception in it would. @returns false if nobody has it.
  bool kill(std::uint64_t actor);
  /// Every ward that is kept by name.
  [[nodiscard]] std::vector<ward> wards() const;

private:
  friend class supervisor;
  std::vector<supervisor*> all_;
};

/// Base of an actor's state that starts others again.
class supervisor {
public:
  /// @returns false if it does not have this one.
  virtual bool kill(std::uint64_t actor) = 0;
  /// Adds what is known of its wards, unless they are too many to be told.
  virtual void describe(std::vector<ward>& to) const = 0;

  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;

protected:
  supervisor() = default;
  virtual ~supervisor();
  /// From now on it can be found.
  void enter(supervision& loop);

private:
  supervision* loop_ = nullptr;
};

} // namespace troupe
