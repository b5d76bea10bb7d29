// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/tls_context.hpp>

#include <boost/system/error_code.hpp>

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <stdexcept>

namespace troupe::net {

namespace {

using context = boost::asio::ssl::context;

constexpr unsigned char spoken[] = "\x08http/1.1";

/// A client that offers protocols, but not ours, must be told so; one that offers none is served.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int size, void*) {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, spoken, sizeof spoken - 1, offered, size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

} // namespace

std::shared_ptr<context> load_tls(const tls_options& options) {
  auto tls = std::make_shared<context>(context::tls_server);
  auto* const native = tls->native_handle();
  tls->set_options(context::default_workarounds);
  SSL_CTX_set_min_proto_version(native, options.min_version == tls_version::v1_3 ? TLS1_3_VERSION
                                                                                 : TLS1_2_VERSION);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS); // idle connections hold none
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF); // clients keep their sessions, in tickets
  SSL_CTX_set_alpn_select_cb(native, select_protocol, nullptr);
  boost::system::error_code ec;
  tls->use_certificate_chain_file(options.certificate, ec);
  if (ec)
    throw std::runtime_error(
      fmt::format("tls.certificate: cannot use '{}': {}", options.certificate, ec.message()));
  tls->use_private_key_file(options.key, context::pem, ec);
  if (ec)
    throw std::runtime_error(fmt::format("tls.key: cannot use '{}': {}", options.key, ec.message()));
  if (SSL_CTX_check_private_key(native) != 1)
    throw std::runtime_error(fmt::format("tls.key: '{}' does not belong to the certificate '{}'",
                                         options.key, options.certificate));
  return tls;
}

} // namespace troupe::net
