// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "net/support/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace troupe::tests {

namespace {

template <class F>
void write_pem(const std::string& path, F write) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path.c_str(), "w"),
                                                             std::fclose};
  if (!file || write(file.get()) != 1)
    throw std::runtime_error{"cannot write " + path};
}

} // namespace

certificate::certificate() {
  auto pattern = (std::filesystem::temp_directory_path() / "troupe-net-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error{"mkdtemp"};
  folder_ = pattern;

  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair{EVP_EC_gen("P-256"),
                                                                 EVP_PKEY_free};
  const std::unique_ptr<X509, decltype(&X509_free)> x{X509_new(), X509_free};
  constexpr long day = 24 * 60 * 60;
  X509_set_version(x.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), -day);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), day);
  X509_set_pubkey(x.get(), pair.get());
  auto* name = X509_get_subject_name(x.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(x.get(), name);
  if (X509_sign(x.get(), pair.get(), EVP_sha256()) == 0)
    throw std::runtime_error{"X509_sign"};

  write_pem(chain(), [&](std::FILE* f) { return PEM_write_X509(f, x.get()); });
  write_pem(key(), [&](std::FILE* f) {
    return PEM_write_PrivateKey(f, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  std::ofstream{garbage()} << "not a PEM file\n";
}

certificate::~certificate() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

} // namespace troupe::tests
