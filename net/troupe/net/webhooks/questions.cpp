// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/webhooks/internal/envelope.hpp>

#include <troupe/net/base64.hpp>
#include <troupe/net/centrifuge/internal/json_object.hpp>

namespace troupe::net::webhooks::internal {

namespace {

using centrifuge::internal::object;
using centrifuge::internal::output;

bool travels_in_base64(const payload& data, const webhook_options& o) { return o.binary_encoding || !data.is_json; }

std::string_view carrier_of(transport_kind over) {
  switch (over) {
    case transport_kind::http_stream_json:
    case transport_kind::http_stream_protobuf: return "http_stream";
    case transport_kind::sse_json: return "sse";
    default: return "websocket";
  }
}

std::string_view protocol_of(transport_kind over) {
  const bool binary = over == transport_kind::centrifuge_protobuf || over == transport_kind::http_stream_protobuf;
  return binary ? "protobuf" : "json";
}

void begin(object& to, std::string_view client, transport_kind over, bool binary) {
  to.always("client", client);
  to.always("transport", carrier_of(over));
  to.always("protocol", protocol_of(over));
  to.always("encoding", std::string_view{binary ? "binary" : "json"});
}

void begin(object& to, const asking_client& who, bool binary) { begin(to, who.client, who.over, binary); }

void add_data(object& to, const payload& data, const webhook_options& o) {
  if (data.empty()) return;
  if (travels_in_base64(data, o)) to.always("b64data", encode(base64::standard, data.bytes));
  else to.always("data", data);
}

void add_meta(object& to, const std::string& meta, const webhook_options& o) {
  if (o.include_connection_meta && !meta.empty()) to.always("meta", payload{meta, true});
}

bool is_binary(const payload& data, const webhook_options& o) {
  return o.binary_encoding || (!data.empty() && travels_in_base64(data, o));
}

/// Of a client that wants to do something in a channel.
template <class Question>
std::string text_with_data(const Question& m, const webhook_options& o) {
  output out;
  {
    object to{out};
    begin(to, m.who, is_binary(m.data, o));
    to.always("user", m.who.user);
    to.always("channel", m.channel);
    add_data(to, m.data, o);
    add_meta(to, m.who.meta, o);
  }
  return std::move(out.text);
}

} // namespace

std::string text_of(const ask_connect& m, const webhook_options& o) {
  output out;
  {
    object to{out};
    begin(to, m.who, is_binary(m.data, o));
    add_data(to, m.data, o);
    to.member("name", m.name);
    to.member("version", m.version);
    to.member("channels", m.channels);
  }
  return std::move(out.text);
}

std::string text_of(const ask_refresh& m, const webhook_options& o) {
  output out;
  {
    object to{out};
    begin(to, m.who, o.binary_encoding);
    to.always("user", m.who.user);
    add_meta(to, m.who.meta, o);
  }
  return std::move(out.text);
}

std::string text_of(const ask_subscribe& m, const webhook_options& o) { return text_with_data(m, o); }

std::string text_of(const ask_publish& m, const webhook_options& o) { return text_with_data(m, o); }

std::string text_of(const ask_sub_refresh& m, const webhook_options& o) {
  output out;
  {
    object to{out};
    begin(to, m.who, o.binary_encoding);
    to.always("user", m.who.user);
    to.always("channel", m.channel);
    add_meta(to, m.who.meta, o);
  }
  return std::move(out.text);
}

std::string text_of(const hooks::call& m, const webhook_options& o) {
  output out;
  {
    object to{out};
    begin(to, m.from.client, m.over, is_binary(m.data, o));
    to.always("user", m.from.user);
    to.always("method", m.method);
    add_data(to, m.data, o);
    add_meta(to, m.meta, o);
  }
  return std::move(out.text);
}

} // namespace troupe::net::webhooks::internal
