// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Members of ws_session that end it, from closing to closed: see the stages in ws_session.hpp.
#pragma once
#include <troupe/net/internal/utf8.hpp>
#include <troupe/net/internal/ws_session.hpp>

#include <sys/socket.h>

#include <array>

namespace troupe::net {

template <class Lower>
void ws_session<Lower>::close(const close_status& status) {
  if (stage_ == stage::handshake) return finish(status.reason);
  if (stage_ != stage::open) return;
  stage_ = stage::closing;
  record_.reason = status.reason;
  closing_with_ = std::make_unique<close_status>(status);
  cut_close_text(closing_with_->text);
  if (status.reason == close_reason::slow_consumer || status.reason == close_reason::pong_timeout) {
    const auto before = queued();
    loop_.counters().messages_dropped.add(out_.drop_data());
    count_queued(before);
  }
  arm(deadline_, context_.options.outbox.close_timeout);
  if (out_.has_data()) flush_soon();
  else send_close_frame();
}

template <class Lower>
void ws_session<Lower>::send_close_frame() {
  close_frame_sent_ = true;
  record_.code_sent = closing_with_->code;
  record_.text = closing_with_->text;
  const websocket::close_reason reason{static_cast<websocket::close_code>(closing_with_->code),
                                       closing_with_->text};
  take_reader();
  if (parked_) ws_->next_layer().hold();
  ws_->async_close(reason, [s = self()](error_code ec) {
    if (s->stage_ != stage::closing) return;
    if (ec) return s->finish(s->record_.reason);
    if (s->record_.code_received == 0) s->record_.code_received = s->ws_->reason().code;
    s->linger(s->record_.reason);
  });
}

template <class Lower>
void ws_session<Lower>::linger(close_reason reason) {
  if (stage_ == stage::open || !deadline_.armed()) arm(deadline_, context_.options.outbox.close_timeout);
  stage_ = stage::lingering;
  record_.reason = reason;
  lingering_ = self();
  const auto before = queued();
  loop_.counters().messages_dropped.add(out_.drop_data()); // nothing may follow a close frame
  count_queued(before);
  if (!out_.empty()) flush_soon();
  else if (!blocked_) shut_down();
}

template <class Lower>
void ws_session<Lower>::shut_down() {
  if constexpr (is_encrypted<Lower>) {
    lower_.async_shutdown([s = self()](error_code, std::size_t) { s->end_stream(); });
  } else {
    end_stream();
  }
}

template <class Lower>
void ws_session<Lower>::end_stream() {
  if (stage_ == stage::closed) return;
  error_code ec;
  socket().shutdown(tcp_socket::shutdown_send, ec);
  if (ec) return finish(record_.reason);
  await_end();
}

template <class Lower>
void ws_session<Lower>::await_end() {
  // Closing with unread input would reset the connection and could take our close frame with it.
  static thread_local std::array<char, large_read> ignored; // by all
  socket().async_read_some(asio::buffer(ignored), [s = self()](error_code ec, std::size_t) {
    if (s->stage_ == stage::closed) return;
    if (ec) return s->finish(s->record_.reason);
    s->await_end();
  });
}

template <class Lower>
void ws_session<Lower>::cut(close_reason reason) {
  if (stage_ == stage::closed) return;
  error_code ignored;
  socket().set_option(asio::socket_base::linger(true, 0), ignored); // frees the kernel's buffers now
  finish(record_.reason == close_reason::none ? reason : record_.reason);
}

template <class Lower>
void ws_session<Lower>::abandon() noexcept {
  owner_ = nullptr;
  if (stage_ != stage::closed) lingering_ = self(); // there may be no handler under way
  try {
    close(close_status::of(close_reason::internal_error));
  } catch (...) {
    cut(close_reason::internal_error);
  }
}

template <class Lower>
void ws_session<Lower>::finish(close_reason reason) {
  if (stage_ == stage::closed) return;
  const auto keep = std::move(lingering_); // may be the last
  stage_ = stage::closed;
  record_.reason = reason;
  deadline_.cancel();
  write_deadline_.cancel();
  resume_.reset();
  if (parked_ && ws_) ws_->next_layer().release(asio::error::operation_aborted, {});
  loop_.forget(*this);
  const auto before = queued();
  out_.clear();
  count_queued(before);
  error_code ignored;
  socket().close(ignored);
  { const auto given_back = std::move(place_); }
  if (owner_) caf::anon_send(std::exchange(owner_, connection_actor{}), transport_closed{record_});
}

template <class Lower>
void ws_session<Lower>::on_deadline() {
  const auto keep = self();
  if (stage_ == stage::open) on_message_deadline();
  else cut(close_reason::peer_gone);
}

template <class Lower>
void ws_session<Lower>::on_write_deadline() {
  const auto keep = self();
  cut(close_reason::write_timeout);
}

template <class Lower>
void ws_session<Lower>::on_message_deadline() {
  if (!reading_) return arm(deadline_, context_.options.websocket.message_timeout); // we let it wait
  close(close_status::of(close_reason::message_timeout));
}

} // namespace troupe::net
