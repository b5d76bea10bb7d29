// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/tcp_guest.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace troupe::app::console {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds pause_after_guess{1};

} // namespace

tcp_guest::tcp_guest(asio::io_context& io, std::chrono::milliseconds patience, const access& tokens, verdict then)
    : tokens_{tokens}, then_{std::move(then)}, deadline_{io, patience} {}

void tcp_guest::enter(tcp_socket peer) {
  peer_ = std::make_unique<stream_over<tcp_socket>>(std::move(peer));
  deadline_.async_wait([weak = weak_from_this()](error_code cancelled) {
    if (const auto self = weak.lock(); self && !cancelled)
      self->peer_->close();
  });
  read();
}

void tcp_guest::enter(tls_socket peer) {
  auto held = std::make_unique<stream_over<tls_socket>>(std::move(peer));
  auto& socket = held->socket();
  peer_ = std::move(held);
  deadline_.async_wait([weak = weak_from_this()](error_code cancelled) {
    if (const auto self = weak.lock(); self && !cancelled)
      self->peer_->close();
  });
  socket.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code fault) {
    if (!fault)
      self->read();
  });
}

void tcp_guest::read() {
  if (const auto end = input_.find('\n'); end != std::string::npos) {
    const auto line = input_.substr(0, end);
    input_.erase(0, end + 1);
    return on_token(line);
  }
  if (input_.size() >= max_bytes)
    return turn_away();
  peer_->read_some(asio::buffer(piece_), [self = shared_from_this()](error_code fault, std::size_t size) {
    if (fault)
      return;
    self->input_.append(self->piece_.data(), size);
    self->read();
  });
}

void tcp_guest::on_token(std::string_view line) {
  const auto said = nlohmann::json::parse(line, nullptr, false);
  const bool has_token = said.is_object() && said.contains("token") && said["token"].is_string();
  const auto may = has_token ? tokens_.of(said["token"].get_ref<const std::string&>()) : std::nullopt;
  if (!may)
    return turn_away();
  deadline_.cancel();
  then_(std::move(peer_), may, std::move(input_));
}

/// Later, so that guessing takes time.
void tcp_guest::turn_away() {
  deadline_.expires_after(pause_after_guess);
  deadline_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled)
      self->then_(std::move(self->peer_), std::nullopt, {});
  });
}

} // namespace troupe::app::console
