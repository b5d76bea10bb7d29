// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/deflate.hpp>

#include <zlib.h>

#include <memory>
#include <string>
#include <vector>

namespace troupe::net {

namespace {

constexpr int level = 1;             // the best ratio per CPU for small messages
constexpr int raw_window_bits = -15; // negative: no zlib header
constexpr int memory_level = 8;
constexpr std::size_t tail_bytes = 4; // 00 00 ff ff of a sync flush, which RFC 7692 cuts off

class deflater {
public:
  deflater() {
    ok_ = deflateInit2(&stream_, level, Z_DEFLATED, raw_window_bits, memory_level,
                       Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~deflater() {
    if (ok_) deflateEnd(&stream_);
  }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;

  /// @returns false if it failed or did not shrink the payload.
  bool run(std::string_view payload, std::string& out) {
    if (!ok_ || deflateReset(&stream_) != Z_OK) return false;
    out.resize(payload.size() + tail_bytes);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));
    stream_.avail_in = static_cast<uInt>(payload.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    if (::deflate(&stream_, Z_SYNC_FLUSH) != Z_OK || stream_.avail_in != 0 ||
        stream_.avail_out == 0)
      return false;
    out.resize(out.size() - stream_.avail_out - tail_bytes);
    return true;
  }

private:
  z_stream stream_{};
  bool ok_ = false;
};

frame deflate_message(const frame& message, std::size_t min_bytes) {
  thread_local deflater compressor; // 256 KiB a thread, not a connection
  thread_local std::string out;
  if (message.payload().size() < min_bytes || !compressor.run(message.payload(), out))
    return message;
  return frame::encode_deflated(message.type(), out);
}

} // namespace

delivery_ptr deflated(const delivery_ptr& what, std::size_t min_bytes) {
  if (auto known = what->variant()) return known;
  frame message;
  if (what->message.parts().empty()) {
    message = deflate_message(what->message, min_bytes);
  } else {
    std::vector<frame> parts;
    for (const auto& part : what->message.parts()) parts.push_back(deflate_message(part, min_bytes));
    message = frame::join(parts);
  }
  const delivery_ptr made{
    new delivery(what->to, std::move(message), what->exclude, what->policy, what->key, what->born),
    false};
  if (what->is_sample()) made->sample(what->sampled());
  return what->attach_variant(made);
}

} // namespace troupe::net
