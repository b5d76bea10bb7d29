// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// API LOAD: publishes through the server API of a running server as fast as it answers: kept connections
// with one request each under way. Prints requests per second, latency and the server's CPU time for each
// request as JSON. Ends with 1 if any answer was not a result.
//
//   api_load PORT KEY CONNECTIONS SECONDS BYTES CHANNEL SERVER_PID
#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// CPU time of a process, all its threads.
double cpu_seconds(pid_t process) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &used) != 0) fail("CPU clock");
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// One kept connection.
class line {
public:
  explicit line(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_ < 0 || ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      fail("connect");
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  line(line&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~line() {
    if (socket_ >= 0) ::close(socket_);
  }

  [[nodiscard]] int socket() const { return socket_; }

  void ask(std::string_view request) {
    asked_ = clock_type::now();
    answer_.clear();
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      fail("send");
  }

  /// @returns whether the answer is complete.
  bool read() {
    char part[4096];
    const auto size = ::recv(socket_, part, sizeof part, 0);
    if (size <= 0) fail("the server closed a connection");
    answer_.append(part, static_cast<std::size_t>(size));
    const auto head = answer_.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    constexpr std::string_view field = "Content-Length: ";
    const auto at = answer_.find(field);
    if (at > head) throw std::runtime_error("an answer without length:\n" + answer_);
    const auto body = std::strtoul(answer_.c_str() + at + field.size(), nullptr, 10);
    return answer_.size() >= head + 4 + body;
  }
  [[nodiscard]] bool is_result() const {
    return answer_.starts_with("HTTP/1.1 200 ") && answer_.find(R"({"result":)") != std::string::npos;
  }
  [[nodiscard]] const std::string& answer() const { return answer_; }
  [[nodiscard]] double waited_us() const {
    return std::chrono::duration<double, std::micro>(clock_type::now() - asked_).count();
  }

private:
  int socket_;
  std::string answer_;
  clock_type::time_point asked_;
};

std::string request_text(const std::string& key, std::size_t bytes, const std::string& channel) {
  const auto body = fmt::format(R"({{"channel":"{}","data":"{}"}})", channel, std::string(bytes, 'x'));
  return fmt::format("POST /api/publish HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\nContent-Length: {}\r\n\r\n{}",
                     key, body.size(), body);
}

int run(const std::vector<std::string>& args) {
  const auto number = [&](std::size_t at) { return std::stoul(args.at(at)); };
  const auto request = request_text(args.at(1), number(4), args.at(5));
  const auto server = static_cast<pid_t>(number(6));
  std::vector<line> lines;
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < number(2); ++i) {
    lines.emplace_back(static_cast<std::uint16_t>(number(0)));
    epoll_event wanted{.events = EPOLLIN, .data = {.u64 = i}};
    if (::epoll_ctl(poll, EPOLL_CTL_ADD, lines.back().socket(), &wanted) != 0) fail("epoll");
  }
  std::vector<double> waited;
  std::size_t wrong = 0;
  const auto begin = clock_type::now();
  const auto end = begin + std::chrono::seconds(number(3));
  const auto cpu = cpu_seconds(server);
  for (auto& each : lines) each.ask(request);
  for (std::size_t open = lines.size(); open != 0;) {
    epoll_event ready[256];
    const int count = ::epoll_wait(poll, ready, 256, 10'000);
    if (count <= 0) fail("no answer");
    for (int i = 0; i < count; ++i) {
      auto& each = lines[ready[i].data.u64];
      if (!each.read()) continue;
      waited.push_back(each.waited_us());
      if (!each.is_result() && wrong++ == 0) fmt::print(stderr, "{}\n", each.answer());
      if (clock_type::now() < end) each.ask(request);
      else --open;
    }
  }
  const auto seconds = std::chrono::duration<double>(clock_type::now() - begin).count();
  const auto used = cpu_seconds(server) - cpu;
  ::close(poll);
  std::sort(waited.begin(), waited.end());
  const auto quantile = [&](double share) {
    return waited[static_cast<std::size_t>(share * static_cast<double>(waited.size() - 1))];
  };
  const auto answers = static_cast<double>(waited.size());
  fmt::print(R"({{"requests_per_second":{:.0f},"server_cpu_us_per_request":{:.1f},"server_cpu_percent":{:.0f},)"
             R"("latency_us":{{"p50":{:.0f},"p99":{:.0f},"max":{:.0f}}},"answers":{},"wrong":{}}})"
             "\n",
             answers / seconds, used / answers * 1e6, used / seconds * 100, quantile(0.5), quantile(0.99),
             waited.back(), waited.size(), wrong);
  return wrong == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    fmt::print(stderr, "usage: api_load PORT KEY CONNECTIONS SECONDS BYTES CHANNEL SERVER_PID\n");
    return 2;
  }
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    fmt::print(stderr, "api_load: {}\n", e.what());
    return 1;
  }
}
