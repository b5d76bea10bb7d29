// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "internal/protobuf.hpp"

#include <troupe/net/centrifuge/codecs.hpp>

#include "client.pb.h"

#include <google/protobuf/io/coded_stream.h>
#if GOOGLE_PROTOBUF_VERSION < 4022000
#include <google/protobuf/stubs/logging.h>
#endif

#include <utility>

namespace troupe::net::centrifuge::internal {
namespace {

using namespace troupe::centrifuge;
namespace wire = centrifugal::centrifuge::protocol;

// Each domain() moves a wire message's content into the value of the same name.

payload domain(std::string* data) { return make_payload(std::move(*data)); }

filter_node domain(wire::FilterNode& from) {
  filter_node to{std::move(*from.mutable_op()),
                 std::move(*from.mutable_key()),
                 std::move(*from.mutable_cmp()),
                 std::move(*from.mutable_val()),
                 {from.vals().begin(), from.vals().end()},
                 {}};
  for (auto& node : *from.mutable_nodes()) to.nodes.push_back(domain(node));
  return to;
}

subscribe_request domain(wire::SubscribeRequest& from) {
  subscribe_request to;
  to.channel = std::move(*from.mutable_channel());
  to.token = std::move(*from.mutable_token());
  to.recover = from.recover();
  to.epoch = std::move(*from.mutable_epoch());
  to.offset = from.offset();
  to.data = domain(from.mutable_data());
  to.positioned = from.positioned();
  to.recoverable = from.recoverable();
  to.join_leave = from.join_leave();
  to.delta = std::move(*from.mutable_delta());
  if (from.has_tf()) to.filter = domain(*from.mutable_tf());
  to.flag = from.flag();
  to.type = from.type();
  return to;
}

connect_request domain(wire::ConnectRequest& from) {
  connect_request to;
  to.token = std::move(*from.mutable_token());
  to.data = domain(from.mutable_data());
  for (auto& [channel, sub] : *from.mutable_subs()) to.subs.emplace(channel, domain(sub));
  to.name = std::move(*from.mutable_name());
  to.version = std::move(*from.mutable_version());
  to.headers = {from.headers().begin(), from.headers().end()};
  return to;
}

history_request domain(wire::HistoryRequest& from) {
  history_request to;
  to.channel = std::move(*from.mutable_channel());
  to.limit = from.limit();
  if (from.has_since())
    to.since = {from.since().offset(), std::move(*from.mutable_since()->mutable_epoch())};
  to.reverse = from.reverse();
  return to;
}

/// The order is the one in which a request wins over others.
request body_of(wire::Command& from) {
  if (from.has_connect()) return domain(*from.mutable_connect());
  if (from.has_subscribe()) return domain(*from.mutable_subscribe());
  if (from.has_unsubscribe())
    return unsubscribe_request{std::move(*from.mutable_unsubscribe()->mutable_channel())};
  if (from.has_publish()) {
    auto& publish = *from.mutable_publish();
    return publish_request{std::move(*publish.mutable_channel()), domain(publish.mutable_data()),
                           publish.type()};
  }
  if (from.has_presence())
    return presence_request{std::move(*from.mutable_presence()->mutable_channel())};
  if (from.has_presence_stats())
    return presence_stats_request{std::move(*from.mutable_presence_stats()->mutable_channel())};
  if (from.has_history()) return domain(*from.mutable_history());
  if (from.has_rpc()) {
    auto& rpc = *from.mutable_rpc();
    return rpc_request{std::move(*rpc.mutable_method()), domain(rpc.mutable_data())};
  }
  if (from.has_send()) return send_request{domain(from.mutable_send()->mutable_data())};
  if (from.has_refresh())
    return refresh_request{std::move(*from.mutable_refresh()->mutable_token())};
  if (from.has_sub_refresh()) {
    auto& refresh = *from.mutable_sub_refresh();
    return sub_refresh_request{std::move(*refresh.mutable_channel()),
                               std::move(*refresh.mutable_token())};
  }
  return std::monostate{};
}

/// Protobuf writes a line to stderr for every text that is not UTF-8: a client could fill the disk.
void silence_protobuf() {
#if GOOGLE_PROTOBUF_VERSION < 4022000
  [[maybe_unused]] static auto* const previous = google::protobuf::SetLogHandler(nullptr);
#endif
}

} // namespace

std::string_view read_protobuf(std::string_view& rest, command& received) {
  silence_protobuf();
  google::protobuf::io::CodedInputStream prefix(reinterpret_cast<const std::uint8_t*>(rest.data()),
                                                static_cast<int>(rest.size()));
  std::uint64_t length = 0;
  if (!prefix.ReadVarint64(&length)) return "incomplete length of a message";
  rest.remove_prefix(static_cast<std::size_t>(prefix.CurrentPosition()));
  if (length > rest.size()) return "message shorter than its length";
  wire::Command parsed;
  if (!parsed.ParseFromArray(rest.data(), static_cast<int>(length)))
    return "not a Protobuf command";
  rest.remove_prefix(static_cast<std::size_t>(length));
  received = {parsed.id(), body_of(parsed)};
  return {};
}

} // namespace troupe::net::centrifuge::internal
