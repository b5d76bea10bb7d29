// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// STREAM SESSION: the socket side of one connection without a WebSocket: a TRANSPORT over the answer to one HTTP request,
// whose body does not end. What its client says comes in requests of its own, by way of the DESK of its loop.
// Thread: its loop. Owner: the connection actor and the handlers under way. Bounded by: the outbox and what is being
// written, 64 KiB and a message; the read window; the write and close timeouts. Ends when: the socket is closed; tells its
// owner. See decision 19.
//
// Stages: open -> closing (the rest of the outbox, then a disconnect push and the end of the body) -> lingering (a FIN is
// out, the peer's awaited) -> closed. Any failure skips to closed.
#pragma once
#include <troupe/net/centrifuge/codecs.hpp>
#include <troupe/net/internal/admission.hpp>
#include <troupe/net/internal/message_pace.hpp>
#include <troupe/net/internal/session_context.hpp>
#include <troupe/net/internal/tls_stream.hpp>

#include <boost/asio/write.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <type_traits>

namespace troupe::net {

template <class Lower>
class stream_session final : public transport,
                             public emulation::listener,
                             public std::enable_shared_from_this<stream_session<Lower>>,
                             private flushable {
public:
  struct beginning {
    emulation::stream_format format;
    std::string commands;       ///< Of the request itself.
    std::string allowed_origin; ///< Empty: the answer says nothing of origins.
    bool chunked = true;        ///< Else the end of the connection ends the body.
  };

  stream_session(session_context& context, io_loop& loop, Lower&& lower, ticket place)
    : context_(context), loop_(loop), place_(std::move(place)), lower_(std::move(lower)),
      deadline_([](void* s) { static_cast<stream_session*>(s)->on_deadline(); }, this),
      write_deadline_([](void* s) { static_cast<stream_session*>(s)->on_write_deadline(); }, this) {}

  ~stream_session() override {
    loop_.forget(*this);
    drop_all();
  }

  /// Begins to answer and hands this transport to session_context::open.
  void accept(beginning how_it_begins, opening how) {
    format_ = how_it_begins.format;
    chunked_ = how_it_begins.chunked;
    first_ = std::move(how_it_begins.commands);
    how.stream = format_;
    how.where = where_ = std::make_shared<const troupe::centrifuge::stream_address>(
      troupe::centrifuge::stream_address{emulation::make_session(loop_.index()), context_.node});
    writing_ = head(how_it_begins.allowed_origin);
    write();
    await_end();
    tell_desk(emulation::enter_desk{where_->session, this->weak_from_this()});
    context_.open(loop_, self(), how);
  }

  // -- emulation::listener -------------------------------------------------------------------------
  emulation::hearing hear(std::string_view commands) override {
    if (stage_ != stage::open || !owner_) return emulation::hearing::gone;
    if (uncredited_ >= context_.options.websocket.read_window_bytes || pace_.wait(loop_.now(), context_.pace()).count() > 0) {
      loop_.counters().reads_paused.add();
      return emulation::hearing::busy;
    }
    take_in(commands);
    return emulation::hearing::taken;
  }

  // -- transport -----------------------------------------------------------------------------------
  void attach(meters::connection_meter* meter, meters::way_sampler* sampler) noexcept override {
    out_.attach(meter, sampler);
  }

  void start(connection_actor owner, gap_marker marker) override {
    owner_ = std::move(owner);
    marker_ = marker;
    if (stage_ == stage::closed) return tell_owner();
    take_in(std::exchange(first_, {}));
  }

  outbox::result send(const delivery_ptr& what) override {
    if (stage_ != stage::open) return {send_status::dropped};
    const auto before = queued();
    const auto result = out_.push(what, bounds());
    count_queued(before);
    flush_soon();
    return result;
  }

  void send_control(const frame& what) override {
    if (stage_ == stage::open && !push_control(what)) cut(close_reason::control_overflow);
  }

  std::uint32_t withdraw(std::string_view name) override {
    const auto before = queued();
    const auto withdrawn = out_.withdraw(name);
    count_queued(before);
    return withdrawn;
  }

  void grant(std::size_t bytes) override { uncredited_ -= std::min(uncredited_, bytes); }

  void close(const close_status& status) override {
    if (stage_ != stage::open) return;
    stage_ = stage::closing;
    record_.reason = status.reason;
    record_.code_sent = status.code;
    record_.text = status.text;
    if (status.reason == close_reason::slow_consumer || status.reason == close_reason::pong_timeout) drop_data();
    loop_.timers().arm(deadline_, loop_.now() + context_.options.outbox.close_timeout);
    flush_soon();
  }

  void cut(close_reason reason) override {
    if (stage_ == stage::closed) return;
    error_code ignored;
    socket().set_option(asio::socket_base::linger(true, 0), ignored); // frees the kernel's buffers now
    finish(record_.reason == close_reason::none ? reason : record_.reason);
  }

  void abandon() noexcept override {
    owner_ = nullptr;
    try {
      close(close_status::of(close_reason::internal_error));
    } catch (...) {
      cut(close_reason::internal_error);
    }
  }

  [[nodiscard]] transport_stats stats() const noexcept override { return {out_.bytes(), out_.control_bytes()}; }

  void describe(connection_details& to) const override {
    constexpr const char* stages[] = {"open", "closing", "lingering", "closed"};
    to.stage = stages[static_cast<std::size_t>(stage_)];
    to.max_bytes = bounds().max_bytes;
    to.blocked = writing_now_;
    if (int unsent = 0; ::ioctl(const_cast<stream_session*>(this)->socket().native_handle(), SIOCOUTQ, &unsent) == 0)
      to.unsent_bytes = static_cast<std::size_t>(unsent);
  }

  void limit(std::uint32_t max_bytes) override { own_max_bytes_ = max_bytes; }

private:
  enum class stage : std::uint8_t { open, closing, lingering, closed };

  static constexpr std::size_t worth_writing = 64 * 1024; // at once
  static constexpr std::size_t message_cost = 128;        // of a small message's way to its actor
  static constexpr bool encrypts = !std::is_same_v<Lower, tcp_socket>;

  auto self() { return this->shared_from_this(); }

  tcp_socket& socket() noexcept {
    if constexpr (encrypts) return lower_.next_layer();
    else return lower_;
  }

  [[nodiscard]] std::string head(const std::string& allowed_origin) const {
    auto text = fmt::format("HTTP/1.{} 200 OK\r\nServer: Troupe\r\nContent-Type: {}\r\nCache-Control: no-store\r\n"
                            "X-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\n",
                            chunked_ ? 1 : 0, emulation::content_type_of(format_));
    if (!allowed_origin.empty())
      text += fmt::format("Access-Control-Allow-Origin: {}\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n",
                          allowed_origin);
    text += chunked_ ? "Transfer-Encoding: chunked\r\n\r\n" : "Connection: close\r\n\r\n";
    return text;
  }

  // -- what comes ----------------------------------------------------------------------------------

  void take_in(std::string_view commands) {
    if (commands.empty()) return;
    const auto type = format_ == emulation::stream_format::protobuf ? opcode::binary : opcode::text;
    const auto cost = commands.size() + message_cost;
    pace_.take(loop_.now(), context_.pace());
    uncredited_ += cost;
    tell_express(loop_, owner_, received{frame::encode(type, commands), cost});
  }

  /// Nothing more is to come but the end.
  void await_end() {
    static thread_local std::array<char, 512> ignored; // by all
    lower_.async_read_some(asio::buffer(ignored), [s = self()](error_code ec, std::size_t) {
      if (s->stage_ == stage::closed) return;
      if (!ec) return s->await_end();
      if (s->stage_ != stage::open) return s->finish(s->record_.reason);
      const bool ended = ec == asio::error::eof || ec == asio::ssl::error::stream_truncated;
      s->finish(ended ? close_reason::peer_closed : close_reason::peer_reset);
    });
  }

  // -- what goes -----------------------------------------------------------------------------------

  [[nodiscard]] std::size_t queued() const noexcept { return out_.bytes() + out_.control_bytes(); }

  [[nodiscard]] outbox_bounds bounds() const noexcept {
    auto all = context_.bounds(true);
    if (own_max_bytes_ != 0) all.max_bytes = own_max_bytes_;
    if (writing_now_)
      if (const auto share = context_.memory.share(all.max_bytes); out_.bytes() > share) all.max_bytes = share;
    return all;
  }

  void count_queued(std::size_t before) noexcept { loop_.counters().queued_bytes.add(queued() - before); } // may wrap down

  [[nodiscard]] bool push_control(const frame& what) {
    const auto before = queued();
    const bool fits = out_.push_control(what, bounds());
    count_queued(before);
    if (fits) flush_soon();
    return fits;
  }

  void drop_data() {
    const auto before = queued();
    loop_.counters().messages_dropped.add(out_.drop_data());
    count_queued(before);
  }

  void drop_all() {
    const auto before = queued();
    out_.clear();
    count_queued(before);
  }

  void flush_soon() {
    if (!writing_now_ && (stage_ == stage::open || stage_ == stage::closing)) loop_.mark_dirty(*this);
  }

  // flushable: written by itself, since it has to be put into another form first.
  bool want_send(send_operation&) override {
    if (writing_now_ || stage_ > stage::closing) return false;
    if (out_.has_gap() && marker_ && stage_ == stage::open && !push_control(marker_(out_.take_gap()))) {
      cut(close_reason::control_overflow);
      return false;
    }
    take_out();
    if (out_.empty() && stage_ == stage::closing) say_farewell();
    if (!writing_.empty()) write();
    return false;
  }
  void sent(ssize_t) override {}

  void take_out() {
    if (out_.empty()) return;
    const auto begin = writing_.size();
    std::array<std::string_view, send_operation::max_slices> slices;
    while (!out_.empty() && writing_.size() - begin < worth_writing) {
      const auto used = out_.fill(slices);
      std::size_t taken = 0;
      for (std::size_t i = 0; i < used; ++i) {
        emulation::append_messages(writing_, slices[i], format_); // whole frames, as they are taken whole
        taken += slices[i].size();
      }
      const auto before = queued();
      out_.consume(taken);
      count_queued(before);
    }
    if (chunked_) emulation::make_chunk(writing_, begin);
  }

  /// The last that is said.
  void say_farewell() {
    stage_ = stage::lingering;
    const auto begin = writing_.size();
    const auto kind = format_ == emulation::stream_format::protobuf ? troupe::centrifuge::encoding::protobuf
                                                                    : troupe::centrifuge::encoding::json;
    if (const auto text = centrifuge::codec_for(kind).encode(
          troupe::centrifuge::push{{}, troupe::centrifuge::disconnect_push{record_.code_sent, record_.text}}))
      emulation::append_message(writing_, *text, format_);
    if (!chunked_) return;
    emulation::make_chunk(writing_, begin);
    writing_ += emulation::last_chunk;
  }

  void write() {
    writing_now_ = true;
    out_.publish();
    loop_.timers().arm(write_deadline_, loop_.now() + context_.options.outbox.write_timeout);
    asio::async_write(lower_, asio::buffer(writing_), [s = self()](error_code ec, std::size_t n) { s->on_written(ec, n); });
  }

  void on_written(error_code ec, std::size_t n) {
    if (stage_ == stage::closed) return;
    writing_now_ = false;
    write_deadline_.cancel();
    loop_.counters().bytes_out.add(n);
    if (ec) return finish(stage_ == stage::open ? close_reason::peer_reset : record_.reason);
    writing_ = {};
    if (stage_ == stage::lingering) return shut_down();
    if (!out_.empty() || stage_ == stage::closing) flush_soon();
  }

  // -- the end -------------------------------------------------------------------------------------

  void shut_down() {
    if constexpr (encrypts) lower_.async_shutdown([s = self()](error_code, std::size_t) { s->end_stream(); });
    else end_stream();
  }

  void end_stream() {
    if (stage_ == stage::closed) return;
    error_code ec;
    socket().shutdown(tcp_socket::shutdown_send, ec);
    if (ec) finish(record_.reason); // else await_end() does, or the deadline
  }

  void finish(close_reason reason) {
    if (stage_ == stage::closed) return;
    const auto keep = self();
    stage_ = stage::closed;
    record_.reason = reason;
    deadline_.cancel();
    write_deadline_.cancel();
    loop_.forget(*this);
    drop_all();
    error_code ignored;
    socket().close(ignored);
    { const auto given_back = std::move(place_); }
    tell_desk(emulation::leave_desk{where_->session});
    tell_owner();
  }

  void tell_owner() {
    if (owner_) caf::anon_send(std::exchange(owner_, connection_actor{}), transport_closed{record_});
  }

  template <class Message>
  void tell_desk(Message what) {
    if (!context_.desks.empty()) caf::anon_send(context_.desks[loop_.index()], std::move(what));
  }

  void on_deadline() { cut(close_reason::peer_gone); }
  void on_write_deadline() { cut(close_reason::write_timeout); }

  session_context& context_;
  io_loop& loop_;
  ticket place_;
  std::uint32_t own_max_bytes_ = 0; // of data queued; 0: as its options say
  stage stage_ = stage::open;
  emulation::stream_format format_ = emulation::stream_format::lines;
  bool chunked_ = true;
  bool writing_now_ = false;
  outbox out_;
  Lower lower_;
  connection_actor owner_;
  gap_marker marker_ = nullptr;
  close_record record_; // how it ends, as far as known
  std::shared_ptr<const troupe::centrifuge::stream_address> where_;
  std::string first_;   // commands that came before there was an owner
  std::string writing_;
  timer deadline_;      // of closing
  timer write_deadline_;
  std::size_t uncredited_ = 0;
  message_pace pace_;
};

} // namespace troupe::net
