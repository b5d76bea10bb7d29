// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The WHERE of a query: comparisons of columns with values, joined by and, or, not and parentheses:
//   queue_bytes > 64KiB and (user ~ "al" or not idle < 5s)
// It is read without knowing the columns, then bound to those of a source.
// Bounded by: max_comparisons. Thread: plain values.
#pragma once
#include "app/console/table.hpp"
#include "app/console/word_reader.hpp"

#include <string>
#include <vector>

namespace troupe::app::console {

enum class comparison : std::uint8_t { equal, unequal, less, at_most, greater, at_least, like, unlike };

class condition {
public:
  static constexpr std::size_t max_comparisons = 32;
  static constexpr std::size_t max_depth = 16; ///< Of parentheses and nots.

  /// Holds for every row.
  condition() = default;

  /// Reads a whole condition and stops before the first word that does not belong to it.
  /// @throws query_error
  static condition parse(word_reader& in);

  /// Holds where both do.
  static condition both(condition left, condition right);

  [[nodiscard]] bool empty() const noexcept { return nodes_.empty(); }

  /// Finds the columns and reads the values by their types. @throws query_error that names the column
  /// or the value at fault.
  void bind(const std::vector<column>& columns);

  /// Call after bind(), for a source with those columns. A comparison with what is not known does not
  /// hold, whatever it is.
  [[nodiscard]] bool holds(const row_source& rows, std::size_t row) const;

private:
  enum class kind : std::uint8_t { both, either, negation, compare };
  struct node {
    kind what = kind::compare;
    std::size_t left = 0;
    std::size_t right = 0;
    // Of a comparison.
    std::string name;
    comparison how = comparison::equal;
    std::string value;
    bool is_quoted = false;
    std::size_t column = 0;
    column_type type = column_type::text;
    double number = 0;
  };

  std::size_t parse_either(word_reader& in, std::size_t depth);
  std::size_t parse_both(word_reader& in, std::size_t depth);
  std::size_t parse_one(word_reader& in, std::size_t depth);
  std::size_t parse_comparison(word_reader& in);
  std::size_t add(node next);
  [[nodiscard]] bool holds(std::size_t at, const row_source& rows, std::size_t row) const;
  [[nodiscard]] static bool compare(const node& n, const row_source& rows, std::size_t row);

  std::vector<node> nodes_; // children before their parents; the last is the root
};

} // namespace troupe::app::console
