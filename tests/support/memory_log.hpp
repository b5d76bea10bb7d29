// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// MEMORY LOG: keeps what was logged. Thread: any.
#pragma once
#include <troupe/event_log.hpp>

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tests {

class memory_log final : public event_log {
public:
  struct event {
    severity level;
    std::string name;
    std::map<std::string, std::string> fields;
  };

  void write(severity level, std::string_view name,
             std::initializer_list<log_field> fields) override {
    event e{level, std::string{name}, {}};
    for (const auto& f : fields)
      e.fields.emplace(f.key, f.value);
    const std::lock_guard lock{mutex_};
    events_.push_back(std::move(e));
  }

  /// Events called `name`, so far.
  [[nodiscard]] std::vector<event> named(std::string_view name) const {
    const std::lock_guard lock{mutex_};
    std::vector<event> found;
    for (const auto& e : events_)
      if (e.name == name)
        found.push_back(e);
    return found;
  }

  /// All, so far.
  [[nodiscard]] std::vector<event> events() const {
    const std::lock_guard lock{mutex_};
    return events_;
  }
  void clear() {
    const std::lock_guard lock{mutex_};
    events_.clear();
  }

private:
  mutable std::mutex mutex_;
  std::vector<event> events_;
};

} // namespace troupe::tests
