// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What must hold for any message that a client may send, in either encoding.
#pragma once
#include "expect.hpp"

#include <troupe/net/centrifuge/codecs.hpp>

namespace troupe::fuzz {

inline void expect_payload(const centrifuge::payload& data) {
  expect(net::centrifuge::is_json(data.bytes) == data.is_json || data.empty());
}

/// Every decoder makes progress, gives no command that breaks the rules, and what is said back
/// about it in JSON can be read again.
inline void decode_message(const centrifuge::codec& format, std::string_view bytes) {
  using namespace centrifuge;
  const auto& json = net::centrifuge::codec_for(encoding::json);
  const auto& protobuf = net::centrifuge::codec_for(encoding::protobuf);
  auto rest = bytes;
  do {
    const auto before = rest.size();
    command received;
    if (!format.decode(rest, received).empty()) return;
    expect(rest.size() < before);
    expect(!std::holds_alternative<std::monostate>(received.body));
    expect(received.id != 0 || std::holds_alternative<pong>(received.body) ||
           std::holds_alternative<send_request>(received.body));
    if (const auto* publish = std::get_if<publish_request>(&received.body)) {
      expect(!publish->channel.empty());
      expect_payload(publish->data);
      publication next;
      next.data = publish->data;
      next.tags[publish->channel] = publish->channel;
      const auto shared = std::make_shared<const publication>(next);
      for (const auto form : {payload_form::plain, payload_form::full}) {
        const push message{publish->channel, rendition{shared, form, {}}};
        const auto text = json.encode(message);
        expect(text.has_value() == (next.data.is_json || next.data.empty()));
        expect(!text || (net::centrifuge::is_json(*text) && text->find('\n') == text->npos));
        expect(protobuf.encode(message).has_value());
      }
    }
    if (const auto* subscribe = std::get_if<subscribe_request>(&received.body))
      if (subscribe->filter && validate(*subscribe->filter).empty())
        matches(*subscribe->filter, {{"k", "10.5"}, {subscribe->channel, subscribe->token}});
  } while (!rest.empty());
}

} // namespace troupe::fuzz
