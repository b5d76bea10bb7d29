// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/link.hpp"

#include "app/console/connect.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace troupe::app::console {

namespace {

std::string text_of(int fault) { return std::generic_category().message(fault); }

/// A descriptor that is closed with its object.
class descriptor {
public:
  explicit descriptor(int number) : number_{number} {
    const timeval wait{link::patience.count(), 0};
    ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  }
  ~descriptor() { ::close(number_); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int number() const noexcept { return number_; }

private:
  int number_;
};

[[noreturn]] void session_over() { throw std::runtime_error{"the server has ended the session"}; }

class plain_link final : public link {
public:
  explicit plain_link(int number) : peer_{number} {}

  void send(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto sent = ::send(peer_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0)
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      else if (errno == EPIPE || errno == ECONNRESET)
        return; // it may have said why
      else if (errno != EINTR)
        throw std::system_error{errno, std::generic_category()};
    }
  }

  std::size_t receive(char* into, std::size_t size) override {
    const auto got = ::recv(peer_.number(), into, size, 0);
    if (got > 0)
      return static_cast<std::size_t>(got);
    if (got == 0 || errno == ECONNRESET)
      session_over();
    if (errno != EINTR && errno != EAGAIN)
      throw std::system_error{errno, std::generic_category()};
    return 0;
  }

private:
  descriptor peer_;
};

struct freed {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* session) const noexcept { SSL_free(session); }
};

/// Before its thread's queue of errors is looked at by anybody else.
std::string tls_fault() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  return code == 0 ? "the server has ended the handshake" : ERR_reason_error_string(code);
}

class tls_link final : public link {
public:
  tls_link(int number, const remote_console& server) : peer_{number}, context_{SSL_CTX_new(TLS_client_method())} {
    const auto* file = server.ca_file.c_str();
    const bool trusts = server.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context_.get()) == 1
                                               : SSL_CTX_load_verify_locations(context_.get(), file, nullptr) == 1;
    if (!trusts)
      throw std::runtime_error{fmt::format("{}: {}", server.ca_file, tls_fault())};
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    session_.reset(SSL_new(context_.get()));
    const auto* host = server.host.c_str();
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_.get()), host) != 1) {
      SSL_set1_host(session_.get(), host);
      SSL_set_tlsext_host_name(session_.get(), host);
    }
    SSL_set_fd(session_.get(), peer_.number());
    if (const auto result = SSL_connect(session_.get()); result != 1) {
      const auto verified = SSL_get_verify_result(session_.get());
      throw std::runtime_error{fmt::format("{}:{}: TLS: {}", server.host, server.port,
                                           verified == X509_V_OK ? tls_fault() : X509_verify_cert_error_string(verified))};
    }
  }

  void send(std::string_view bytes) override {
    if (!bytes.empty() && SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0)
      ERR_clear_error(); // it may have said why
  }

  std::size_t receive(char* into, std::size_t size) override {
    const auto got = SSL_read(session_.get(), into, static_cast<int>(size));
    if (got > 0)
      return static_cast<std::size_t>(got);
    if (SSL_get_error(session_.get(), got) != SSL_ERROR_WANT_READ)
      session_over();
    return 0;
  }

private:
  descriptor peer_;
  std::unique_ptr<SSL_CTX, freed> context_;
  std::unique_ptr<SSL, freed> session_;
};

/// @returns a blocking descriptor. @throws std::runtime_error
int connect_over_tcp(const std::string& host, const std::string& port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int fault = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found); fault != 0)
    throw std::runtime_error{fmt::format("{}:{}: {}", host, port, ::gai_strerror(fault))};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all{found, &::freeaddrinfo};
  int fault = 0;
  for (const auto* each = found; each; each = each->ai_next) {
    const int number = ::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval wait{5, 0};
    ::setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (::connect(number, each->ai_addr, each->ai_addrlen) == 0)
      return number;
    fault = errno;
    ::close(number);
  }
  throw std::runtime_error{fmt::format("{}:{}: {}", host, port, text_of(fault))};
}

} // namespace

std::unique_ptr<link> link_to(const std::string& socket_path) {
  const int number = connect_to(socket_path);
  if (number < 0)
    throw std::runtime_error{fmt::format("{}: {}", socket_path, text_of(errno))};
  return std::make_unique<plain_link>(number);
}

std::unique_ptr<link> link_to(const remote_console& server) {
  const int number = connect_over_tcp(server.host, server.port);
  if (server.tls)
    return std::make_unique<tls_link>(number, server);
  return std::make_unique<plain_link>(number);
}

} // namespace troupe::app::console
