// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/answer.hpp"

#include "app/console/cell_json.hpp"
#include "app/console/query_error.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace troupe::app::console {

namespace {

using json = nlohmann::ordered_json;

constexpr std::array type_names{
    std::pair{column_type::text, "text"}, std::pair{column_type::number, "number"},
    std::pair{column_type::duration, "duration"}, std::pair{column_type::bytes, "bytes"}};

std::string line_of(const json& value) {
  // What is not UTF-8 is replaced rather than refused: names come from clients.
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

json to_json(const table& what) {
  json columns = json::array();
  for (const auto& each : what.columns)
    for (const auto& [type, name] : type_names)
      if (type == each.type)
        columns.push_back({{"name", each.name}, {"type", name}});
  json rows = json::array();
  for (const auto& row : what.rows) {
    json cells = json::array();
    for (const auto& each : row)
      cells.push_back(json_of(each));
    rows.push_back(std::move(cells));
  }
  return {{"title", what.title},
          {"layout", what.shape == layout::detail ? "detail" : "grid"},
          {"columns", std::move(columns)},
          {"rows", std::move(rows)}};
}

cell cell_from(const json& value) {
  if (value.is_string())
    return value.get<std::string>();
  if (value.is_number())
    return value.get<double>();
  return {};
}

table table_from(const json& value) {
  table result;
  result.title = value.at("title").get<std::string>();
  result.shape = value.at("layout") == "detail" ? layout::detail : layout::grid;
  for (const auto& each : value.at("columns")) {
    column next{each.at("name").get<std::string>()};
    for (const auto& [type, name] : type_names)
      if (each.at("type") == name)
        next.type = type;
    result.columns.push_back(std::move(next));
  }
  for (const auto& row : value.at("rows")) {
    auto& cells = result.rows.emplace_back();
    for (const auto& each : row)
      cells.push_back(cell_from(each));
    cells.resize(result.columns.size());
  }
  return result;
}

} // namespace

answer too_long(std::size_t bytes, std::size_t limit) {
  return answer::failed(
      fmt::format("the answer takes {} bytes, more than {}; ask for fewer rows with n", bytes, limit));
}

std::string encode(const request& what) {
  return line_of({{"id", what.id}, {"command", what.command}});
}

std::string encode(std::uint64_t id, const answer& what) {
  if (!what.error.empty())
    return line_of({{"id", id}, {"error", what.error}});
  json tables = json::array();
  for (const auto& each : what.tables)
    tables.push_back(to_json(each));
  json line{{"id", id}, {"tables", std::move(tables)}, {"notes", what.notes}};
  if (what.goes_on)
    line["more"] = true;
  return line_of(line);
}

request decode_request(std::string_view line) {
  try {
    const auto value = json::parse(line);
    return {value.at("id").get<std::uint64_t>(), value.at("command").get<std::string>()};
  } catch (const json::exception&) {
    throw query_error{R"(expected a line such as {"id":1,"command":"help"})"};
  }
}

answer decode_answer(std::string_view line, std::uint64_t& id) {
  try {
    const auto value = json::parse(line);
    id = value.at("id").get<std::uint64_t>();
    if (value.contains("error"))
      return answer::failed(value.at("error").get<std::string>());
    answer result;
    for (const auto& each : value.at("tables"))
      result.tables.push_back(table_from(each));
    result.notes = value.at("notes").get<std::vector<std::string>>();
    result.goes_on = value.value("more", false);
    return result;
  } catch (const json::exception&) {
    throw query_error{"the server sent what is no answer"};
  }
}

} // namespace troupe::app::console
