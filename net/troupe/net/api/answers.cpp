// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/api/answers.hpp>

#include <troupe/net/base64.hpp>
#include <troupe/net/centrifuge/internal/json_protocol.hpp>

#include <utility>

namespace troupe::net::api {

using centrifuge::internal::object;
using centrifuge::internal::output;
namespace protocol = centrifuge::internal;

/// As the API shows it.
struct shown_connection {
  const listed_connection& what;
};

// Found by their types.

static void write(output& out, const channel_figures& value) {
  object o(out);
  o.always("num_clients", value.clients);
}

static void write(output& out, const node_figures& value) {
  object o(out);
  o.always("uid", value.uid);
  o.always("name", value.name);
  o.always("version", value.version);
  o.always("num_clients", value.clients);
  o.always("num_users", value.users);
  o.always("num_channels", value.channels);
  o.member("uptime", value.uptime);
  o.always("num_subs", value.subscriptions);
}

static void write(output& out, const shown_connection& value) {
  object o(out);
  o.always("client", value.what.id.to_string());
  o.always("user", value.what.user);
  o.always("transport", to_string(value.what.origin.over));
  o.member("address", value.what.origin.peer);
  o.member("encrypted", value.what.origin.encrypted);
  o.member("groups", value.what.groups);
  o.member("labels", value.what.labels);
  o.member("channels", value.what.channels);
  o.always("age", value.what.age.count());
  o.always("idle", value.what.idle.count());
}

namespace {

/// A publication as the API gives it; what is no JSON goes in base64.
struct kept_publication {
  const troupe::centrifuge::publication& what;
};

void write(output& out, const kept_publication& value) {
  object o(out);
  const auto& data = value.what.data;
  if (data.is_json) o.member("data", data);
  else o.member("b64data", encode(base64::standard, data.bytes));
  protocol::publication_members(o, value.what);
}

/// The text of an object whose members `fill` writes.
template <class Fill>
std::string object_text(Fill fill) {
  output out;
  {
    object o(out);
    fill(o, out);
  }
  return std::move(out.text);
}

void answer_members(object& o, output& out, const answer& what, std::string_view result_key) {
  if (const auto* why = std::get_if<failure>(&what)) {
    o.begin("error");
    out.text += to_json(*why);
  } else {
    o.begin(result_key);
    out.text += std::get<std::string>(what);
  }
}

} // namespace

std::string to_json(const empty_result&) { return "{}"; }

std::string to_json(const publish_result& what) {
  return object_text([&](object& o, output&) {
    o.member("offset", what.position.offset);
    if (what.position.offset != 0) o.member("epoch", what.position.epoch);
  });
}

std::string to_json(const troupe::centrifuge::presence_result& what) {
  output out;
  protocol::write(out, what);
  return std::move(out.text);
}

std::string to_json(const troupe::centrifuge::presence_stats_result& what) {
  output out;
  protocol::write(out, what);
  return std::move(out.text);
}

std::string to_json(const troupe::centrifuge::history_page& what) {
  return object_text([&](object& o, output&) {
    std::vector<kept_publication> all;
    all.reserve(what.publications.size());
    for (const auto& p : what.publications) all.push_back({*p});
    o.always("publications", all);
    o.always("epoch", what.top.epoch);
    o.always("offset", what.top.offset);
  });
}

std::string to_json(const channels_result& what) {
  return object_text([&](object& o, output&) { o.always("channels", what.channels); });
}

std::string to_json(const info_result& what) {
  return object_text([&](object& o, output&) { o.always("nodes", what.nodes); });
}

std::string to_json(const connections_result& what) {
  return object_text([&](object& o, output&) {
    std::vector<shown_connection> all;
    all.reserve(what.connections.size());
    for (const auto& each : what.connections) all.push_back({each});
    o.always("connections", all);
    o.member("cursor", what.cursor);
  });
}

std::string to_json(const receipt& what) {
  return object_text([&](object& o, output&) {
    o.always("matched", what.matched);
    o.always("queued", what.queued);
    o.always("dropped", what.dropped);
  });
}

std::optional<transport_kind> parse_transport(std::string_view text) noexcept {
  for (const auto known : all_transport_kinds)
    if (text == to_string(known)) return known;
  return std::nullopt;
}

std::string to_json(const rpc_result& what) {
  return object_text([&](object& o, output&) {
    if (what.data.is_json) o.member("data", what.data);
    else o.member("b64data", encode(base64::standard, what.data.bytes));
  });
}

failure::failure(error_code known)
  : code(static_cast<std::uint32_t>(known)),
    message(known == error_code::method_not_found ? "not found" : to_string(known)) {}

std::string to_json(const failure& what) {
  return object_text([&](object& o, output&) {
    o.always("code", what.code);
    o.always("message", what.message);
  });
}

std::string enveloped(const answer& what) {
  return object_text([&](object& o, output& out) { answer_members(o, out, what, "result"); });
}

std::string broadcast_json(const std::vector<answer>& what) {
  std::string text = R"({"responses":[)";
  for (const auto& each : what) (text += &each == &what.front() ? "" : ",") += enveloped(each);
  return text += "]}";
}

std::string batch_json(const std::vector<answer>& what,
                       const std::vector<std::string_view>& methods) {
  std::string text = R"({"replies":[)";
  for (std::size_t i = 0; i < what.size(); ++i) {
    if (i != 0) text += ',';
    text += object_text(
      [&](object& o, output& out) { answer_members(o, out, what[i], methods[i]); });
  }
  return text += "]}";
}

std::string legacy_json(const payload& id, const answer& what) {
  return object_text([&](object& o, output& out) {
    o.member("id", id);
    answer_members(o, out, what, "result");
  });
}

unsigned http_status(const failure& what) noexcept {
  switch (static_cast<error_code>(what.code)) {
    case error_code::internal: return 500;
    case error_code::unknown_channel:
    case error_code::method_not_found: return 404;
    case error_code::limit_exceeded: return 503;
    case error_code::too_many_requests: return 429;
    case error_code::unrecoverable_position: return 416;
    case error_code::unauthorized:
    case error_code::permission_denied:
    case error_code::already_subscribed:
    case error_code::bad_request:
    case error_code::not_available:
    case error_code::token_expired:
    case error_code::expired: break;
  }
  return 400;
}

} // namespace troupe::net::api
