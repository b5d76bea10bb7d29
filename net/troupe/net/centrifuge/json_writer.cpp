// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "internal/json.hpp"
#include "internal/ttl.hpp"

#include <boost/json/serializer.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <map>
#include <utility>
#include <vector>

namespace troupe::net::centrifuge::internal {
namespace {

using namespace troupe::centrifuge;

struct output {
  std::string text;
  bool is_json = true; ///< No payload so far has spoilt it.
};

// -- values ---

void write(output& out, bool value) { out.text += value ? "true" : "false"; }

template <std::integral Integer>
void write(output& out, Integer value) {
  const fmt::format_int digits(value);
  out.text.append(digits.data(), digits.size());
}

void write(output& out, std::string_view value) {
  boost::json::serializer quoted;
  quoted.reset(boost::json::string_view(value.data(), value.size()));
  char buffer[512];
  while (!quoted.done()) {
    const auto part = quoted.read(buffer);
    out.text.append(part.data(), part.size());
  }
}

void write(output& out, const std::string& value) { write(out, std::string_view(value)); }

/// As it is, but on one line: in JSON a raw newline can only be space between tokens.
void write(output& out, const payload& value) {
  out.is_json = out.is_json && value.is_json;
  std::ranges::remove_copy(value.bytes, std::back_inserter(out.text), '\n');
}

void write(output& out, const client_info& value);
void write(output& out, const rendition& value);
void write(output& out, const publication_ptr& value);
void write(output& out, const subscribe_result& value);

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

bool is_zero(bool value) { return !value; }
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

  void expiry_members(const expiry& value) {
    if (!value) return;
    always("expires", true);
    always("ttl", ttl_seconds(*value));
  }

  void position_members(const stream_position& value) {
    member("epoch", value.epoch);
    member("offset", value.offset);
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

void write(output& out, const client_info& value) {
  object o(out);
  o.always("user", value.user);
  o.always("client", value.client);
  o.member("conn_info", value.conn_info);
  o.member("chan_info", value.chan_info);
}

void publication_members(object& o, const publication& value) {
  o.member("info", value.info);
  o.member("offset", value.offset);
  o.member("tags", value.tags);
}

void write(output& out, const publication_ptr& value) {
  object o(out);
  o.member("data", value->data);
  publication_members(o, *value);
}

void write(output& out, const rendition& value) {
  if (value.form == payload_form::plain) return write(out, value.publication);
  // Subscribers with deltas get text: JSON inside a JSON string.
  const auto& data = value.publication->data;
  out.is_json = out.is_json && (data.is_json || data.empty());
  object o(out);
  o.always("data", value.form == payload_form::delta ? value.delta : data.bytes);
  if (value.form == payload_form::delta) o.always("delta", true);
  publication_members(o, *value.publication);
}

void write(output& out, const error_result& value) {
  object o(out);
  o.always("code", value.code);
  o.member("message", value.message);
  o.member("temporary", value.temporary);
}

void write(output& out, const subscribe_result& value) {
  object o(out);
  o.expiry_members(value.expires_in);
  o.member("recoverable", value.recoverable);
  o.position_members(value.position);
  o.member("publications", value.publications);
  o.member("recovered", value.recovered);
  o.member("positioned", value.positioned);
  o.member("data", value.data);
  o.member("was_recovering", value.was_recovering);
  o.member("delta", value.delta);
}

void write(output& out, const connect_result& value) {
  object o(out);
  o.member("client", value.client);
  o.member("version", value.version);
  o.expiry_members(value.expires_in);
  o.member("data", value.data);
  o.member("subs", value.subs);
  o.member("ping", value.ping.count());
  o.member("pong", value.pong);
  o.member("time", value.time.count());
}

void write(output& out, const unsubscribe_result&) { object o(out); }
void write(output& out, const publish_result&) { object o(out); }

void write(output& out, const presence_result& value) {
  object o(out);
  o.always("presence", value.clients);
}

void write(output& out, const presence_stats_result& value) {
  object o(out);
  o.always("num_clients", value.clients);
  o.always("num_users", value.users);
}

void write(output& out, const history_result& value) {
  object o(out);
  o.always("publications", value.publications);
  o.always("epoch", value.position.epoch);
  o.always("offset", value.position.offset);
}

void write(output& out, const rpc_result& value) {
  object o(out);
  o.member("data", value.data);
}

void write(output& out, const refresh_result& value) {
  object o(out);
  o.expiry_members(value.expires_in);
}

void write(output& out, const sub_refresh_result& value) {
  object o(out);
  o.expiry_members(value.expires_in);
}

void write(output& out, const join_push& value) {
  object o(out);
  o.always("info", value.info);
}

void write(output& out, const leave_push& value) {
  object o(out);
  o.always("info", value.info);
}

void write(output& out, const unsubscribe_push& value) {
  object o(out);
  o.always("code", static_cast<std::uint32_t>(value.code));
  o.always("reason", to_string(value.code));
}

void write(output& out, const subscribe_push& value) {
  object o(out);
  o.member("recoverable", value.recoverable);
  o.position_members(value.position);
  o.member("positioned", value.positioned);
  o.member("data", value.data);
}

void write(output& out, const message_push& value) {
  object o(out);
  o.member("data", value.data);
}

void write(output& out, const refresh_push& value) {
  object o(out);
  o.expiry_members(value.expires_in);
}

// -- envelopes ---

constexpr std::string_view key_of(const error_result&) { return "error"; }
constexpr std::string_view key_of(const connect_result&) { return "connect"; }
constexpr std::string_view key_of(const subscribe_result&) { return "subscribe"; }
constexpr std::string_view key_of(const unsubscribe_result&) { return "unsubscribe"; }
constexpr std::string_view key_of(const publish_result&) { return "publish"; }
constexpr std::string_view key_of(const presence_result&) { return "presence"; }
constexpr std::string_view key_of(const presence_stats_result&) { return "presence_stats"; }
constexpr std::string_view key_of(const history_result&) { return "history"; }
constexpr std::string_view key_of(const rpc_result&) { return "rpc"; }
constexpr std::string_view key_of(const refresh_result&) { return "refresh"; }
constexpr std::string_view key_of(const sub_refresh_result&) { return "sub_refresh"; }
constexpr std::string_view key_of(const rendition&) { return "pub"; }
constexpr std::string_view key_of(const join_push&) { return "join"; }
constexpr std::string_view key_of(const leave_push&) { return "leave"; }
constexpr std::string_view key_of(const unsubscribe_push&) { return "unsubscribe"; }
constexpr std::string_view key_of(const subscribe_push&) { return "subscribe"; }
constexpr std::string_view key_of(const message_push&) { return "message"; }
constexpr std::string_view key_of(const refresh_push&) { return "refresh"; }

template <class Variant>
void body_member(object& o, const Variant& body) {
  std::visit([&](const auto& value) { o.always(key_of(value), value); }, body);
}

std::optional<std::string> finished(output&& out) {
  if (!out.is_json) return std::nullopt;
  return std::move(out.text);
}

} // namespace

std::optional<std::string> write_json(const reply& message) {
  output out;
  {
    object o(out);
    o.member("id", message.id);
    body_member(o, message.body);
  }
  return finished(std::move(out));
}

std::optional<std::string> write_json(const push& message) {
  output out;
  {
    object o(out);
    o.begin("push");
    object body(out);
    body.member("channel", message.channel);
    body_member(body, message.body);
  }
  return finished(std::move(out));
}

} // namespace troupe::net::centrifuge::internal
