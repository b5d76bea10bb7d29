// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "internal/json.hpp"

#include "internal/json_protocol.hpp"
#include "internal/matched.hpp"

namespace troupe::net::centrifuge::internal {

using namespace troupe::centrifuge;

// -- values of the protocol ---

/// To a subscription to a pattern.
static void write_matched(output& out, const rendition& value) {
  object o(out);
  o.member("data", value.publication->data);
  o.member("info", value.publication->info);
  o.always("tags", tags_of_matched(value));
  o.always("channel", value.channel);
}

static void write(output& out, const rendition& value) {
  if (!value.channel.empty()) return write_matched(out, value);
  if (value.form == payload_form::plain) return write(out, value.publication);
  // Subscribers with deltas get text: JSON inside a JSON string.
  const auto& data = value.publication->data;
  out.is_json = out.is_json && (data.is_json || data.empty());
  object o(out);
  o.always("data", value.form == payload_form::delta ? value.delta : data.bytes);
  if (value.form == payload_form::delta) o.always("delta", true);
  publication_members(o, *value.publication);
}

static void write(output& out, const error_result& value) {
  object o(out);
  o.always("code", value.code);
  o.member("message", value.message);
  o.member("temporary", value.temporary);
}

static void write(output& out, const subscribe_result& value) {
  object o(out);
  o.expiry_members(value.expires_in);
  o.member("recoverable", value.recoverable);
  o.member("epoch", value.position.epoch);
  o.member("publications", value.publications);
  o.member("recovered", value.recovered);
  o.member("offset", value.position.offset);
  o.member("positioned", value.positioned);
  o.member("data", value.data);
  o.member("was_recovering", value.was_recovering);
  o.member("delta", value.delta);
}

static void write(output& out, const connect_result& value) {
  object o(out);
  o.member("client", value.client);
  o.member("version", value.version);
  o.expiry_members(value.expires_in);
  o.member("data", value.data);
  o.member("subs", value.subs);
  o.member("ping", value.ping.count());
  o.member("pong", value.pong);
  o.member("session", value.where.session);
  o.member("node", value.where.node);
  o.member("time", value.time.count());
}

static void write(output& out, const unsubscribe_result&) { object o(out); }
static void write(output& out, const publish_result&) { object o(out); }

static void write(output& out, const history_result& value) {
  object o(out);
  o.always("publications", value.publications);
  o.always("epoch", value.position.epoch);
  o.always("offset", value.position.offset);
}

static void write(output& out, const rpc_result& value) {
  object o(out);
  o.member("data", value.data);
}

static void write(output& out, const refresh_result& value) {
  object o(out);
  o.expiry_members(value.expires_in);
}

static void write(output& out, const sub_refresh_result& value) {
  object o(out);
  o.expiry_members(value.expires_in);
}

static void write(output& out, const join_push& value) {
  object o(out);
  o.always("info", value.info);
}

static void write(output& out, const leave_push& value) {
  object o(out);
  o.always("info", value.info);
}

static void write(output& out, const unsubscribe_push& value) {
  object o(out);
  o.always("code", static_cast<std::uint32_t>(value.code));
  o.always("reason", to_string(value.code));
}

static void write(output& out, const subscribe_push& value) {
  object o(out);
  o.member("recoverable", value.recoverable);
  o.member("epoch", value.position.epoch);
  o.member("offset", value.position.offset);
  o.member("positioned", value.positioned);
  o.member("data", value.data);
}

static void write(output& out, const message_push& value) {
  object o(out);
  o.member("data", value.data);
}

static void write(output& out, const disconnect_push& value) {
  object o(out);
  o.always("code", value.code);
  o.always("reason", value.reason);
}

static void write(output& out, const refresh_push& value) {
  object o(out);
  o.expiry_members(value.expires_in);
}

// -- envelopes ---

namespace {

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
constexpr std::string_view key_of(const disconnect_push&) { return "disconnect"; }

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
