// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/jwks.hpp>

#include <troupe/net/auth/internal/openssl.hpp>
#include <troupe/net/base64.hpp>
#include <troupe/net/auth/internal/strict_json.hpp>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::net::auth {
namespace {

using json = nlohmann::ordered_json;
using native_key = std::shared_ptr<evp_pkey_st>;

constexpr std::size_t max_keys = 64;

using internal::bytes_of;
using internal::freed_by;
using number_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
using context_ptr = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX_free>>;
using builder_ptr = std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD_free>>;
using params_ptr = std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM_free>>;

/// Empty if it is not there or no text.
std::string text_of(const json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// Bytes of a member in base64url; empty if it has none.
std::string bytes_in(const json& from, const char* name) {
  return decode(base64::url, text_of(from, name)).value_or(std::string{});
}

/// Null if the library does not take it.
native_key make(const char* type, OSSL_PARAM_BLD* builder) {
  const params_ptr params{OSSL_PARAM_BLD_to_param(builder)};
  const context_ptr context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return {made, EVP_PKEY_free};
}

native_key rsa_of(const json& from) {
  const auto modulus = bytes_in(from, "n");
  const auto exponent = bytes_in(from, "e");
  if (modulus.empty() || exponent.empty()) return nullptr;
  const number_ptr n{BN_bin2bn(bytes_of(modulus), static_cast<int>(modulus.size()), nullptr)};
  const number_ptr e{BN_bin2bn(bytes_of(exponent), static_cast<int>(exponent.size()), nullptr)};
  const builder_ptr builder{OSSL_PARAM_BLD_new()};
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return nullptr;
  return make("RSA", builder.get());
}

native_key ec_of(const json& from) {
  const auto curve = text_of(from, "crv");
  const std::size_t size = curve == "P-256" ? 32 : curve == "P-384" ? 48 : curve == "P-521" ? 66 : 0;
  const auto x = bytes_in(from, "x");
  const auto y = bytes_in(from, "y");
  if (size == 0 || x.size() != size || y.size() != size) return nullptr;
  const auto point = '\x04' + x + y; // uncompressed; OpenSSL checks that it is on the curve
  const builder_ptr builder{OSSL_PARAM_BLD_new()};
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
    return nullptr;
  return make("EC", builder.get());
}

native_key edwards_of(const json& from) {
  const auto x = bytes_in(from, "x");
  if (text_of(from, "crv") != "Ed25519" || x.size() != 32) return nullptr;
  auto* made = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size());
  return made ? native_key{made, EVP_PKEY_free} : nullptr;
}

std::optional<key> key_of(const json& from) {
  if (!from.is_object()) return std::nullopt;
  const auto id = text_of(from, "kid");
  const auto use = text_of(from, "use");
  if (id.empty() || (!use.empty() && use != "sig")) return std::nullopt;
  const auto type = text_of(from, "kty");
  const auto native = type == "RSA"   ? rsa_of(from)
                      : type == "EC"  ? ec_of(from)
                      : type == "OKP" ? edwards_of(from)
                                      : nullptr;
  ERR_clear_error();
  if (!native) return std::nullopt;
  try {
    const auto any = key::of(native).named(id);
    if (!from.contains("alg")) return any;
    const auto which = parse_algorithm(text_of(from, "alg"));
    if (!which || !any.fits(*which)) return std::nullopt;
    return any.only_for(*which);
  } catch (const std::invalid_argument&) { // too weak
    return std::nullopt;
  }
}

} // namespace

std::optional<std::vector<key>> read_key_set(std::string_view text) {
  const auto set = internal::parse_object(text);
  if (!set) return std::nullopt;
  const auto listed = set->find("keys");
  if (listed == set->end() || !listed->is_array() || listed->size() > max_keys) return std::nullopt;
  std::vector<key> keys;
  for (const auto& each : *listed)
    if (auto usable = key_of(each)) keys.push_back(*std::move(usable));
  return keys;
}

} // namespace troupe::net::auth
