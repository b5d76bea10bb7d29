// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/internal/look_up.hpp>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace troupe::net::auth::internal {

namespace {

std::atomic<bool> under_way{false};

} // namespace

addresses resolve(const std::string& host, const std::string& port) {
  asio::io_context context{1};
  asio::ip::tcp::resolver system{context};
  error_code ec;
  addresses result;
  for (const auto& each : system.resolve(host, port, ec)) result.found.push_back(each.endpoint());
  if (ec) result.why = "the host is not found: " + ec.message();
  return result;
}

addresses look_up(const std::string& host, const std::string& port, std::chrono::milliseconds timeout,
                  resolver by) {
  if (under_way.exchange(true)) return {{}, "an earlier look-up of a host still hangs"};
  auto answer = std::make_shared<std::promise<addresses>>();
  auto got = answer->get_future();
  std::thread{[answer, host, port, by = std::move(by)] {
    auto found = by(host, port);
    under_way = false;
    answer->set_value(std::move(found));
  }}.detach();
  if (got.wait_for(timeout) != std::future_status::ready) return {{}, "the look-up of the host took too long"};
  return got.get();
}

} // namespace troupe::net::auth::internal
