// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/render.hpp"

#include "app/console/cell_json.hpp"
#include "app/console/quantity.hpp"
#include "app/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::app::console {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t widest_cell = 64; // bytes, in a grid, but for its last column

// -- for people ----------------------------------------------------------------------------------

/// Characters, near enough: what `escaped` leaves takes one column each.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Safe for a terminal, but with plain quotes: nothing here is a field that one could fake.
std::string readable(const std::string& text, std::size_t max_bytes) {
  const auto safe = escaped(text, max_bytes);
  std::string plain;
  for (std::size_t at = 0; at < safe.size(); ++at) {
    const auto next = at + 1 < safe.size() ? safe[at + 1] : ' ';
    if (safe[at] == '\\' && next == '"')
      continue;
    plain += safe[at];
    if (safe[at] == '\\' && next == '\\')
      plain += safe[++at];
  }
  return plain;
}

std::string shown(const cell& value, column_type type, std::size_t max_bytes) {
  if (const auto* text = std::get_if<std::string>(&value))
    return text->empty() ? "-" : readable(*text, max_bytes);
  if (const auto* number = std::get_if<double>(&value))
    return to_text(*number, type);
  return "-";
}

void append(std::string& to, const std::string& text, std::size_t to_width, bool right) {
  const std::string blanks(to_width - std::min(to_width, width(text)), ' ');
  to += right ? blanks + text : text + blanks;
}

void trim(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

enum class header : std::uint8_t { shown, left_out };

/// @param widths Of the columns, at least; they become what is used.
std::string as_grid(const table& what, std::vector<std::size_t>& widths, header head) {
  const auto& columns = what.columns;
  widths.resize(columns.size());
  for (std::size_t at = 0; at < columns.size(); ++at)
    widths[at] = std::max(widths[at], width(columns[at].name));
  std::vector<std::vector<std::string>> texts;
  for (const auto& row : what.rows) {
    auto& line = texts.emplace_back();
    for (std::size_t at = 0; at < columns.size(); ++at) {
      const auto max_bytes = at + 1 == columns.size() ? max_shown_bytes : widest_cell;
      line.push_back(shown(row[at], columns[at].type, max_bytes));
      widths[at] = std::max(widths[at], width(line.back()));
    }
  }
  std::string out;
  const auto add_line = [&](auto text_at) {
    std::string line;
    for (std::size_t at = 0; at < columns.size(); ++at) {
      line += at == 0 ? "" : "  ";
      append(line, text_at(at), widths[at], columns[at].type != column_type::text);
    }
    trim(line);
    out += line + '\n';
  };
  if (head == header::shown)
    add_line([&](std::size_t at) { return columns[at].name; });
  for (const auto& line : texts)
    add_line([&](std::size_t at) { return line[at]; });
  return out;
}

std::string as_detail(const table& what) {
  std::size_t widest = 0;
  for (const auto& each : what.columns)
    widest = std::max(widest, width(each.name));
  std::string out;
  for (const auto& row : what.rows)
    for (std::size_t at = 0; at < what.columns.size(); ++at) {
      std::string line;
      append(line, what.columns[at].name, widest + 2, false);
      line += shown(row[at], what.columns[at].type, max_shown_bytes);
      out += line + '\n';
    }
  return out;
}

// -- for scripts ---------------------------------------------------------------------------------

json to_json(const table& what) {
  json rows = json::array();
  for (const auto& row : what.rows) {
    auto& object = rows.emplace_back(json::object());
    for (std::size_t at = 0; at < what.columns.size(); ++at)
      object[what.columns[at].name] = json_of(row[at]);
  }
  if (what.shape == layout::detail)
    return rows.empty() ? json::object() : rows.front();
  return rows;
}

json to_json(const std::vector<table>& tables) {
  if (tables.size() == 1)
    return to_json(tables.front());
  json out = json::object();
  for (const auto& each : tables)
    out[each.title] = to_json(each);
  return out;
}

/// What is not UTF-8 is replaced: names come from clients.
std::string dump(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace) + '\n';
}

std::string csv_field(std::string text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos)
    return text;
  std::string quoted{'"'};
  for (const auto c : text)
    quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

std::string csv_cell(const cell& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return csv_field(*text);
  const auto plain = json_of(value);
  return plain.is_null() ? std::string{} : plain.dump();
}

std::string as_csv(const table& what, header head = header::shown) {
  std::string out;
  for (std::size_t at = 0; head == header::shown && at < what.columns.size(); ++at)
    out += (at == 0 ? "" : ",") + what.columns[at].name;
  out += head == header::shown ? "\n" : "";
  for (const auto& row : what.rows) {
    for (std::size_t at = 0; at < row.size(); ++at)
      out += (at == 0 ? "" : ",") + csv_cell(row[at]);
    out += '\n';
  }
  return out;
}

} // namespace

std::string render(const std::vector<table>& tables, output_format format) {
  if (format == output_format::json)
    return dump(to_json(tables), 2);
  std::string out;
  for (const auto& each : tables) {
    out += out.empty() ? "" : "\n";
    if (format == output_format::csv) {
      out += as_csv(each);
      continue;
    }
    if (!each.title.empty())
      out += escaped(each.title) + '\n';
    std::vector<std::size_t> widths;
    out += each.shape == layout::detail ? as_detail(each) : as_grid(each, widths, header::shown);
    if (each.shape == layout::grid && each.rows.empty())
      out += "(none)\n";
  }
  return out;
}

std::string running_table::add(const table& more) {
  const auto head = has_header_ ? header::left_out : header::shown;
  has_header_ = true;
  switch (format_) {
    case output_format::table: return as_grid(more, widths_, head);
    case output_format::csv: return as_csv(more, head);
    case output_format::json: break;
  }
  std::string out;
  for (const auto& row : to_json(more))
    out += dump(row, -1);
  return out;
}

std::string to_json(const answer& what, std::string_view role) {
  json out = json::object();
  if (!role.empty())
    out["role"] = role;
  if (!what.error.empty()) {
    out["error"] = what.error;
    return dump(out, -1);
  }
  if (!what.tables.empty())
    out["result"] = to_json(what.tables);
  out["notes"] = what.notes;
  if (what.rows) {
    out["matched"] = what.rows->matched;
    out["total"] = what.rows->total;
  }
  return dump(out, -1);
}

} // namespace troupe::app::console
