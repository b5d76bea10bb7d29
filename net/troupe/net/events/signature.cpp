// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/events/signature.hpp>

#include <troupe/net/auth/internal/openssl.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace troupe::net::events {

std::string signature_of(std::string_view secret, std::string_view time, std::string_view body) {
  const auto text = fmt::format("{}.{}", time, body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (!HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), auth::internal::bytes_of(text),
            text.size(), digest.data(), &size))
    throw std::runtime_error{"HMAC failed"};
  std::string hex = "v1=";
  for (unsigned i = 0; i < size; ++i) fmt::format_to(std::back_inserter(hex), "{:02x}", digest[i]);
  return hex;
}

std::string sign(std::string_view secret, std::string_view previous, std::chrono::system_clock::time_point now,
                 std::string_view body) {
  const auto time =
    fmt::to_string(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  auto value = fmt::format("t={},{}", time, signature_of(secret, time, body));
  if (!previous.empty()) value += ',' + signature_of(previous, time, body);
  return value;
}

} // namespace troupe::net::events
