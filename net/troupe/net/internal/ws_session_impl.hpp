// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Members of ws_session: included only where it is instantiated, for Beast takes long to compile.
#pragma once
#include <troupe/net/internal/deflate.hpp>
#include <troupe/net/internal/ws_session.hpp>
#include <troupe/net/internal/ws_session_closing.hpp>
#include <troupe/net/internal/ws_session_reading.hpp>

#include <boost/beast/core/error.hpp>
#include <boost/beast/websocket/option.hpp>

#include <linux/sockios.h>
#include <sys/ioctl.h>

namespace troupe::net {

template <class Lower>
ws_session<Lower>::ws_session(session_context& context, io_loop& loop, Lower&& lower, ticket place)
  : context_(context), loop_(loop), place_(std::move(place)), descriptor_(socket_of(lower).native_handle()),
    lower_(std::move(lower)), readers_(asio::use_service<readers<Lower>>(loop.executor().context())),
    deadline_([](void* s) { static_cast<ws_session*>(s)->on_deadline(); }, this),
    write_deadline_([](void* s) { static_cast<ws_session*>(s)->on_write_deadline(); }, this) {}

template <class Lower>
ws_session<Lower>::~ws_session() {
  loop_.forget(*this);
  const auto before = queued();
  out_.clear();
  count_queued(before);
}

template <class Lower>
tcp_socket& ws_session<Lower>::socket_of(Lower& lower) noexcept {
  if constexpr (is_encrypted<Lower>) return lower.next_layer();
  else return lower;
}

template <class Lower>
void ws_session<Lower>::arm(timer& which, std::chrono::milliseconds from_now) {
  loop_.timers().arm(which, loop_.now() + from_now);
}

// -- opening ---------------------------------------------------------------------------------------

template <class Lower>
void ws_session<Lower>::accept(request upgrade, opening how, host::clock::time_point deadline) {
  loop_.timers().arm(deadline_, deadline);
  centrifuge_ = how.centrifuge.has_value();
  const auto known = centrifuge_ ? how.centrifuge->subprotocol : std::string_view{};
  const auto& options = context_.options.websocket;
  ws_ = std::make_unique<typename readers<Lower>::reader>(loop_.executor());
  if (options.compression) {
    websocket::permessage_deflate deflate;
    deflate.server_enable = true;
    deflate.server_no_context_takeover = true; // what we send is shared, see deflate.hpp
    deflate.client_no_context_takeover = true;
    ws_->set_option(deflate);
  }
  ws_->set_option(websocket::stream_base::decorator([this, known](websocket::response_type& response) {
    response.set(http::field::server, "Troupe");
    if (!known.empty()) response.set(http::field::sec_websocket_protocol, std::string{known});
    const auto agreed = response[http::field::sec_websocket_extensions];
    const auto says = [&](const char* what) { return agreed.find(what) != beast::string_view::npos; };
    inflates_ = says("permessage-deflate");
    // Shared bytes need the full window: who asked for a smaller one gets them as they are.
    deflates_ = inflates_ && !says("server_max_window_bits");
  }));
  attach_reader();
  auto held = std::make_shared<request>(std::move(upgrade));
  ws_->async_accept(*held, [s = self(), held, how = std::move(how)](error_code ec) {
    s->on_accepted(ec, how);
  });
}

template <class Lower>
void ws_session<Lower>::on_accepted(error_code ec, const opening& how) {
  if (stage_ == stage::closed) return;
  if (ec) return linger(close_reason::protocol_error); // Beast has answered
  deadline_.cancel();
  stage_ = stage::open;
  if (!inflates_) ws_ = nullptr;
  context_.open(loop_, self(), how);
}

template <class Lower>
void ws_session<Lower>::start(connection_actor owner, gap_marker marker) {
  owner_ = std::move(owner);
  marker_ = marker;
  if (stage_ == stage::closed) caf::anon_send(std::exchange(owner_, connection_actor{}), transport_closed{record_});
  read();
}

// -- queueing --------------------------------------------------------------------------------------

template <class Lower>
std::size_t ws_session<Lower>::queued() const noexcept {
  return out_.bytes() + out_.control_bytes();
}

template <class Lower>
outbox_bounds ws_session<Lower>::bounds() const noexcept {
  auto all = context_.bounds(centrifuge_);
  if (own_max_bytes_ != 0) all.max_bytes = own_max_bytes_;
  // Only for who does not keep up: what one turn queues for the others may be larger than a share.
  if (blocked_)
    if (const auto share = context_.memory.share(all.max_bytes); out_.bytes() > share) all.max_bytes = share;
  return all;
}

template <class Lower>
void ws_session<Lower>::count_queued(std::size_t before) noexcept {
  loop_.counters().queued_bytes.add(queued() - before); // may wrap down: the counter does too
}

template <class Lower>
outbox::result ws_session<Lower>::send(const delivery_ptr& what) {
  if (stage_ != stage::open) return {send_status::dropped};
  const auto before = queued();
  const auto result =
    deflates_ ? out_.push(deflated(what, context_.options.websocket.compression_min_bytes), bounds())
              : out_.push(what, bounds());
  count_queued(before);
  flush_soon();
  return result;
}

template <class Lower>
bool ws_session<Lower>::push_control(const frame& what) {
  const auto before = queued();
  const bool fits = out_.push_control(what, bounds());
  count_queued(before);
  if (fits) flush_soon();
  return fits;
}

template <class Lower>
void ws_session<Lower>::send_control(const frame& what) {
  if (stage_ == stage::open && !push_control(what)) cut(close_reason::control_overflow);
}

template <class Lower>
std::uint32_t ws_session<Lower>::withdraw(std::string_view name) {
  const auto before = queued();
  const auto withdrawn = out_.withdraw(name);
  count_queued(before);
  return withdrawn;
}

template <class Lower>
bool ws_session<Lower>::write_raw(std::string_view bytes) {
  if (push_control(frame::raw(bytes))) return true;
  violation_ = close_reason::control_overflow;
  return false;
}

template <class Lower>
transport_stats ws_session<Lower>::stats() const noexcept {
  return {out_.bytes(), out_.control_bytes()};
}

template <class Lower>
void ws_session<Lower>::describe(connection_details& to) const {
  constexpr const char* stages[] = {"handshake", "open", "closing", "lingering", "closed"};
  to.stage = stages[static_cast<std::size_t>(stage_)];
  to.max_bytes = bounds().max_bytes;
  to.blocked = blocked_;
  to.compressed = deflates_;
  to.paused = !reading_;
  auto& lowest = beast::get_lowest_layer(const_cast<ws_session*>(this)->lower_);
  if (int unsent = 0; ::ioctl(lowest.native_handle(), SIOCOUTQ, &unsent) == 0)
    to.unsent_bytes = static_cast<std::size_t>(unsent);
}

// -- sending ---------------------------------------------------------------------------------------

template <class Lower>
void ws_session<Lower>::flush_soon() {
  if (!blocked_ && stage_ != stage::closed) loop_.mark_dirty(*this);
}

template <class Lower>
bool ws_session<Lower>::want_send(send_operation& op) {
  if (blocked_ || stage_ == stage::closed) return false;
  if (out_.has_gap() && marker_ && stage_ == stage::open &&
      !push_control(marker_(out_.take_gap()))) {
    cut(close_reason::control_overflow);
    return false;
  }
  if (out_.empty()) return false;
  if constexpr (is_encrypted<Lower>) {
    send_encrypted();
    return false;
  } else {
    std::array<std::string_view, send_operation::max_slices> slices;
    op.descriptor = descriptor_;
    op.slices = static_cast<unsigned>(out_.fill(slices));
    for (unsigned i = 0; i < op.slices; ++i)
      op.slice[i] = {const_cast<char*>(slices[i].data()), slices[i].size()};
    return true;
  }
}

template <class Lower>
void ws_session<Lower>::sent(ssize_t result) {
  if (stage_ == stage::closed) return;
  if (result >= 0) {
    consume(static_cast<std::size_t>(result));
    after_send();
  } else if (result == -EAGAIN) {
    wait_until(tcp_socket::wait_write, [s = self()] { s->flush_soon(); });
  } else {
    finish(stage_ == stage::open ? close_reason::peer_reset : record_.reason);
  }
}

template <class Lower>
void ws_session<Lower>::consume(std::size_t n) {
  const auto before = queued();
  out_.consume(n);
  count_queued(before);
  loop_.counters().bytes_out.add(n);
}

template <class Lower>
template <class F>
void ws_session<Lower>::wait_until(tcp_socket::wait_type ready, F go_on) {
  blocked_ = true;
  out_.publish();
  arm(write_deadline_, context_.options.outbox.write_timeout);
  socket().async_wait(ready, [this, go_on](error_code ec) {
    blocked_ = false;
    write_deadline_.cancel();
    if (!ec && stage_ != stage::closed) go_on();
  });
}

template <class Lower>
void ws_session<Lower>::send_encrypted() {
  if constexpr (is_encrypted<Lower>) {
    constexpr std::size_t record_bytes = 16 * 1024; // a TLS record's worth
    std::array<std::string_view, send_operation::max_slices> slices;
    const auto used = out_.fill(slices);
    for (std::size_t i = 0; i < used && encrypting_.size() < record_bytes; ++i)
      encrypting_ += slices[i].substr(0, record_bytes - encrypting_.size());
    consume(encrypting_.size());
    write_encrypted();
  }
}

template <class Lower>
void ws_session<Lower>::write_encrypted() {
  if constexpr (is_encrypted<Lower>) {
    while (!encrypting_.empty()) {
      const auto result = lower_.write(encrypting_);
      if (result.is != io_outcome::state::done)
        return wait_until(result.is == io_outcome::state::wants_read ? tcp_socket::wait_read : tcp_socket::wait_write,
                          [s = self()] { s->write_encrypted(); });
      if (result.error) return finish(stage_ == stage::open ? close_reason::peer_reset : record_.reason);
      encrypting_.erase(0, result.bytes);
    }
    if (out_.empty()) encrypting_ = {};
    after_send();
  }
}

template <class Lower>
void ws_session<Lower>::after_send() {
  if (stage_ == stage::closing && !close_frame_sent_ && !out_.has_data()) send_close_frame();
  if (!out_.empty()) flush_soon();
  else if (stage_ == stage::lingering) shut_down();
}

} // namespace troupe::net
