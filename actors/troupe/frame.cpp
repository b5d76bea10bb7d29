// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/frame.hpp>
#include <troupe/frame_memory.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <vector>

namespace troupe {

namespace {

constexpr std::uint8_t final_bit = 0x80;
constexpr std::uint8_t rsv1_bit = 0x40;
constexpr std::uint8_t opcode_mask = 0x0f;

constexpr std::size_t header_size(std::size_t payload_bytes) noexcept {
  return payload_bytes < 126 ? 2 : payload_bytes <= 0xffff ? 4 : 10;
}

// The bytes of all frames. Each thread tells what it has allocated and freed when that is worth an atomic operation,
// and when it ends.
std::atomic<std::ptrdiff_t> alive{0};

class untold_bytes {
public:
  ~untold_bytes() { tell(); }
  void add(std::ptrdiff_t bytes) noexcept {
    bytes_ += bytes;
    if (bytes_ >= worth_telling || bytes_ <= -worth_telling) tell();
  }

private:
  static constexpr std::ptrdiff_t worth_telling = 64 * 1024;
  void tell() noexcept { alive.fetch_add(std::exchange(bytes_, 0), std::memory_order_relaxed); }
  std::ptrdiff_t bytes_ = 0;
};

thread_local untold_bytes untold;

} // namespace

// Header and payload follow the representation in the same allocation.
struct frame::rep {
  std::atomic<std::uint32_t> references{1};
  std::uint32_t count = 1;
  std::size_t size = 0;
  std::uint8_t header_bytes = 0;
  opcode type = opcode::binary;
  std::vector<frame> parts;

  char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
};

frame::rep* frame::allocate(std::size_t header_bytes, std::size_t payload_bytes) {
  const auto size = header_bytes + payload_bytes;
  auto* r = new (::operator new(sizeof(rep) + size)) rep;
  untold.add(static_cast<std::ptrdiff_t>(sizeof(rep) + size));
  r->size = size;
  r->header_bytes = static_cast<std::uint8_t>(header_bytes);
  return r;
}

void frame::retain(rep* r) noexcept {
  if (r) r->references.fetch_add(1, std::memory_order_relaxed);
}

void frame::release(rep* r) noexcept {
  if (!r || r->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  untold.add(-static_cast<std::ptrdiff_t>(sizeof(rep) + r->size));
  r->~rep();
  ::operator delete(r);
}

frame frame::encode_with_first_byte(std::uint8_t first, std::string_view payload) {
  const auto n = payload.size();
  const auto header = header_size(n);
  frame result{allocate(header, n)};
  result.rep_->type = static_cast<opcode>(first & opcode_mask);
  auto* out = reinterpret_cast<std::uint8_t*>(result.rep_->data());
  *out++ = first;
  if (header == 2) {
    *out++ = static_cast<std::uint8_t>(n);
  } else {
    *out++ = header == 4 ? 126 : 127;
    for (auto shift = (header - 2) * 8; shift != 0;)
      *out++ = static_cast<std::uint8_t>(n >> (shift -= 8));
  }
  if (n != 0) std::memcpy(out, payload.data(), n);
  return result;
}

frame frame::encode(opcode type, std::string_view payload) {
  return encode_with_first_byte(final_bit | static_cast<std::uint8_t>(type), payload);
}

frame frame::encode_deflated(opcode type, std::string_view deflated_payload) {
  return encode_with_first_byte(final_bit | rsv1_bit | static_cast<std::uint8_t>(type),
                                deflated_payload);
}

frame frame::raw(std::string_view bytes) {
  frame result{allocate(0, bytes.size())};
  if (!bytes.empty()) std::memcpy(result.rep_->data(), bytes.data(), bytes.size());
  return result;
}

frame frame::join(std::span<const frame> frames) {
  std::size_t size = 0;
  for (const auto& f : frames) size += f.bytes().size();
  frame result{allocate(0, size)};
  auto& r = *result.rep_;
  r.count = 0;
  r.parts.assign(frames.begin(), frames.end());
  auto* out = r.data();
  for (const auto& f : frames) {
    const auto bytes = f.bytes();
    std::memcpy(out, bytes.data(), bytes.size());
    out += bytes.size();
    r.count += f.count();
  }
  return result;
}

std::size_t frame_bytes_alive() noexcept {
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(alive.load(std::memory_order_relaxed), 0));
}

std::string_view frame::bytes() const noexcept {
  return rep_ ? std::string_view{rep_->data(), rep_->size} : std::string_view{};
}

std::string_view frame::payload() const noexcept {
  return rep_ ? bytes().substr(rep_->header_bytes) : std::string_view{};
}

opcode frame::type() const noexcept { return rep_ ? rep_->type : opcode::binary; }

std::uint32_t frame::count() const noexcept { return rep_ ? rep_->count : 0; }

std::span<const frame> frame::parts() const noexcept {
  return rep_ ? std::span<const frame>{rep_->parts} : std::span<const frame>{};
}

} // namespace troupe
