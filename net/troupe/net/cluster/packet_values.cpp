// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/cluster/packet_values.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace troupe::net::cluster::values {

using namespace troupe::centrifuge;

void write(const stream_position& from, packets::Position& to) {
  to.set_offset(from.offset);
  to.set_epoch(from.epoch);
}

stream_position read(packets::Position& from) { return {from.offset(), std::move(*from.mutable_epoch())}; }

void write(const publication& from, packets::Publication& to) {
  write(from, *to.mutable_what());
  if (from.offset != 0) write(stream_position{from.offset, from.epoch}, *to.mutable_at());
}

publication_ptr read(packets::Publication& from) {
  auto to = read(*from.mutable_what());
  auto at = read(*from.mutable_at());
  if (at.offset != 0) { // else it is outside of the stream, which has the epoch
    to.offset = at.offset;
    to.epoch = std::move(at.epoch);
  }
  return std::make_shared<const publication>(std::move(to));
}

void write(const target& from, packets::Target& to) {
  to.set_kind(static_cast<std::uint32_t>(from.of));
  to.set_name(from.of == target::kind::connection ? from.id.to_string() : from.name);
}

target read(const packets::Target& from) {
  target to{enumerator(from.kind(), target::kind::groups), {}, {}};
  if (to.of != target::kind::connection) {
    to.name = from.name();
    return to;
  }
  const auto id = client_id::parse(from.name());
  if (!id) throw malformed{};
  to.id = *id;
  return to;
}

namespace {

void write(const frame& from, packets::Frame& to) {
  const bool is_raw = from.payload().data() == from.bytes().data();
  to.set_type(is_raw ? 0 : static_cast<std::uint32_t>(from.type()));
  to.set_bytes(from.payload().data(), from.payload().size());
}

frame read(const packets::Frame& from) {
  switch (from.type()) {
    case 0: return frame::raw(from.bytes());
    case static_cast<std::uint32_t>(opcode::text): return frame::encode(opcode::text, from.bytes());
    case static_cast<std::uint32_t>(opcode::binary): return frame::encode(opcode::binary, from.bytes());
    default: throw malformed{};
  }
}

} // namespace

void write(const broadcast& from, packets::Broadcast& to) {
  write(from.to, *to.mutable_to());
  if (const auto parts = from.message.parts(); !parts.empty())
    for (const auto& part : parts) write(part, *to.add_frames());
  else if (from.message) write(from.message, *to.add_frames());
  to.set_policy(static_cast<std::uint32_t>(from.policy));
  to.set_key(from.key);
}

broadcast read(const packets::Broadcast& from) {
  std::vector<frame> frames;
  for (const auto& each : from.frames()) frames.push_back(read(each));
  if (frames.empty()) throw malformed{};
  return {.to = read(from.to()),
          .message = frames.size() == 1 ? std::move(frames.front()) : frame::join(frames),
          .exclude = {},
          .policy = enumerator(from.policy(), overflow::latest_per_key),
          .key = from.key()};
}

std::uint64_t number_of(connection_handle from) noexcept {
  return std::uint64_t{from.slot} << 32 | std::uint64_t{from.generation} << 16 | from.shard;
}

connection_handle handle_of(std::uint64_t number) noexcept {
  return {static_cast<std::uint16_t>(number), static_cast<std::uint16_t>(number >> 16), static_cast<std::uint32_t>(number >> 32)};
}

} // namespace troupe::net::cluster::values
