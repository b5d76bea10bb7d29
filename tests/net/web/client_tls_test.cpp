// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The web client over TLS: whom it believes, and for how long it waits.
#include <troupe/net/web/client.hpp>

#include "net/support/certificate.hpp"
#include "support/catch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <string>
#include <string_view>
#include <thread>

using namespace troupe::net::web;
using namespace std::chrono_literals;
using troupe::tests::certificate;
namespace asio = boost::asio;
using asio::ip::tcp;
using Catch::Matchers::Contains;

namespace {

/// The authorities of the system are those of one file, as OpenSSL reads it.
class trusting {
public:
  explicit trusting(const std::string& authorities) { ::setenv(variable, authorities.c_str(), 1); }
  ~trusting() { ::unsetenv(variable); }
  trusting(const trusting&) = delete;
  trusting& operator=(const trusting&) = delete;

private:
  static constexpr const char* variable = "SSL_CERT_FILE";
};

/// Answers "hello" over TLS to one client after the other, as often as it asks.
class tls_server {
public:
  explicit tls_server(const certificate& proof) {
    tls_.use_certificate_chain_file(proof.chain());
    tls_.use_private_key_file(proof.key(), asio::ssl::context::pem);
    thread_ = std::thread{[this] { run(); }};
  }
  ~tls_server() {
    ends_ = true;
    boost::system::error_code ignored;
    tcp::socket{context_}.connect(acceptor_.local_endpoint(), ignored); // wakes it
    thread_.join();
  }

  [[nodiscard]] address to(const std::string& host = "localhost") const {
    return *parse_address("https://" + host + ":" + std::to_string(acceptor_.local_endpoint().port()) + "/");
  }

  std::atomic<int> connections{0};

private:
  void run() {
    while (true) {
      boost::system::error_code ec;
      asio::ssl::stream<tcp::socket> peer{context_, tls_};
      acceptor_.accept(peer.next_layer(), ec);
      if (ends_) return;
      ++connections;
      peer.handshake(asio::ssl::stream_base::server, ec);
      for (asio::streambuf request; !ec;) {
        request.consume(asio::read_until(peer, request, "\r\n\r\n", ec));
        if (!ec) asio::write(peer, asio::buffer(answer), ec);
      }
    }
  }

  static constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

  asio::io_context context_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

std::string refusal(const outcome& got) {
  REQUIRE(std::holds_alternative<failure>(got));
  CHECK(std::get<failure>(got).what == failure::kind::unreachable); // nothing was sent
  return std::get<failure>(got).why;
}

} // namespace

TEST_CASE("web client: over TLS it believes a certificate of an authority for the host, and keeps the connection",
          "[net][web][tls]") {
  const certificate proof;
  tls_server server{proof};
  const trusting it{proof.chain()};
  client by;
  for (int i = 0; i < 3; ++i) {
    std::promise<outcome> answer;
    by.send({.to = server.to(), .timeout = 20s}, [&](outcome got) { answer.set_value(std::move(got)); });
    const auto got = answer.get_future().get();
    REQUIRE(problem_of(got).empty());
    CHECK(std::get<response>(got).body == "hello");
  }
  CHECK(server.connections == 1);
}

TEST_CASE("web client: over TLS it refuses a certificate for another host", "[net][web][tls]") {
  const certificate proof;
  tls_server server{proof};
  const trusting it{proof.chain()};
  CHECK_THAT(refusal(fetch({.to = server.to("127.0.0.1"), .timeout = 20s})), Contains("certificate verify failed"));
}

TEST_CASE("web client: over TLS it refuses a certificate of an authority it does not know", "[net][web][tls]") {
  const certificate proof, other;
  tls_server server{proof};
  SECTION("but knows another one") {
    const trusting another{other.chain()};
    CHECK_THAT(refusal(fetch({.to = server.to(), .timeout = 20s})), Contains("certificate verify failed"));
  }
  SECTION("as it knows none") {
    const trusting nobody{other.garbage()};
    CHECK_THAT(refusal(fetch({.to = server.to(), .timeout = 20s})), Contains("certificate verify failed"));
  }
}

TEST_CASE("web client: the deadline holds in the handshake of TLS", "[net][web][tls]") {
  asio::io_context context;
  tcp::acceptor mute{context, {asio::ip::address_v4::loopback(), 0}}; // the kernel accepts, nobody speaks
  const auto url = "https://localhost:" + std::to_string(mute.local_endpoint().port()) + "/";
  const auto before = std::chrono::steady_clock::now();
  CHECK_THAT(refusal(fetch({.to = *parse_address(url), .timeout = 300ms})), Contains("the TLS handshake failed"));
  CHECK(std::chrono::steady_clock::now() - before >= 300ms);
}
