// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Reads a command line word by word. Words are separated by blanks; double quotes keep blanks, and
// inside of them a backslash takes the next character as it is.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace troupe::app::console {

class word_reader {
public:
  /// The text outlives the reader.
  explicit word_reader(std::string_view line) : rest_{line} {}

  /// The next word, or nothing at the end. @throws query_error for a quote that is not closed.
  std::optional<std::string> next();
  /// The same without moving on.
  [[nodiscard]] std::optional<std::string> peek() const;
  /// As next(), but operators and parentheses are words of their own outside of quotes; tells a quoted
  /// word from a bare one.
  struct token {
    std::string text;
    bool quoted = false;
  };
  std::optional<token> next_token();
  [[nodiscard]] std::optional<token> peek_token() const;

  /// All that is left, without the blanks around it.
  std::string take_rest();

private:
  void skip_blanks();
  std::string quoted();

  std::string_view rest_;
};

} // namespace troupe::app::console
