// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Members of ws_session that read. A connection between two messages is parked: it waits for the socket
// alone. Once bytes come, it takes one of Beast's readers until that has given us all messages of what it has read.
#pragma once
#include <troupe/net/internal/utf8.hpp>
#include <troupe/net/internal/ws_session.hpp>

#include <boost/asio/ssl/error.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/zlib/error.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace troupe::net {

inline const boost::system::error_category& zlib_category() noexcept {
  return beast::zlib::make_error_code(beast::zlib::error::general).category();
}

template <class Lower>
void ws_session<Lower>::read() {
  if (!goes_on()) return;
  reading_ = true;
  if (drained_) park();
  else read_message();
}

template <class Lower>
bool ws_session<Lower>::goes_on() {
  if (reading_ || stage_ != stage::open) return false;
  if (uncredited_ >= context_.options.websocket.read_window_bytes) {
    loop_.counters().reads_paused.add();
    return false;
  }
  const auto wait = pace_.wait(loop_.now(), context_.pace());
  if (wait.count() <= 0) return true;
  loop_.counters().reads_paused.add();
  if (!resume_)
    resume_ = std::make_unique<timer>([](void* s) { static_cast<ws_session*>(s)->read(); }, this);
  arm(*resume_, std::chrono::ceil<std::chrono::milliseconds>(wait));
  return false;
}

// Most connections are idle most of the time. One that waits for nothing but bytes needs neither a buffer worth the name
// nor a read of Beast's, which is larger.
template <class Lower>
void ws_session<Lower>::park() {
  incoming_ = {};
  if constexpr (is_encrypted<Lower>) {
    if (lower_.has_rest()) return asio::post(loop_.executor(), [s = self()] { s->on_readable({}); });
    wait_readable(tcp_socket::wait_read);
  } else {
    // Not async_wait(): for that Asio calls epoll_ctl each time.
    parked_ = true;
    socket().async_read_some(asio::buffer(first_), [s = self()](error_code ec, std::size_t n) { s->on_first(ec, n); });
  }
}

template <class Lower>
void ws_session<Lower>::on_first(error_code ec, std::size_t n) requires(!is_encrypted<Lower>) {
  // Who has been parked for long is in no cache, and most often all that follows is a pong to its actor.
  troupe::prefetch(this, sizeof *this);
  if (owner_) prefetch_actor(owner_);
  parked_ = false;
  if (close_frame_sent_) { // Beast reads what follows our close frame
    reading_ = false;
    return ws_->next_layer().release(ec, {first_.data(), n});
  }
  if (ec || stage_ > stage::closing) {
    reading_ = false;
    return stage_ > stage::closing ? void() : on_read_failed(ec);
  }
  if (n < first_.size()) return take_in({first_.data(), n});
  std::array<char, first_read> bytes; // there may be more
  std::copy_n(first_.begin(), n, bytes.begin());
  if (const auto more = ::recv(descriptor_, bytes.data() + n, bytes.size() - n, MSG_DONTWAIT); more > 0)
    n += static_cast<std::size_t>(more); // else the next read finds out
  take_in({bytes.data(), n});
}

template <class Lower>
void ws_session<Lower>::wait_readable(tcp_socket::wait_type until) requires is_encrypted<Lower> {
  socket().async_wait(until, [s = self()](error_code ec) { s->on_readable(ec); });
}

template <class Lower>
void ws_session<Lower>::on_readable(error_code ec) requires is_encrypted<Lower> {
  if (ec || stage_ > stage::closing || close_frame_sent_) { // Beast reads what follows our close frame
    reading_ = false;
    return;
  }
  std::array<char, first_read> bytes;
  const auto result = lower_.read(bytes);
  if (result.is == io_outcome::state::wants_read) return park();
  if (result.is == io_outcome::state::wants_write) return wait_readable(tcp_socket::wait_write);
  if (result.error) {
    reading_ = false;
    return on_read_failed(result.error);
  }
  take_in({bytes.data(), result.bytes});
}

template <class Lower>
void ws_session<Lower>::take_in(std::string_view got) {
  if (owner_ && frame_scanner::are_heartbeats(got)) { // all that most ever send
    on_heartbeats(got);
    if (stage_ != stage::closed) return park();
    reading_ = false;
    return;
  }
  drained_ = false;
  take_reader();
  ws_->next_layer().give(got);
  if (frame_scanner::are_messages(got)) read_messages(got.size());
  else read_message();
  if (ws_ && !ws_->next_layer().take_back().empty()) cut(close_reason::internal_error); // Beast was not drained
}

template <class Lower>
void ws_session<Lower>::on_heartbeats(std::string_view frames) {
  while (const auto one = frame_scanner::take_heartbeat(frames)) {
    if (!one->is_ping) tell_express(loop_, owner_, pong_received{});
    else if (!push_control(frame::encode(opcode::pong, one->payload()))) return cut(close_reason::control_overflow);
  }
}

template <class Lower>
void ws_session<Lower>::read_message() {
  const auto have = incoming_.size();
  const auto room = have == 0 ? small_read : large_read;
  incoming_.resize(have + room);
  ws_->async_read_some(asio::buffer(incoming_.data() + have, room), [s = self(), have](error_code ec, std::size_t n) {
    s->on_read(ec, have, n);
  });
}

// Beast needs nothing more for them. So nobody has to wait, and they need not go by way of Asio.
template <class Lower>
void ws_session<Lower>::read_messages(std::size_t bytes) {
  do {
    incoming_.resize(bytes);
    error_code ec;
    const auto n = ws_->read_some(asio::buffer(incoming_), ec);
    if (!take_part(ec, 0, n)) return;
  } while (!drained_ && goes_on());
  if (drained_) read();
}

template <class Lower>
void ws_session<Lower>::on_read(error_code ec, std::size_t have, std::size_t n) {
  if (take_part(ec, have, n)) read();
}

template <class Lower>
bool ws_session<Lower>::take_part(error_code ec, std::size_t have, std::size_t n) {
  reading_ = false;
  if (stage_ > stage::closing) return false; // it is known how this ends
  if (ec) {
    on_read_failed(ec);
    return false;
  }
  if (stage_ != stage::open) return false; // closing: what comes now is ignored
  incoming_.resize(have + n);
  if (ws_->is_message_done()) {
    ++delivered_;
    drained_ = scanner_.ends_with_message() && delivered_ == scanner_.finished();
    on_message(incoming_);
    incoming_.clear();
    if (incoming_.capacity() > large_read) incoming_ = {};
    if (drained_) let_go();
  }
  return true;
}

template <class Lower>
void ws_session<Lower>::attach_reader() {
  ws_->next_layer().attach(lower_, *this);
  ws_->read_message_max(context_.options.websocket.max_message_bytes);
  ws_->control_callback([this](websocket::frame_type type, beast::string_view) {
    if (type == websocket::frame_type::pong && owner_) tell_express(loop_, owner_, pong_received{});
  });
}

template <class Lower>
void ws_session<Lower>::take_reader() {
  if (ws_) return;
  ws_ = readers_.take(loop_.executor());
  attach_reader();
}

template <class Lower>
void ws_session<Lower>::let_go() {
  if (!inflates_ && stage_ == stage::open) readers_.give_back(std::move(ws_));
}

template <class Lower>
void ws_session<Lower>::on_message(std::string_view payload) {
  // Beast does not see it when the last fragment is empty.
  if (ws_->got_text() && ends_within_character(payload))
    return close(close_status::of(close_reason::invalid_utf8));
  auto message = frame::encode(ws_->got_text() ? opcode::text : opcode::binary, payload);
  const auto cost = payload.size() + message_cost;
  pace_.take(loop_.now(), context_.pace());
  uncredited_ += cost;
  if (owner_) tell_express(loop_, owner_, received{std::move(message), cost});
}

template <class Lower>
void ws_session<Lower>::grant(std::size_t bytes) {
  uncredited_ -= std::min(uncredited_, bytes);
  read();
}

template <class Lower>
bool ws_session<Lower>::check_input(std::string_view bytes) {
  violation_ = scanner_.scan(bytes, context_.scan_limits());
  if (violation_ != close_reason::none) return false;
  if (stage_ != stage::open) return true;
  if (!scanner_.in_message()) deadline_.cancel();
  else if (!deadline_.armed() || timed_message_ != scanner_.messages()) {
    timed_message_ = scanner_.messages();
    arm(deadline_, context_.options.websocket.message_timeout);
  }
  return true;
}

template <class Lower>
close_reason ws_session<Lower>::reason_of(error_code ec) const noexcept {
  using websocket::error;
  if (violation_ != close_reason::none) return violation_;
  if (ec == error::closed) return close_reason::peer_closed;
  if (ec == error::message_too_big || ec == error::buffer_overflow) return close_reason::message_too_big;
  if (ec == error::bad_frame_payload) return close_reason::invalid_utf8;
  if (ec == websocket::condition::protocol_violation) return close_reason::protocol_error;
  if (ec == asio::error::eof || ec == asio::ssl::error::stream_truncated)
    return close_reason::peer_gone;
  return close_reason::peer_reset;
}

template <class Lower>
void ws_session<Lower>::on_read_failed(error_code ec) {
  if (violation_ == close_reason::none && ec.category() == zlib_category())
    violation_ = close_reason::protocol_error; // Beast says nothing to the peer then
  const auto reason = reason_of(ec);
  const bool closed = reason == close_reason::peer_closed;
  if (closed) {
    const auto& said = ws_->reason();
    record_.code_received = said.code == websocket::close_code::none
                              ? static_cast<std::uint16_t>(websocket::close_code::no_status)
                              : said.code;
    if (record_.text.empty()) record_.text = said.reason.c_str();
    if (!close_frame_sent_) // Beast has echoed it
      record_.code_sent = said.code != websocket::close_code::none
                            ? said.code
                            : static_cast<std::uint16_t>(websocket::close_code::normal);
  }
  if (stage_ == stage::closing) {
    if (close_frame_sent_) return; // the handler of the closing handshake follows
    return closed ? linger(record_.reason) : finish(record_.reason);
  }
  if (closed) return linger(reason);
  record_.code_sent = info(reason).code;
  record_.text = info(reason).text;
  if (violation_ == close_reason::control_overflow) return cut(reason);
  if (violation_ != close_reason::none) {
    std::string body{static_cast<char>(record_.code_sent >> 8),
                     static_cast<char>(record_.code_sent & 0xff)};
    if (!push_control(frame::encode(opcode::close, body + record_.text))) return cut(reason);
  } else if (record_.code_sent == 0) {
    return finish(reason); // the stream has ended or failed
  }
  linger(reason); // Beast, or we just now, queued a close frame
}

} // namespace troupe::net
