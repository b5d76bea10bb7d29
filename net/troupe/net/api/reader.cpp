// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/api/reader.hpp>

#include <troupe/net/centrifuge/codecs.hpp>
#include <troupe/net/centrifuge/internal/json_values.hpp>

#include <string>
#include <utility>

namespace troupe::net::api {

namespace {

using centrifuge::internal::json_scratch;
using centrifuge::internal::read_member;
namespace ondemand = simdjson::ondemand;

/// A request that is still JSON: one thread's scratch memory holds one text at a time.
struct raw_command {
  std::string method; // empty: names none
  payload params;
  bool is_null = false;
};

struct raw_batch {
  std::vector<raw_command> commands;
  bool parallel = false;
};

struct raw_legacy {
  payload id;
  std::string method;
  payload params;
};

} // namespace

// Found by its type.
static void read(ondemand::value from, disconnect_notice& to) {
  centrifuge::internal::read_object(from, centrifuge::internal::member{"code", to.code},
                                    centrifuge::internal::member{"reason", to.reason});
}

namespace {

template <class Visit>
void for_each_field(ondemand::value from, Visit visit) {
  for (ondemand::field field : from.get_object()) {
    const std::string key{std::string_view(field.unescaped_key())};
    visit(key, field.value());
  }
}

template <class Request>
void read(ondemand::value from, Request& to) {
  for_each_field(from, [&](const std::string& key, ondemand::value value) {
    bool taken = false;
    Request::fields(to, [&](std::string_view name, auto& member) {
      if (taken || name != key) return; // a value is read once
      taken = true;
      read_member(value, member);
    });
  });
}

/// How a batch ranks methods; less wins.
std::size_t rank(std::string_view method) {
  std::size_t at = 0;
  std::size_t found = std::variant_size_v<command>;
  visit_methods([&]<class Request>(std::type_identity<Request>) {
    if (Request::method == method) found = at;
    ++at;
  });
  return found;
}

void read(ondemand::value from, raw_command& to) {
  for_each_field(from, [&](const std::string& key, ondemand::value value) {
    if (value.type() == ondemand::json_type::null || rank(key) >= rank(to.method)) return;
    to.method = key;
    read_member(value, to.params);
  });
}

void read(ondemand::value from, raw_batch& to) {
  for_each_field(from, [&](const std::string& key, ondemand::value value) {
    if (key == "parallel") read_member(value, to.parallel);
    if (key != "commands" || value.type() == ondemand::json_type::null) return;
    for (ondemand::value element : value.get_array()) {
      auto& next = to.commands.emplace_back();
      next.is_null = element.type() == ondemand::json_type::null;
      if (!next.is_null) read(element, next);
    }
  });
}

void read(ondemand::value from, raw_legacy& to) {
  for_each_field(from, [&](const std::string& key, ondemand::value value) {
    if (key == "id") read_member(value, to.id);
    if (key == "method") read_member(value, to.method);
    if (key == "params") read_member(value, to.params);
  });
}

/// The text must be JSON.
template <class T>
bool parse(std::string_view json, T& to) {
  thread_local json_scratch memory;
  try {
    auto document = memory.iterate(json);
    read(document.get_value().value(), to);
    return true;
  } catch (const simdjson::simdjson_error&) {
    return false;
  }
}

/// Nothing if a field has a wrong type.
std::optional<batch_command> read_command(std::string_view method, std::string_view json) {
  std::optional<batch_command> result{error_code::method_not_found};
  visit_methods([&]<class Request>(std::type_identity<Request>) {
    if (Request::method != method) return;
    Request parsed;
    if (parse(json, parsed)) result.emplace(command{std::move(parsed)});
    else result.reset();
  });
  return result;
}

std::optional<request> read_batch(std::string_view json) {
  raw_batch raw;
  if (!parse(json, raw)) return std::nullopt;
  batch_request result{{}, raw.parallel};
  for (const auto& [method, params, is_null] : raw.commands) {
    if (is_null) {
      result.commands.emplace_back(error_code::bad_request);
      continue;
    }
    auto next = read_command(method, params.bytes);
    if (!next) return std::nullopt;
    result.commands.push_back(*std::move(next));
  }
  return result;
}

constexpr std::string_view blanks = " \t\r\n";

} // namespace

bool is_method(std::string_view name) {
  return name == batch_request::method || rank(name) < std::variant_size_v<command>;
}

std::optional<request> read_request(std::string_view method, std::string_view json) {
  if (!centrifuge::is_json(json)) return std::nullopt;
  if (method == batch_request::method) return read_batch(json);
  auto parsed = read_command(method, json);
  if (!parsed || !std::holds_alternative<command>(*parsed)) return std::nullopt;
  return std::get<command>(*std::move(parsed));
}

std::optional<std::vector<legacy_command>> read_legacy(std::string_view json) {
  std::vector<legacy_command> all;
  while (true) {
    json.remove_prefix(std::min(json.find_first_not_of(blanks), json.size()));
    if (json.empty()) break;
    const auto size = centrifuge::first_json(json);
    raw_legacy raw;
    if (size == 0 || !parse(json.substr(0, size), raw)) return std::nullopt;
    json.remove_prefix(size);
    if (raw.params.empty()) raw.params.bytes = "{}";
    auto what = read_command(raw.method, raw.params.bytes);
    if (!what) return std::nullopt;
    all.push_back({std::move(raw.id), std::move(raw.method), *std::move(what)});
  }
  if (all.empty()) return std::nullopt;
  return all;
}

} // namespace troupe::net::api
