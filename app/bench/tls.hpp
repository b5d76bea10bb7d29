// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TLS: the encrypted side of a wss:// load, over sockets that do not block. The server's certificate is
// not verified: a load generator meets test certificates, and sends nothing secret.
#pragma once
#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace troupe::app::bench {

/// Of one connection. Results are those of ::send and ::recv: -1 with errno, EAGAIN included.
class tls_session {
public:
  enum class progress : std::uint8_t { done, wants_read, wants_write, failed };

  /// @param socket Stays the caller's, and open until the session is gone.
  tls_session(SSL_CTX& context, int socket, const std::string& server_name);

  /// Goes on with the handshake.
  progress shake_hands();
  /// Why the handshake failed.
  [[nodiscard]] static std::string failure();
  ssize_t send(std::string_view bytes);
  /// @param into Large enough for a record, 16 KiB.
  ssize_t receive(std::span<char> into);

private:
  [[nodiscard]] ssize_t result_of(int done) const;

  struct deleter {
    void operator()(SSL* session) const { ::SSL_free(session); }
  };
  std::unique_ptr<SSL, deleter> session_;
};

/// Of all connections. Usable after a fork.
class tls_client {
public:
  /// @throws std::runtime_error if OpenSSL cannot be set up.
  explicit tls_client(std::string server_name);

  [[nodiscard]] std::unique_ptr<tls_session> open(int socket) const {
    return std::make_unique<tls_session>(*context_, socket, server_name_);
  }

private:
  struct deleter {
    void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, deleter> context_;
  std::string server_name_;
};

} // namespace troupe::app::bench
