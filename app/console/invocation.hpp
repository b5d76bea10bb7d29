// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// One command as it was typed, taken apart by the table of commands.
#pragma once
#include "app/console/answer.hpp"
#include "app/console/commands.hpp"
#include "app/console/condition.hpp"
#include "app/console/selection.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::app::console {

class invocation {
public:
  /// @throws query_error that names what was not understood.
  static invocation parse(std::string_view line);

  [[nodiscard]] const command& what() const noexcept { return *command_; }
  [[nodiscard]] bool has(std::string_view argument) const { return values_.contains(argument); }
  /// Who may do it. Payloads, and what they hold, are for operators alone.
  [[nodiscard]] role needs() const;
  /// Of a word, choice or rest; empty if it was left out.
  [[nodiscard]] const std::string& text(std::string_view argument) const;
  /// Of a target: "user" of `user alice`, whose text() is then "alice".
  [[nodiscard]] const std::string& kind() const noexcept { return kind_; }
  [[nodiscard]] std::optional<std::size_t> count(std::string_view argument) const;
  [[nodiscard]] std::optional<std::chrono::nanoseconds> duration(std::string_view argument) const;
  [[nodiscard]] const condition& where() const noexcept { return where_; }
  /// By the arguments by, where, n and offset.
  [[nodiscard]] selection rows(std::string default_key = {}) const;

  /// What it chooses of a small table: all rows unless it says how many.
  [[nodiscard]] answer chosen_of(const table& all) const;

private:
  void take(const argument& expected, word_reader& in);
  void take_value(const argument& expected, std::string value);

  const command* command_ = nullptr;
  std::map<std::string, std::string, std::less<>> values_;
  std::string kind_;
  condition where_;
};

} // namespace troupe::app::console
