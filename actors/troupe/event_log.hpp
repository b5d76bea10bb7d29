// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The port through which Troupe logs. One call is one event and becomes one line; the implementation
// escapes and cuts the values. Thread: write() is called from any thread and must not block for long.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace troupe {

/// How bad it is: errors want somebody to do something, warnings to look.
enum class severity : std::uint8_t { debug, info, warning, error };

/// One named value of an event. The value is text as it came, unescaped.
struct log_field {
  std::string_view key;
  std::string value;
};

class event_log {
public:
  virtual ~event_log() = default;

  /// Writes one event. `name` is a constant in snake_case ("listening"); values may hold client text.
  virtual void write(severity level, std::string_view name,
                     std::initializer_list<log_field> fields) = 0;

  /// A log that drops everything. Lives for ever.
  static event_log& none();
};

} // namespace troupe
