// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/web/client.hpp>

#include "receiver.hpp"
#include "support/catch.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace troupe::net::web;
using troupe::net::web::tests::posted;
using troupe::net::web::tests::receiver;
using troupe::net::web::tests::reply;
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

  [[nodiscard]] address to() const {
    return *parse_address("http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/keys?a=b");
  }

  std::string asked;

private:
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

outcome get(std::string answer, std::chrono::milliseconds timeout = 10s, std::size_t max_bytes = 1024) {
  one_answer server{std::move(answer)};
  return fetch({.to = server.to(), .timeout = timeout, .max_bytes = max_bytes});
}

std::string body_of(const outcome& got) {
  const auto* answer = std::get_if<response>(&got);
  return answer ? answer->body : "none: " + std::get<failure>(got).why;
}

failure::kind kind_of(const outcome& got) {
  REQUIRE(std::holds_alternative<failure>(got));
  return std::get<failure>(got).what;
}

std::future<outcome> ask(client& by, request what) {
  auto answer = std::make_shared<std::promise<outcome>>();
  by.send(std::move(what), [answer](outcome got) { answer->set_value(std::move(got)); });
  return answer->get_future();
}

outcome wait_for(std::future<outcome> answer) {
  REQUIRE(answer.wait_for(20s) == std::future_status::ready);
  return answer.get();
}

} // namespace

TEST_CASE("web client: the body of an answer comes with its status", "[net][web]") {
  one_answer server{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"};
  const auto got = fetch({.to = server.to(), .timeout = 10s});
  CHECK(body_of(got) == "hello");
  CHECK(problem_of(got).empty());
  server.join();
  CHECK_THAT(server.asked, Catch::Matchers::StartsWith("GET /keys?a=b HTTP/1.1\r\n"));
  CHECK(body_of(get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")) == "hi");
}

TEST_CASE("web client: whatever else comes is told in words", "[net][web]") {
  CHECK(problem_of(get("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")) == "the status is 404");
  CHECK(problem_of(get("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")) == "the status is 302");
  const auto rubbish = get("rubbish\r\n\r\n");
  CHECK(kind_of(rubbish) == failure::kind::broken);
  CHECK_THAT(problem_of(rubbish), Contains("receiving failed"));
  CHECK(kind_of(get("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 200ms)) == failure::kind::timed_out);
}

TEST_CASE("web client: an answer may be as long as the limit and no longer", "[net][web]") {
  const auto answer = [](std::size_t size) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
  };
  CHECK(body_of(get(answer(100), 10s, 100)).size() == 100);
  CHECK(kind_of(get(answer(101), 10s, 100)) == failure::kind::broken);
}

TEST_CASE("web client: nobody there is told in words too", "[net][web]") {
  asio::io_context context;
  asio::ip::tcp::acceptor gone{context, {asio::ip::address_v4::loopback(), 0}};
  const auto url = "http://127.0.0.1:" + std::to_string(gone.local_endpoint().port());
  gone.close();
  const auto got = fetch({.to = *parse_address(url), .timeout = 10s});
  CHECK(kind_of(got) == failure::kind::unreachable);
  CHECK_THAT(problem_of(got), Contains("connecting failed"));
}

TEST_CASE("web client: a name is looked up", "[net][web]") {
  receiver server{[](const posted&) { return reply{}; }};
  auto to = server.to();
  to.host = "localhost";
  client by;
  for (int i = 0; i < 2; ++i) CHECK(body_of(wait_for(ask(by, {.to = to, .timeout = 10s}))) == "{}");
  to.host = "no-such-host.invalid";
  CHECK(kind_of(wait_for(ask(by, {.to = to, .timeout = 300ms}))) == failure::kind::unreachable);
}

TEST_CASE("web client: requests one after another share a connection", "[net][web]") {
  receiver server{[](const posted& m) { return reply{.body = m.body()}; }};
  client by;
  for (int i = 0; i < 10; ++i) {
    const auto text = std::to_string(i);
    CHECK(body_of(wait_for(ask(by, {.to = server.to(), .how = method::post, .body = text, .timeout = 10s}))) == text);
  }
  CHECK(server.connections == 1);
}

TEST_CASE("web client: a connection that its server closed is not used again", "[net][web]") {
  receiver server{[](const posted&) { return reply{.next = reply::then::close}; }};
  client by;
  for (int i = 0; i < 10; ++i)
    CHECK(body_of(wait_for(ask(by, {.to = server.to(), .how = method::post, .timeout = 10s}))) == "{}");
  CHECK(server.connections >= 2);
}

TEST_CASE("web client: what a kept connection swallowed is sent once more, unless it must not be", "[net][web]") {
  // Every second request on a connection is read and not answered.
  std::atomic<int> seen{0};
  receiver server{[&](const posted&) {
    return ++seen == 2 ? reply{.next = reply::then::silence} : reply{};
  }};
  client by;
  const auto post = [&](delivery repeat) {
    return wait_for(ask(by, {.to = server.to(), .how = method::post, .timeout = 10s, .repeat = repeat}));
  };
  CHECK(body_of(post(delivery::at_most_once)) == "{}");
  SECTION("repeatable") {
    CHECK(body_of(post(delivery::repeatable)) == "{}");
    CHECK(seen == 3);
  }
  SECTION("at most once") {
    CHECK(kind_of(post(delivery::at_most_once)) == failure::kind::broken);
    CHECK(seen == 2);
  }
}

TEST_CASE("web client: no more requests are open at once than the limit", "[net][web]") {
  receiver server{[](const posted&) { return reply{.after = 20ms}; }};
  client by{{.connections = 3, .waiting = 7}};
  std::vector<std::future<outcome>> answers;
  for (int i = 0; i < 11; ++i) answers.push_back(ask(by, {.to = server.to(), .timeout = 10s}));
  int answered = 0;
  int refused = 0;
  for (auto& each : answers) {
    const auto got = wait_for(std::move(each));
    if (std::holds_alternative<response>(got)) ++answered;
    else refused += kind_of(got) == failure::kind::overloaded;
  }
  CHECK(answered == 10);
  CHECK(refused == 1);
  CHECK(server.most_open == 3);
  CHECK(server.connections == 3);
}

TEST_CASE("web client: a request that waits for a connection fails at its own deadline", "[net][web]") {
  receiver server{[](const posted&) { return reply{.after = 10s}; }};
  client by{{.connections = 1}};
  auto first = ask(by, {.to = server.to(), .timeout = 10s});
  CHECK(kind_of(wait_for(ask(by, {.to = server.to(), .timeout = 100ms}))) == failure::kind::overloaded);
}
