// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "internal/matched.hpp"
#include "internal/protobuf.hpp"
#include "internal/ttl.hpp"

#include "client.pb.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace troupe::net::centrifuge::internal {
namespace {

using namespace troupe::centrifuge;
namespace wire = centrifugal::centrifuge::protocol;

// Each fill() copies a value into an empty wire message. A zero value is not written, a sub-message
// is as soon as mutable_...() has been called for it, empty or not.

template <class Message>
void fill_expiry(Message& to, const expiry& from) {
  if (!from) return;
  to.set_expires(true);
  to.set_ttl(ttl_seconds(*from));
}

template <class Message>
void fill_position(Message& to, const stream_position& from) {
  to.set_offset(from.offset);
  to.set_epoch(from.epoch);
}

void fill(wire::ClientInfo& to, const client_info& from) {
  to.set_user(from.user);
  to.set_client(from.client);
  to.set_conn_info(from.conn_info.bytes);
  to.set_chan_info(from.chan_info.bytes);
}

void fill_tags(wire::Publication& to, const tag_map& from) {
  for (const auto& [name, value] : from) (*to.mutable_tags())[name] = value;
}

void fill_except_data(wire::Publication& to, const publication& from) {
  if (from.info) fill(*to.mutable_info(), *from.info);
  to.set_offset(from.offset);
  fill_tags(to, from.tags);
}

/// To a subscription to a pattern.
void fill_matched(wire::Publication& to, const rendition& from) {
  to.set_data(from.publication->data.bytes);
  if (from.publication->info) fill(*to.mutable_info(), *from.publication->info);
  fill_tags(to, tags_of_matched(from));
  to.set_channel(from.channel);
}

void fill(wire::Publication& to, const publication_ptr& from) {
  to.set_data(from->data.bytes);
  fill_except_data(to, *from);
}

void fill(wire::Publication& to, const rendition& from) {
  if (!from.channel.empty()) return fill_matched(to, from);
  const bool is_delta = from.form == payload_form::delta;
  to.set_data(is_delta ? from.delta : from.publication->data.bytes);
  to.set_delta(is_delta);
  fill_except_data(to, *from.publication);
}

void fill(wire::SubscribeResult& to, const subscribe_result& from) {
  fill_expiry(to, from.expires_in);
  to.set_recoverable(from.recoverable);
  fill_position(to, from.position);
  for (const auto& publication : from.publications) fill(*to.add_publications(), publication);
  to.set_recovered(from.recovered);
  to.set_positioned(from.positioned);
  to.set_data(from.data.bytes);
  to.set_was_recovering(from.was_recovering);
  to.set_delta(from.delta);
}

void fill(wire::ConnectResult& to, const connect_result& from) {
  to.set_client(from.client);
  to.set_version(from.version);
  fill_expiry(to, from.expires_in);
  to.set_data(from.data.bytes);
  for (const auto& [channel, sub] : from.subs) fill((*to.mutable_subs())[channel], sub);
  to.set_ping(static_cast<std::uint32_t>(from.ping.count()));
  to.set_pong(from.pong);
  to.set_session(from.where.session);
  to.set_node(from.where.node);
  to.set_time(from.time.count());
}

/// Puts the body of a reply or push into its envelope.
struct body_filler {
  wire::Reply& reply;
  wire::Push* push = nullptr; // null for a reply

  void operator()(const error_result& from) const {
    auto& to = *reply.mutable_error();
    to.set_code(from.code);
    to.set_message(from.message);
    to.set_temporary(from.temporary);
  }
  void operator()(const connect_result& from) const { fill(*reply.mutable_connect(), from); }
  void operator()(const subscribe_result& from) const { fill(*reply.mutable_subscribe(), from); }
  void operator()(const unsubscribe_result&) const { reply.mutable_unsubscribe(); }
  void operator()(const publish_result&) const { reply.mutable_publish(); }
  void operator()(const presence_result& from) const {
    auto& clients = *reply.mutable_presence()->mutable_presence();
    for (const auto& [client, info] : from.clients) fill(clients[client], info);
  }
  void operator()(const presence_stats_result& from) const {
    auto& to = *reply.mutable_presence_stats();
    to.set_num_clients(from.clients);
    to.set_num_users(from.users);
  }
  void operator()(const history_result& from) const {
    auto& to = *reply.mutable_history();
    for (const auto& publication : from.publications) fill(*to.add_publications(), publication);
    fill_position(to, from.position);
  }
  void operator()(const rpc_result& from) const { reply.mutable_rpc()->set_data(from.data.bytes); }
  void operator()(const refresh_result& from) const {
    fill_expiry(*reply.mutable_refresh(), from.expires_in);
  }
  void operator()(const sub_refresh_result& from) const {
    fill_expiry(*reply.mutable_sub_refresh(), from.expires_in);
  }

  void operator()(const rendition& from) const { fill(*push->mutable_pub(), from); }
  void operator()(const join_push& from) const {
    fill(*push->mutable_join()->mutable_info(), from.info);
  }
  void operator()(const leave_push& from) const {
    fill(*push->mutable_leave()->mutable_info(), from.info);
  }
  void operator()(const unsubscribe_push& from) const {
    auto& to = *push->mutable_unsubscribe();
    to.set_code(static_cast<std::uint32_t>(from.code));
    to.set_reason(std::string(to_string(from.code)));
  }
  void operator()(const subscribe_push& from) const {
    auto& to = *push->mutable_subscribe();
    to.set_recoverable(from.recoverable);
    fill_position(to, from.position);
    to.set_positioned(from.positioned);
    to.set_data(from.data.bytes);
  }
  void operator()(const message_push& from) const {
    push->mutable_message()->set_data(from.data.bytes);
  }
  void operator()(const disconnect_push& from) const {
    auto& to = *push->mutable_disconnect();
    to.set_code(from.code);
    to.set_reason(from.reason);
  }
  void operator()(const refresh_push& from) const {
    fill_expiry(*push->mutable_refresh(), from.expires_in);
  }
};

std::string delimited(const wire::Reply& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.WriteVarint64(message.ByteSizeLong());
    message.SerializeWithCachedSizes(&coded);
  }
  return bytes;
}

} // namespace

std::string write_protobuf(const reply& message) {
  wire::Reply envelope;
  envelope.set_id(message.id);
  std::visit(body_filler{envelope}, message.body);
  return delimited(envelope);
}

std::string write_protobuf(const push& message) {
  wire::Reply envelope;
  envelope.mutable_push()->set_channel(message.channel);
  std::visit(body_filler{envelope, envelope.mutable_push()}, message.body);
  return delimited(envelope);
}

} // namespace troupe::net::centrifuge::internal
