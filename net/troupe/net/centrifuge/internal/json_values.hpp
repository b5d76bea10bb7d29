// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Reads JSON: values by read(), objects by read_object(). read() for a type is found by that type, so
// it may be declared after this header.
#pragma once
#include <troupe/centrifuge/authentication.hpp>
#include <troupe/centrifuge/command.hpp>

#include <simdjson.h>

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::net::centrifuge::internal {

namespace ondemand = simdjson::ondemand;

/// simdjson reads up to SIMDJSON_PADDING bytes behind the text: every thread copies its texts here.
struct json_scratch {
  ondemand::parser parser;
  std::string padded;

  /// What it returns holds until the next call.
  auto iterate(std::string_view text) {
    padded.assign(text).append(simdjson::SIMDJSON_PADDING, ' ');
    return parser.iterate(padded.data(), text.size(), padded.size());
  }
};

// Each read() throws simdjson_error if the value is of another type. Whether the line is JSON at
// all has been found out before: simdjson itself does not look into what is skipped, and payloads
// are.

inline void read(ondemand::value from, bool& to) { to = from.get_bool(); }

inline void read(ondemand::value from, std::string& to) {
  to = std::string_view(from.get_string());
}

template <std::integral Integer>
void read(ondemand::value from, Integer& to) {
  const auto number = [&] {
    if constexpr (std::unsigned_integral<Integer>)
      return from.get_uint64().value();
    else
      return from.get_int64().value();
  }();
  if (!std::in_range<Integer>(number))
    throw simdjson::simdjson_error(simdjson::NUMBER_OUT_OF_RANGE);
  to = static_cast<Integer>(number);
}

inline void read(ondemand::value from, troupe::centrifuge::payload& to) {
  to.bytes = std::string_view(simdjson::to_json_string(from));
  to.is_json = true;
}

// Of the protocol: json_reader.cpp.
void read(ondemand::value from, troupe::centrifuge::filter_node& to);
void read(ondemand::value from, troupe::centrifuge::stream_position& to);
void read(ondemand::value from, troupe::centrifuge::subscribe_request& to);

/// {"presence":{"value":true}}
void read(ondemand::value from, troupe::centrifuge::option_overrides& to);

template <class T>
void read(ondemand::value from, std::optional<T>& to);
template <class T>
void read(ondemand::value from, std::vector<T>& to);
template <class T>
void read(ondemand::value from, std::map<std::string, T>& to);

/// null stands for a member that is not there. As a payload it is a value like any other.
template <class T>
void read_member(ondemand::value from, T& to) {
  if (std::same_as<T, troupe::centrifuge::payload> || from.type() != ondemand::json_type::null) read(from, to);
}

template <class T>
void read(ondemand::value from, std::optional<T>& to) {
  read(from, to.emplace());
}

template <class T>
void read(ondemand::value from, std::vector<T>& to) {
  for (ondemand::value element : from.get_array()) read_member(element, to.emplace_back());
}

template <class T>
void read(ondemand::value from, std::map<std::string, T>& to) {
  for (ondemand::field field : from.get_object()) {
    const std::string_view key = field.unescaped_key();
    read_member(field.value(), to[std::string(key)]);
  }
}

/// A member of a JSON object and where it goes.
template <class T>
struct member {
  std::string_view key;
  T& to;
};
template <class T>
member(std::string_view, T&) -> member<T>;

template <class... T>
void read_object(ondemand::object from, member<T>... members) {
  for (ondemand::field field : from) {
    const std::string_view key = field.unescaped_key();
    ondemand::value value = field.value();
    // The first with this key reads the value; others are ignored.
    static_cast<void>(((key == members.key && (read_member(value, members.to), true)) || ...));
  }
}

} // namespace troupe::net::centrifuge::internal
