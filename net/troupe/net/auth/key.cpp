// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/key.hpp>

#include <troupe/net/auth/internal/openssl.hpp>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace troupe::net::auth {
namespace {

constexpr int min_rsa_bits = 2048;
constexpr int max_rsa_bits = 8192; // longer ones only cost time
constexpr std::size_t max_keys = 16;
constexpr auto malformed = "is not a public key in PEM (-----BEGIN PUBLIC KEY-----)";

using internal::bytes_of;
using internal::freed_by;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;
using context_ptr = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;
using number_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
using signature_ptr = std::unique_ptr<ECDSA_SIG, freed_by<ECDSA_SIG_free>>;

const EVP_MD* digest_of(algorithm which) noexcept {
  switch (which) {
  case algorithm::hs256:
  case algorithm::rs256:
  case algorithm::es256: return EVP_sha256();
  case algorithm::hs384:
  case algorithm::rs384:
  case algorithm::es384: return EVP_sha384();
  case algorithm::hs512:
  case algorithm::rs512:
  case algorithm::es512: return EVP_sha512();
  case algorithm::eddsa: break; // brings its own
  }
  return nullptr;
}

bool suits(key::kind what, algorithm which) noexcept {
  switch (which) {
  case algorithm::hs256:
  case algorithm::hs384:
  case algorithm::hs512: return what == key::kind::hmac;
  case algorithm::rs256:
  case algorithm::rs384:
  case algorithm::rs512: return what == key::kind::rsa;
  case algorithm::es256: return what == key::kind::p256;
  case algorithm::es384: return what == key::kind::p384;
  case algorithm::es512: return what == key::kind::p521;
  case algorithm::eddsa: return what == key::kind::ed25519;
  }
  return false;
}

key::kind kind_of(EVP_PKEY* native) {
  switch (EVP_PKEY_get_base_id(native)) {
  case EVP_PKEY_RSA:
    if (const auto bits = EVP_PKEY_get_bits(native); bits < min_rsa_bits || bits > max_rsa_bits)
      throw std::invalid_argument{"has an RSA key of other than 2048 to 8192 bits"};
    return key::kind::rsa;
  case EVP_PKEY_ED25519: return key::kind::ed25519;
  case EVP_PKEY_EC: {
    std::array<char, 32> name{};
    EVP_PKEY_get_group_name(native, name.data(), name.size(), nullptr);
    const std::string_view curve{name.data()};
    if (curve == "prime256v1") return key::kind::p256;
    if (curve == "secp384r1") return key::kind::p384;
    if (curve == "secp521r1") return key::kind::p521;
    throw std::invalid_argument{"has a key on another curve than P-256, P-384 or P-521"};
  }
  default: throw std::invalid_argument{"has a key of another kind"};
  }
}

/// The next block of a PEM text as a public key; null at its end.
std::shared_ptr<evp_pkey_st> read_block(BIO* source) {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(source, &label, &header, &data, &size) != 1) {
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end) throw std::invalid_argument{malformed};
    return nullptr;
  }
  const bool is_public = std::string_view{label} == "PUBLIC KEY";
  const unsigned char* der = data;
  std::shared_ptr<evp_pkey_st> native{is_public ? d2i_PUBKEY(nullptr, &der, size) : nullptr, EVP_PKEY_free};
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  ERR_clear_error();
  if (!native) throw std::invalid_argument{malformed};
  return native;
}

std::vector<key> read_pem(std::string_view pem) {
  const bio_ptr source{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  std::vector<key> keys;
  while (auto native = read_block(source.get())) {
    keys.push_back(key::of(std::move(native)));
    if (keys.size() > max_keys) throw std::invalid_argument{"has more than 16 keys"};
  }
  if (keys.empty())
    throw std::invalid_argument{malformed};
  return keys;
}

/// Of r and s side by side, each as long as the curve's order, the form OpenSSL takes; empty if it
/// is none.
std::string der_of(key::kind curve, std::string_view signature) {
  const std::size_t half = curve == key::kind::p256 ? 32 : curve == key::kind::p384 ? 48 : 66;
  if (signature.size() != 2 * half) return {};
  number_ptr r{BN_bin2bn(bytes_of(signature), static_cast<int>(half), nullptr)};
  number_ptr s{BN_bin2bn(bytes_of(signature) + half, static_cast<int>(half), nullptr)};
  const signature_ptr both{ECDSA_SIG_new()};
  if (!r || !s || !both || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return {};
  (void)r.release(); // both has them now
  (void)s.release();
  unsigned char* der = nullptr;
  const auto size = i2d_ECDSA_SIG(both.get(), &der);
  if (size <= 0) return {};
  std::string result{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  return result;
}

bool check(EVP_PKEY* native, const EVP_MD* digest, std::string_view text, std::string_view signature) {
  const context_ptr context{EVP_MD_CTX_new()};
  const bool valid =
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, native) == 1 &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                       text.size()) == 1;
  ERR_clear_error();
  return valid;
}

} // namespace

key key::hmac(std::string secret) {
  key made;
  made.secret_ = std::make_shared<const std::string>(std::move(secret));
  return made;
}

std::vector<key> key::rsa(std::string_view pem) {
  auto keys = read_pem(pem);
  for (const auto& k : keys)
    if (k.kind_ != kind::rsa) throw std::invalid_argument{"has a key that is not for RSA"};
  return keys;
}

std::vector<key> key::ecdsa(std::string_view pem) {
  auto keys = read_pem(pem);
  for (const auto& k : keys)
    if (k.kind_ != kind::p256 && k.kind_ != kind::p384 && k.kind_ != kind::p521)
      throw std::invalid_argument{"has a key that is not for ECDSA"};
  return keys;
}

key key::of(std::shared_ptr<evp_pkey_st> native) {
  key made;
  made.kind_ = kind_of(native.get());
  made.native_ = std::move(native);
  return made;
}

key key::named(std::string id) const {
  auto copy = *this;
  copy.id_ = std::move(id);
  return copy;
}

key key::only_for(algorithm which) const {
  auto copy = *this;
  copy.only_ = which;
  return copy;
}

key key::valid_until(unix_clock::time_point end) const {
  auto copy = *this;
  copy.end_ = end;
  return copy;
}

bool key::fits(algorithm which) const noexcept {
  return suits(kind_, which) && (!only_ || *only_ == which);
}

bool key::verifies(algorithm which, std::string_view text, std::string_view signature) const {
  if (!fits(which)) return false;
  switch (kind_) {
  case kind::hmac: {
    const auto expected = sign(which, *secret_, text);
    return !expected.empty() && expected.size() == signature.size() &&
           CRYPTO_memcmp(expected.data(), signature.data(), expected.size()) == 0;
  }
  case kind::p256:
  case kind::p384:
  case kind::p521: {
    const auto der = der_of(kind_, signature);
    return !der.empty() && check(native_.get(), digest_of(which), text, der);
  }
  case kind::rsa:
  case kind::ed25519: break;
  }
  return check(native_.get(), digest_of(which), text, signature);
}

std::string sign(algorithm which, std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> code{};
  unsigned size = 0;
  if (HMAC(digest_of(which), secret.data(), static_cast<int>(secret.size()), bytes_of(text), text.size(),
           code.data(), &size) == nullptr)
    return {};
  return {reinterpret_cast<const char*>(code.data()), size};
}

} // namespace troupe::net::auth
