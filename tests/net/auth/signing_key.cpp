// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "signing_key.hpp"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <stdexcept>

namespace troupe::net::auth::tests {
namespace {

std::shared_ptr<evp_pkey_st> owned(EVP_PKEY* native) {
  if (native == nullptr) throw std::runtime_error{"no key"};
  return {native, EVP_PKEY_free};
}

std::string written(auto write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), BIO_free};
  write(out.get());
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

const EVP_MD* digest_of(algorithm which) {
  const auto name = to_string(which);
  if (which == algorithm::eddsa) return nullptr;
  return name.ends_with("256") ? EVP_sha256() : name.ends_with("384") ? EVP_sha384() : EVP_sha512();
}

} // namespace

signing_key signing_key::rsa(unsigned bits) {
  signing_key made;
  made.native_ = owned(EVP_RSA_gen(bits));
  return made;
}

signing_key signing_key::ec(const char* curve) {
  signing_key made;
  made.native_ = owned(EVP_EC_gen(curve));
  return made;
}

signing_key signing_key::ed25519() {
  signing_key made;
  made.native_ = owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return made;
}

std::string signing_key::public_pem() const {
  return written([this](BIO* out) { PEM_write_bio_PUBKEY(out, native_.get()); });
}

std::string signing_key::private_pem() const {
  return written([this](BIO* out) {
    PEM_write_bio_PrivateKey(out, native_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string signing_key::jwk_members() const {
  const auto number = [this](const char* name, int size = 0) {
    BIGNUM* read = nullptr;
    if (EVP_PKEY_get_bn_param(native_.get(), name, &read) != 1) throw std::runtime_error{"no such number"};
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> value{read, BN_free};
    std::string bytes(static_cast<std::size_t>(std::max(size, BN_num_bytes(value.get()))), '\0');
    BN_bn2binpad(value.get(), reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    return url(bytes);
  };
  if (EVP_PKEY_get_base_id(native_.get()) == EVP_PKEY_RSA)
    return R"("kty":"RSA","n":")" + number("n") + R"(","e":")" + number("e") + '"';
  const auto bits = EVP_PKEY_get_bits(native_.get());
  return R"("kty":"EC","crv":"P-)" + std::to_string(bits) + R"(","x":")" + number("qx", (bits + 7) / 8) +
         R"(","y":")" + number("qy", (bits + 7) / 8) + '"';
}

std::string signing_key::sign_raw(algorithm which, std::string_view text) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                       EVP_MD_CTX_free};
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, digest_of(which), nullptr, native_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1)
    throw std::runtime_error{"cannot sign"};
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                     text.size()) != 1)
    throw std::runtime_error{"cannot sign"};
  signature.resize(size);
  return signature;
}

std::string signing_key::sign(algorithm which, std::string_view text) const {
  auto raw = sign_raw(which, text);
  if (EVP_PKEY_get_base_id(native_.get()) != EVP_PKEY_EC) return raw;
  const auto* der = reinterpret_cast<const unsigned char*>(raw.data());
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> both{
      d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(raw.size())), ECDSA_SIG_free};
  const auto half = static_cast<int>((EVP_PKEY_get_bits(native_.get()) + 7) / 8);
  std::string signature(2 * static_cast<std::size_t>(half), '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), out, half);
  BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), out + half, half);
  return signature;
}

} // namespace troupe::net::auth::tests
