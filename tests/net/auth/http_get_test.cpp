// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/internal/http_get.hpp>
#include <troupe/net/auth/internal/look_up.hpp>

#include "support/catch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <future>
#include <string>
#include <thread>

using namespace troupe::net::auth;
using namespace troupe::net::auth::internal;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using Catch::Matchers::Contains;

namespace {

/// Answers one request with these bytes, then waits for the client to go.
class one_answer {
public:
  explicit one_answer(std::string answer)
      : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}),
        thread_([this, answer = std::move(answer)] {
          boost::system::error_code ec;
          asio::ip::tcp::socket peer{context_};
          acceptor_.accept(peer, ec);
          asio::streambuf request;
          asio::read_until(peer, request, "\r\n\r\n", ec);
          asked = {asio::buffers_begin(request.data()), asio::buffers_end(request.data())};
          asio::write(peer, asio::buffer(answer), ec);
          char rest = 0;
          while (!ec) peer.read_some(asio::buffer(&rest, 1), ec);
        }) {}

  ~one_answer() { join(); }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] web_address address() const {
    return *parse_address("http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/keys?a=b");
  }

  std::string asked;

private:
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

get_result get(std::string answer, get_limits limits = {.timeout = 10s}) {
  one_answer server{std::move(answer)};
  return http_get(server.address(), limits);
}

} // namespace

TEST_CASE("HTTP GET: the body of a 200 is what is wanted", "[net][auth][http]") {
  one_answer server{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"};
  CHECK(http_get(server.address(), {.timeout = 10s}).body == "hello");
  server.join();
  CHECK_THAT(server.asked, Catch::Matchers::StartsWith("GET /keys?a=b HTTP/1.1\r\n"));
  CHECK(get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n").body == "hi");
}

TEST_CASE("HTTP GET: whatever else comes is told in words", "[net][auth][http]") {
  CHECK(get("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno").why == "the status is 404");
  CHECK(get("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n").why == "the status is 302");
  CHECK_THAT(get("rubbish\r\n\r\n").why, Contains("receiving failed"));
  CHECK_THAT(get("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", {.timeout = 200ms}).why,
             Contains("receiving failed"));
}

TEST_CASE("HTTP GET: an answer may be as long as the limit and no longer", "[net][auth][http]") {
  const auto answer = [](std::size_t size) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
  };
  CHECK(get(answer(100), {.timeout = 10s, .max_bytes = 100}).body);
  CHECK_FALSE(get(answer(101), {.timeout = 10s, .max_bytes = 100}).body);
}

TEST_CASE("HTTP GET: nobody there is told in words too", "[net][auth][http]") {
  asio::io_context context;
  asio::ip::tcp::acceptor gone{context, {asio::ip::address_v4::loopback(), 0}};
  const auto url = "http://127.0.0.1:" + std::to_string(gone.local_endpoint().port());
  gone.close();
  CHECK_THAT(http_get(*parse_address(url), {.timeout = 10s}).why, Contains("connecting failed"));
}

TEST_CASE("HTTP GET: addresses are http or https and nothing fancy", "[net][auth][http]") {
  const auto a = parse_address("https://[::1]:8443/a/b?c");
  REQUIRE(a);
  CHECK(a->is_encrypted);
  CHECK(a->host == "::1");
  CHECK(a->port == "8443");
  CHECK(a->target == "/a/b?c");
  const auto b = parse_address("http://keys.example?x");
  REQUIRE(b);
  CHECK(b->port == "80");
  CHECK(b->target == "/?x");
  for (const auto* url : {"", "ftp://a", "http://", "http://a b", "http://a\r\nX: y", "http://u:p@a", "http://a:x/",
                          "http://a:/", "https://a/{{tenant}}", "http://a/#x", "keys.example"}) {
    CAPTURE(url);
    CHECK_FALSE(parse_address(url));
  }
}

TEST_CASE("look-up: one that hangs ends in time, and no other begins before it is done", "[net][auth][http]") {
  std::promise<void> go_on;
  std::promise<void> gone;
  const auto hangs = [held = go_on.get_future().share(), &gone](const auto&, const auto&) {
    held.wait();
    gone.set_value();
    return addresses{};
  };
  CHECK_THAT(look_up("localhost", "80", 10ms, hangs).why, Contains("took too long"));
  CHECK_THAT(look_up("localhost", "80", 10s).why, Contains("still hangs"));
  go_on.set_value();
  gone.get_future().wait();
  for (auto tries = 0; look_up("127.0.0.1", "80", 10s).found.empty(); ++tries) {
    REQUIRE(tries < 1000);
    std::this_thread::sleep_for(10ms); // until its thread is done
  }
}

TEST_CASE("look-up: it gives addresses, or says that there are none", "[net][auth][http]") {
  const auto known = look_up("127.0.0.1", "8000", 10s);
  REQUIRE(known.found.size() == 1);
  CHECK(known.found[0].port() == 8000);
  const auto unknown = [](const auto&, const auto&) { return addresses{{}, "the host is not found: x"}; };
  CHECK_THAT(look_up("nowhere.invalid", "80", 10s, unknown).why, Contains("not found"));
}
