// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/tls.hpp"

#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <new>
#include <stdexcept>

namespace troupe::app::bench {

tls_session::tls_session(SSL_CTX& context, int socket, const std::string& server_name)
    : session_{::SSL_new(&context)} {
  if (!session_ || ::SSL_set_fd(session_.get(), socket) != 1)
    throw std::bad_alloc{};
  ::SSL_set_tlsext_host_name(session_.get(), server_name.c_str());
}

tls_session::progress tls_session::shake_hands() {
  ::ERR_clear_error();
  const int done = ::SSL_connect(session_.get());
  if (done == 1)
    return progress::done;
  switch (::SSL_get_error(session_.get(), done)) {
  case SSL_ERROR_WANT_READ:
    return progress::wants_read;
  case SSL_ERROR_WANT_WRITE:
    return progress::wants_write;
  default:
    return progress::failed;
  }
}

std::string tls_session::failure() {
  const auto code = ::ERR_get_error();
  if (code == 0)
    return "the server ended the connection";
  std::array<char, 256> text;
  ::ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

ssize_t tls_session::send(std::string_view bytes) {
  ::ERR_clear_error();
  return result_of(::SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())));
}

ssize_t tls_session::receive(std::span<char> into) {
  ::ERR_clear_error();
  return result_of(::SSL_read(session_.get(), into.data(), static_cast<int>(into.size())));
}

ssize_t tls_session::result_of(int done) const {
  if (done > 0)
    return done;
  switch (::SSL_get_error(session_.get(), done)) {
  case SSL_ERROR_ZERO_RETURN:
    return 0;
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE:
    errno = EAGAIN;
    return -1;
  case SSL_ERROR_SYSCALL:
    return -1;
  default: // among them an end without a close_notify
    errno = ECONNRESET;
    return -1;
  }
}

tls_client::tls_client(std::string server_name)
    : context_{::SSL_CTX_new(::TLS_client_method())}, server_name_{std::move(server_name)} {
  if (!context_)
    throw std::runtime_error{"cannot set up TLS: " + tls_session::failure()};
  // What could not be sent stands in another buffer next time.
  ::SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                         SSL_MODE_RELEASE_BUFFERS);
}

} // namespace troupe::app::bench
