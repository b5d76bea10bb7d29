// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a command of the console answers: rows of cells under named, typed columns; and the rows a query
// reads where they are, so that only what is shown is copied.
// Thread: plain values; a row_source is read on the thread that made it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::app::console {

enum class column_type : std::uint8_t {
  text,
  number,
  duration, ///< In nanoseconds.
  bytes,
};

struct column {
  std::string name; ///< snake_case, the name in queries and in JSON.
  column_type type = column_type::text;
  std::string meaning = {}; ///< For help; a short phrase.
};

/// Nothing is a value that is not known.
using cell = std::variant<std::monostate, double, std::string>;

enum class layout : std::uint8_t {
  grid,   ///< One line for each row.
  detail, ///< One row, one line for each column.
};

struct table {
  std::string title; ///< Empty if the command says it all.
  std::vector<column> columns;
  std::vector<std::vector<cell>> rows;
  layout shape = layout::grid;
};

/// Adds a column and the cell of the only row.
void add_detail(table& to, std::string name, column_type type, cell value);

/// Rows to choose from.
class row_source {
public:
  virtual ~row_source() = default;
  [[nodiscard]] virtual const std::vector<column>& columns() const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// Of a column that is not text. NaN: not known.
  [[nodiscard]] virtual double number(std::size_t row, std::size_t column) const = 0;
  /// Of a text column.
  [[nodiscard]] virtual std::string text(std::size_t row, std::size_t column) const = 0;
};

/// Position of a column, or columns.size().
[[nodiscard]] std::size_t find_column(const std::vector<column>& columns, std::string_view name);

/// The rows of a table as a source; the table outlives it.
class table_rows final : public row_source {
public:
  explicit table_rows(const table& of) : table_{of} {}
  [[nodiscard]] const std::vector<column>& columns() const override { return table_.columns; }
  [[nodiscard]] std::size_t size() const override { return table_.rows.size(); }
  [[nodiscard]] double number(std::size_t row, std::size_t column) const override;
  [[nodiscard]] std::string text(std::size_t row, std::size_t column) const override;

private:
  const table& table_;
};

} // namespace troupe::app::console
