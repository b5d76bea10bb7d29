// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/history/record.hpp>

#include <troupe/net/wire/publication.hpp>

#include <limits>

namespace troupe::net::history {

using troupe::centrifuge::publication;

std::string encode_record(const publication& what) {
  wire::Record record;
  write(what, record);
  return record.SerializeAsString();
}

std::optional<publication> decode_record(std::string_view bytes) {
  wire::Record record;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return std::nullopt;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !record.has_data()) return std::nullopt;
  return read(record);
}

} // namespace troupe::net::history
