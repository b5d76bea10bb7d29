// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/events/internal/record.hpp>

#include <boost/crc.hpp>
#include <boost/endian/conversion.hpp>

#include <array>
#include <cstring>

namespace troupe::net::events::internal {

namespace {

using crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;
constexpr std::size_t header_bytes = 8;

template <class Int>
void put(std::string& to, Int value) {
  std::array<char, sizeof(Int)> bytes;
  boost::endian::native_to_little_inplace(value);
  std::memcpy(bytes.data(), &value, bytes.size());
  to.append(bytes.data(), bytes.size());
}

/// @returns whether there were enough bytes.
template <class Int>
bool get(std::string_view& from, Int& value) {
  if (from.size() < sizeof(Int)) return false;
  std::memcpy(&value, from.data(), sizeof(Int));
  boost::endian::little_to_native_inplace(value);
  from.remove_prefix(sizeof(Int));
  return true;
}

bool get_short(std::string_view& from, std::string_view& text) {
  std::uint8_t size = 0;
  if (!get(from, size) || from.size() < size) return false;
  text = from.substr(0, size);
  from.remove_prefix(size);
  return true;
}

std::uint32_t checksum(std::string_view of) {
  crc32c sum;
  sum.process_bytes(of.data(), of.size());
  return sum.checksum();
}

bool parse(std::string_view from, record& into) {
  std::uint8_t kind = 0;
  if (!get(from, kind)) return false;
  into.what = static_cast<record::kind>(kind);
  switch (into.what) {
    case record::kind::begin:
      return get(from, into.sequence) && get(from, into.acknowledged) && from.empty();
    case record::kind::open:
      if (!get_short(from, into.connection)) return false;
      break;
    case record::kind::event: {
      std::uint8_t on = 0;
      if (!get(from, into.sequence) || !get(from, on) || !get_short(from, into.connection)) return false;
      if (on > static_cast<std::uint8_t>(effect::ends)) return false;
      into.on = static_cast<effect>(on);
      break;
    }
    case record::kind::acknowledged: return get(from, into.sequence) && from.empty();
    default: return false;
  }
  into.text = from;
  return true;
}

} // namespace

void append(std::string& to, const record& what) {
  const auto at = to.size();
  to.append(header_bytes, '\0');
  put(to, static_cast<std::uint8_t>(what.what));
  if (what.what != record::kind::open) put(to, what.sequence);
  if (what.what == record::kind::begin) put(to, what.acknowledged);
  if (what.what == record::kind::event) put(to, static_cast<std::uint8_t>(what.on));
  if (what.what == record::kind::event || what.what == record::kind::open) {
    put(to, static_cast<std::uint8_t>(what.connection.size()));
    to += what.connection;
    to += what.text;
  }
  const auto body = std::string_view{to}.substr(at + header_bytes);
  std::string header;
  put(header, static_cast<std::uint32_t>(body.size()));
  put(header, checksum(body));
  to.replace(at, header_bytes, header);
}

std::optional<record> take(std::string_view& bytes) {
  auto rest = bytes;
  std::uint32_t size = 0;
  std::uint32_t sum = 0;
  if (!get(rest, size) || !get(rest, sum) || size > max_record_bytes || size > rest.size())
    return std::nullopt;
  const auto body = rest.substr(0, size);
  record found;
  if (checksum(body) != sum || !parse(body, found)) return std::nullopt;
  bytes = rest.substr(size);
  return found;
}

} // namespace troupe::net::events::internal
