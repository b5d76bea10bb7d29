// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// OpenSSL's objects and bytes as C++ has them.
#pragma once
#include <string_view>

namespace troupe::net::auth::internal {

/// For std::unique_ptr: frees by one of OpenSSL's functions.
template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const noexcept { Free(object); }
};

inline const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace troupe::net::auth::internal
