// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/inflater.hpp"

#include <new>

namespace troupe::app::bench {

inflater::inflater() {
  if (::inflateInit2(&stream_, -MAX_WBITS) != Z_OK)
    throw std::bad_alloc{};
}

std::string_view inflater::head_of(std::string_view compressed) {
  ::inflateReset(&stream_);
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream_.avail_in = static_cast<uInt>(compressed.size());
  stream_.next_out = reinterpret_cast<Bytef*>(head_.data());
  stream_.avail_out = static_cast<uInt>(head_.size());
  const int result = ::inflate(&stream_, Z_SYNC_FLUSH);
  const bool read = result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
  return {head_.data(), read ? head_.size() - stream_.avail_out : 0};
}

} // namespace troupe::app::bench
