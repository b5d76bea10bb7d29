// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Writes JSON: values by write(), objects by `object`. write() for a type of the protocol is found
// by its first argument, so it may be declared after this header.
#pragma once
#include "ttl.hpp"

#include <troupe/centrifuge/reply.hpp>

#include <boost/json/serializer.hpp>
#include <fmt/format.h>

#include <chrono>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::net::centrifuge::internal {

struct output {
  std::string text;
  bool is_json = true; ///< No payload so far has spoilt it.
};

// -- values ---

inline void write(output& out, bool value) { out.text += value ? "true" : "false"; }

template <std::integral Integer>
void write(output& out, Integer value) {
  const fmt::format_int digits(value);
  out.text.append(digits.data(), digits.size());
}

inline void write(output& out, std::string_view value) {
  boost::json::serializer quoted;
  quoted.reset(boost::json::string_view(value.data(), value.size()));
  char buffer[512];
  while (!quoted.done()) {
    const auto part = quoted.read(buffer);
    out.text.append(part.data(), part.size());
  }
}

inline void write(output& out, const std::string& value) { write(out, std::string_view(value)); }

/// As it is, but on one line: in JSON a raw newline can only be space between tokens.
inline void write(output& out, const troupe::centrifuge::payload& value) {
  out.is_json = out.is_json && value.is_json;
  std::string_view rest = value.bytes;
  for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
    out.text += rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  out.text += rest;
}

template <class T>
void write(output& out, const std::optional<T>& value) {
  write(out, *value);
}

template <class T>
void write(output& out, const std::vector<T>& values) {
  out.text += '[';
  for (const auto& value : values) {
    if (&value != &values.front()) out.text += ',';
    write(out, value);
  }
  out.text += ']';
}

template <class T>
void write(output& out, const std::map<std::string, T>& values) {
  out.text += '{';
  bool is_first = true;
  for (const auto& [key, value] : values) {
    if (!std::exchange(is_first, false)) out.text += ',';
    write(out, key);
    out.text += ':';
    write(out, value);
  }
  out.text += '}';
}

// -- objects ---

inline bool is_zero(bool value) { return !value; }
template <std::integral Integer>
bool is_zero(Integer value) {
  return value == 0;
}
template <class T>
bool is_zero(const std::optional<T>& value) {
  return !value.has_value();
}
template <class Container>
requires requires(const Container& c) { c.empty(); }
bool is_zero(const Container& value) { return value.empty(); }

/// Writes the members of one object between its construction and its end.
class object {
public:
  explicit object(output& out) : out_(out) { out_.text += '{'; }
  ~object() { out_.text += '}'; }
  object(const object&) = delete;
  object& operator=(const object&) = delete;

  /// Left out if it has its zero value.
  template <class T>
  void member(std::string_view key, const T& value) {
    if (!is_zero(value)) always(key, value);
  }

  template <class T>
  void always(std::string_view key, const T& value) {
    begin(key);
    write(out_, value);
  }

  void always(std::string_view key, std::chrono::seconds value) { always(key, value.count()); }

  void expiry_members(const troupe::centrifuge::expiry& value) {
    if (!value) return;
    always("expires", true);
    always("ttl", ttl_seconds(*value));
  }

  /// What follows is the value of this key.
  void begin(std::string_view key) {
    if (!std::exchange(is_first_, false)) out_.text += ',';
    out_.text += '"';
    out_.text += key;
    out_.text += "\":";
  }

private:
  output& out_;
  bool is_first_ = true;
};

} // namespace troupe::net::centrifuge::internal
