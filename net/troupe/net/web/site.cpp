// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/web/internal/site.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

namespace troupe::net::web::internal {

beast::tcp_stream& connection::lowest() {
  if (auto* plain = std::get_if<beast::tcp_stream>(&stream)) return *plain;
  return std::get<1>(stream).next_layer();
}

bool connection::is_usable() {
  char byte = 0;
  const auto got = ::recv(lowest().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

asio::awaitable<std::variant<site::place, failure>> site::enter(asio::io_context& context,
                                                                clock::time_point deadline) {
  if (used_ < limits_.connections) {
    ++used_;
    co_return place{*this};
  }
  if (waiting_.size() >= limits_.waiting)
    co_return failure{failure::kind::overloaded, "too many requests wait"};
  waiter self{asio::steady_timer{context, deadline}};
  waiting_.push_back(&self);
  error_code ignored;
  co_await self.timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (self.called) co_return place{*this};
  std::erase(waiting_, &self);
  co_return failure{failure::kind::overloaded, "no connection was free in time"};
}

void site::leave() {
  if (waiting_.empty()) {
    --used_;
    return;
  }
  auto* next = waiting_.front();
  waiting_.pop_front();
  next->called = true;
  next->timer.cancel();
}

std::unique_ptr<connection> site::take_idle() {
  while (!idle_.empty()) {
    auto last = std::move(idle_.back());
    idle_.pop_back();
    if (last->is_usable()) return last;
  }
  return nullptr;
}

void site::keep(std::unique_ptr<connection> idle) {
  idle->idle_since = clock::now();
  idle->lowest().expires_never();
  idle_.push_back(std::move(idle));
}

bool site::prune(clock::time_point now) {
  const auto is_old = [&](const auto& c) { return now - c->idle_since >= limits_.keep_alive; };
  std::erase_if(idle_, is_old);
  return !idle_.empty();
}

} // namespace troupe::net::web::internal
