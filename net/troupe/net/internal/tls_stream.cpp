// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/tls_stream.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <new>
#include <sys/socket.h>

namespace troupe::net {

namespace {

// -- a BIO over a socket that neither blocks nor raises SIGPIPE, as OpenSSL's own would -------------------

int socket_of(BIO* bio) noexcept {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool may_come_later() noexcept { return errno == EAGAIN || errno == EINTR; }

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && may_come_later()) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::recv(socket_of(bio), into, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (n < 0 && may_come_later()) BIO_set_retry_read(bio);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(n);
}

long bio_control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1; // nothing is kept back
    case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default: return 0;
  }
}

BIO_METHOD* make_method() noexcept {
  auto* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
  if (!made) return nullptr;
  BIO_meth_set_write(made, bio_write);
  BIO_meth_set_read(made, bio_read);
  BIO_meth_set_ctrl(made, bio_control);
  return made;
}

BIO* bio_over(int socket) {
  static const BIO_METHOD* const method = make_method(); // for as long as the process lives
  auto* const bio = method ? BIO_new(method) : nullptr;
  if (!bio) throw std::bad_alloc{};
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  return bio;
}

int clamped(std::size_t size) noexcept {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

} // namespace

void tls_stream::deleter::operator()(ssl_st* session) const noexcept { SSL_free(session); }

tls_stream::tls_stream(tcp_socket&& socket, asio::ssl::context& context)
  : socket_(std::move(socket)), session_(SSL_new(context.native_handle())) {
  if (!session_) throw std::bad_alloc{};
  auto* const bio = bio_over(socket_.native_handle());
  SSL_set_bio(session_.get(), bio, bio); // owns it
}

io_outcome tls_stream::read(std::span<char> into) noexcept {
  if (into.empty()) return {};
  if (!socket_.is_open()) return {.error = asio::error::operation_aborted};
  ERR_clear_error();
  return result_of(SSL_read(session_.get(), into.data(), clamped(into.size())));
}

io_outcome tls_stream::write(std::string_view bytes) noexcept {
  if (bytes.empty()) return {};
  if (!socket_.is_open()) return {.error = asio::error::operation_aborted};
  ERR_clear_error();
  return result_of(SSL_write(session_.get(), bytes.data(), clamped(bytes.size())));
}

bool tls_stream::has_rest() const noexcept { return SSL_pending(session_.get()) > 0; }

io_outcome tls_stream::shake_hands() noexcept {
  if (!socket_.is_open()) return {.error = asio::error::operation_aborted};
  ERR_clear_error();
  auto result = result_of(SSL_accept(session_.get()));
  result.bytes = 0;
  return result;
}

io_outcome tls_stream::notify() noexcept {
  if (!socket_.is_open()) return {.error = asio::error::operation_aborted};
  ERR_clear_error();
  const int done = SSL_shutdown(session_.get());
  return done >= 0 ? io_outcome{} : result_of(done);
}

io_outcome tls_stream::result_of(int done) const noexcept {
  if (done > 0) return {.bytes = static_cast<std::size_t>(done)};
  const auto system_error = errno;
  switch (SSL_get_error(session_.get(), done)) {
    case SSL_ERROR_WANT_READ: return {.is = io_outcome::state::wants_read};
    case SSL_ERROR_WANT_WRITE: return {.is = io_outcome::state::wants_write};
    case SSL_ERROR_ZERO_RETURN: return {.error = asio::error::eof};
    case SSL_ERROR_SYSCALL:
      if (system_error == 0) return {.error = asio::ssl::error::stream_truncated};
      return {.error = {system_error, boost::system::system_category()}};
    default: break;
  }
  const auto code = ERR_get_error();
  if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return {.error = asio::ssl::error::stream_truncated};
  return {.error = {static_cast<int>(code), asio::error::get_ssl_category()}};
}

} // namespace troupe::net
