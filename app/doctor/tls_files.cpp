// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/doctor/tls_files.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

#include <sys/stat.h>

namespace troupe::app::doctor {

namespace {

template <class T, void (*Free)(T*)>
struct freed_by {
  void operator()(T* what) const { Free(what); }
};
using certificate_ptr = std::unique_ptr<X509, freed_by<X509, X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY, EVP_PKEY_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO, BIO_free_all>>;

std::chrono::sys_seconds time_of(const ASN1_TIME* when) {
  std::tm broken{};
  if (ASN1_TIME_to_tm(when, &broken) != 1)
    return {};
  return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&broken)}};
}

} // namespace

tls_facts read_tls_files(const std::string& certificate, const std::string& key) {
  tls_facts result;
  const bio_ptr certificate_file{BIO_new_file(certificate.c_str(), "r")};
  if (!certificate_file) {
    result.fault = fmt::format("tls.certificate: {} cannot be read", certificate);
    return result;
  }
  const certificate_ptr leaf{PEM_read_bio_X509(certificate_file.get(), nullptr, nullptr, nullptr)};
  if (!leaf) {
    result.fault = fmt::format("tls.certificate: {} holds no certificate", certificate);
    return result;
  }
  const bio_ptr key_file{BIO_new_file(key.c_str(), "r")};
  if (!key_file) {
    result.fault = fmt::format("tls.key: {} cannot be read", key);
    return result;
  }
  char no_password[] = ""; // an encrypted key must not ask at the terminal
  const key_ptr secret{PEM_read_bio_PrivateKey(key_file.get(), nullptr, nullptr, no_password)};
  if (!secret) {
    result.fault = fmt::format("tls.key: {} holds no key, or an encrypted one", key);
    return result;
  }
  result.not_before = time_of(X509_get0_notBefore(leaf.get()));
  result.not_after = time_of(X509_get0_notAfter(leaf.get()));
  result.key_fits = X509_check_private_key(leaf.get(), secret.get()) == 1;
  struct stat found{};
  if (::stat(key.c_str(), &found) == 0)
    result.key_mode = found.st_mode & 0777U;
  return result;
}

} // namespace troupe::app::doctor
