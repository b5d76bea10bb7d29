// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/wire/publication.hpp>

namespace troupe::net::wire {

using troupe::centrifuge::client_info;
using troupe::centrifuge::payload;
using troupe::centrifuge::publication;

void write(const payload& from, Payload& to) {
  to.set_bytes(from.bytes);
  to.set_is_json(from.is_json);
}

payload read(Payload& from) { return {std::move(*from.mutable_bytes()), from.is_json()}; }

void write(const client_info& from, Publisher& to) {
  to.set_user(from.user);
  to.set_client(from.client);
  write(from.conn_info, *to.mutable_conn_info());
  write(from.chan_info, *to.mutable_chan_info());
}

client_info read(Publisher& from) {
  return {std::move(*from.mutable_user()), std::move(*from.mutable_client()), read(*from.mutable_conn_info()),
          read(*from.mutable_chan_info())};
}

void write(const publication& from, Record& to) {
  write(from.data, *to.mutable_data());
  if (from.info) write(*from.info, *to.mutable_publisher());
  write_tags(from.tags, *to.mutable_tags());
}

publication read(Record& from) {
  publication to{.data = read(*from.mutable_data()), .info = std::nullopt, .epoch = {}, .tags = read_tags(*from.mutable_tags())};
  if (from.has_publisher()) to.info = read(*from.mutable_publisher());
  return to;
}

} // namespace troupe::net::wire
