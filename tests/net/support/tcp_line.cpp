// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "net/support/tcp_line.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace troupe::tests {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error{std::string{what} + ": " + std::strerror(errno)};
}

sockaddr_in endpoint(const char* address, std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  if (::inet_pton(AF_INET, address, &a.sin_addr) != 1)
    fail("inet_pton");
  return a;
}

int open_socket() {
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s < 0)
    fail("socket");
  return s;
}

template <class T>
void set(int socket, int level, int option, const T& value) {
  if (::setsockopt(socket, level, option, &value, sizeof value) != 0)
    fail("setsockopt");
}

/// Repeats a call that a signal, such as io_uring's, has interrupted.
template <class F>
auto uninterrupted(F call) {
  for (;;) {
    ERR_clear_error();
    errno = 0;
    if (const auto result = call(); result > 0 || errno != EINTR)
      return result;
  }
}

} // namespace

struct tcp_line::tls {
  explicit tls(int descriptor) {
    if (SSL_set_fd(ssl.get(), descriptor) != 1 ||
        uninterrupted([&] { return SSL_connect(ssl.get()); }) != 1)
      throw std::runtime_error{"the TLS handshake failed"};
  }
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                            SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl{SSL_new(context.get()), SSL_free};
};

tcp_line::tcp_line() : descriptor_(open_socket()) {
  static const auto ignored = std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes without MSG_NOSIGNAL
  (void)ignored;
}

tcp_line::tcp_line(std::uint16_t port, const line_options& options) : tcp_line() {
  connect(port, options);
}

tcp_line::~tcp_line() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

tcp_line::tcp_line(tcp_line&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), was_reset_(other.was_reset_),
      was_notified_(other.was_notified_), tls_(std::move(other.tls_)) {}

tcp_line& tcp_line::operator=(tcp_line&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(tls_, other.tls_);
  was_reset_ = other.was_reset_;
  was_notified_ = other.was_notified_;
  return *this;
}

void tcp_line::connect(std::uint16_t port, const line_options& options) {
  const timeval limit{patience.count(), 0};
  set(descriptor_, SOL_SOCKET, SO_RCVTIMEO, limit);
  set(descriptor_, SOL_SOCKET, SO_SNDTIMEO, limit);
  set(descriptor_, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.receive_buffer_bytes != 0)
    set(descriptor_, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
  if (options.source != nullptr) {
    const auto own = endpoint(options.source, 0);
    if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
      fail("bind");
  }
  const auto server = endpoint(options.address, port);
  int result = 0;
  do
    result = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&server), sizeof server);
  while (result != 0 && (errno == EINTR || errno == EALREADY));
  if (result != 0 && errno != EISCONN)
    fail("connect");
  if (options.tls)
    tls_ = std::make_unique<tls>(descriptor_);
}

std::size_t tcp_line::write_some(std::string_view bytes) {
  const auto n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

void tcp_line::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = uninterrupted([&] {
      return tls_ ? SSL_write(tls_->ssl.get(), bytes.data(), static_cast<int>(bytes.size()))
                  : ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    });
    if (n <= 0)
      fail("write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string tcp_line::read_some() {
  std::array<char, 16384> block;
  if (tls_) {
    const int n = uninterrupted(
        [&] { return SSL_read(tls_->ssl.get(), block.data(), static_cast<int>(block.size())); });
    if (n > 0)
      return {block.data(), static_cast<std::size_t>(n)};
    if (SSL_get_error(tls_->ssl.get(), n) == SSL_ERROR_WANT_READ)
      fail("nothing came in time");
    was_notified_ = (SSL_get_shutdown(tls_->ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    was_reset_ = !was_notified_ && errno == ECONNRESET;
    return {};
  }
  const auto n = uninterrupted([&] { return ::recv(descriptor_, block.data(), block.size(), 0); });
  if (n > 0)
    return {block.data(), static_cast<std::size_t>(n)};
  if (n < 0 && errno != ECONNRESET)
    fail("nothing came in time");
  was_reset_ = n < 0;
  return {};
}

std::string tcp_line::read_to_end() {
  std::string all;
  for (auto more = read_some(); !more.empty(); more = read_some())
    all += more;
  return all;
}

void tcp_line::shut_down() {
  ::shutdown(descriptor_, SHUT_WR);
}

void tcp_line::reset() {
  set(descriptor_, SOL_SOCKET, SO_LINGER, linger{1, 0});
  ::close(std::exchange(descriptor_, -1));
}

// Below those that the kernel gives out by itself: else somebody may get it before it is used. Every process begins
// elsewhere.
std::uint16_t free_port() {
  constexpr unsigned first = 20'000, count = 12'000, apart = 7;
  static std::atomic<unsigned> next{static_cast<unsigned>(::getpid()) * apart};
  for (unsigned tried = 0; tried < count; ++tried) {
    const auto port = static_cast<std::uint16_t>(first + next++ % count);
    const auto a = endpoint("127.0.0.1", port);
    const int s = open_socket();
    const bool bound = ::bind(s, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
    ::close(s);
    if (bound)
      return port;
  }
  fail("bind");
}

} // namespace troupe::tests
