// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/history/record.hpp>

#include <record.pb.h>

#include <limits>
#include <utility>

namespace troupe::net::history {

namespace {

using troupe::centrifuge::client_info;
using troupe::centrifuge::payload;
using troupe::centrifuge::publication;

void write(const payload& from, wire::Payload& to) {
  to.set_bytes(from.bytes);
  to.set_is_json(from.is_json);
}

payload read(wire::Payload& from) { return {std::move(*from.mutable_bytes()), from.is_json()}; }

} // namespace

std::string encode_record(const publication& what) {
  wire::Record record;
  write(what.data, *record.mutable_data());
  if (what.info) {
    auto& to = *record.mutable_publisher();
    to.set_user(what.info->user);
    to.set_client(what.info->client);
    write(what.info->conn_info, *to.mutable_conn_info());
    write(what.info->chan_info, *to.mutable_chan_info());
  }
  for (const auto& [key, value] : what.tags) {
    auto& to = *record.add_tags();
    to.set_key(key);
    to.set_value(value);
  }
  return record.SerializeAsString();
}

std::optional<publication> decode_record(std::string_view bytes) {
  wire::Record record;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return std::nullopt;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !record.has_data()) return std::nullopt;
  publication what{.data = read(*record.mutable_data()), .info = std::nullopt, .epoch = {}, .tags = {}};
  if (record.has_publisher()) {
    auto& from = *record.mutable_publisher();
    what.info = client_info{std::move(*from.mutable_user()), std::move(*from.mutable_client()),
                            read(*from.mutable_conn_info()), read(*from.mutable_chan_info())};
  }
  for (auto& from : *record.mutable_tags())
    what.tags.emplace(std::move(*from.mutable_key()), std::move(*from.mutable_value()));
  return what;
}

} // namespace troupe::net::history
