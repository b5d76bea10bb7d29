// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Writes the values that replies, pushes and answers of the server API have in common.
#pragma once
#include "json_object.hpp"

#include <troupe/centrifuge/reply.hpp>

namespace troupe::net::centrifuge::internal {

using troupe::centrifuge::client_info;
using troupe::centrifuge::presence_result;
using troupe::centrifuge::presence_stats_result;
using troupe::centrifuge::publication;
using troupe::centrifuge::publication_ptr;

inline void write(output& out, const client_info& value) {
  object o(out);
  o.always("user", value.user);
  o.always("client", value.client);
  o.member("conn_info", value.conn_info);
  o.member("chan_info", value.chan_info);
}

inline void publication_members(object& o, const publication& value) {
  o.member("info", value.info);
  o.member("offset", value.offset);
  o.member("tags", value.tags);
}

inline void write(output& out, const publication_ptr& value) {
  object o(out);
  o.member("data", value->data);
  publication_members(o, *value);
}

inline void write(output& out, const presence_result& value) {
  object o(out);
  o.always("presence", value.clients);
}

inline void write(output& out, const presence_stats_result& value) {
  object o(out);
  o.always("num_clients", value.clients);
  o.always("num_users", value.users);
}

} // namespace troupe::net::centrifuge::internal
