// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LINE EDITOR: lines from a terminal with editing, completion of commands and a history that is kept in
// ~/.troupe_history, for the user alone. Thread: one; there is one editor in a process.
#pragma once
#include <optional>
#include <string>

namespace troupe::app::console {

class line_editor {
public:
  line_editor();

  /// The next line that is not blank, without its end; nothing at the end of the input.
  std::optional<std::string> read(const std::string& prompt);

private:
  void remember(const std::string& line);

  std::string history_file_; // empty: none
  std::string last_;
};

} // namespace troupe::app::console
