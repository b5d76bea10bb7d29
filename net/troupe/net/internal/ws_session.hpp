// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WS SESSION: the socket side of one WebSocket connection: a TRANSPORT over Beast.
// Thread: its loop. Owner: the connection actor and the handlers under way. Bounded by: the outbox, the
// read window, the write, message and close timeouts. Ends when: the socket is closed; tells its owner.
//
// Stages: handshake -> open -> closing (close frame out, peer's awaited) -> lingering (all said; rest of
// the outbox and a FIN out, the peer's FIN awaited) -> closed. Any failure skips to closed.
#pragma once
#include <troupe/net/internal/admission.hpp>
#include <troupe/net/internal/io_outcome.hpp>
#include <troupe/net/internal/message_pace.hpp>
#include <troupe/net/internal/readers.hpp>
#include <troupe/net/internal/session_context.hpp>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <memory>
#include <string>
#include <type_traits>

namespace troupe::net {

template <class Lower>
inline constexpr bool is_encrypted = !std::is_same_v<Lower, tcp_socket>;

template <class Lower>
class ws_session final : public transport,
                         public std::enable_shared_from_this<ws_session<Lower>>,
                         private flushable,
                         private wire_owner {
public:
  using request = http::request<http::string_body>;

  ws_session(session_context& context, io_loop& loop, Lower&& lower, ticket place);
  ~ws_session() override;

  /// Answers the upgrade request, then hands this transport to session_context::open.
  void accept(request upgrade, opening how, host::clock::time_point deadline);

  // -- transport -----------------------------------------------------------------------------------
  void attach(meters::connection_meter* meter, meters::way_sampler* sampler) noexcept override {
    out_.attach(meter, sampler);
  }
  void start(connection_actor owner, gap_marker marker) override;
  outbox::result send(const delivery_ptr& what) override;
  void send_control(const frame& what) override;
  std::uint32_t withdraw(std::string_view name) override;
  void grant(std::size_t bytes) override;
  void close(const close_status& status) override;
  void cut(close_reason reason) override;
  void abandon() noexcept override;
  [[nodiscard]] transport_stats stats() const noexcept override;
  void describe(connection_details& to) const override;
  void limit(std::uint32_t max_bytes) override { own_max_bytes_ = max_bytes; }

private:
  enum class stage : std::uint8_t { handshake, open, closing, lingering, closed };

  // flushable
  bool want_send(send_operation& op) override;
  void sent(ssize_t result) override;
  // wire_owner
  bool write_raw(std::string_view bytes) override;
  bool check_input(std::string_view bytes) override;

  void on_accepted(error_code ec, const opening& how);
  void read();
  /// Whether it reads on at once; if not, grant() or the pace calls read() again.
  [[nodiscard]] bool goes_on();
  /// Waits for the first bytes after a message.
  void park();
  void on_first(error_code ec, std::size_t n) requires(!is_encrypted<Lower>);
  void wait_readable(tcp_socket::wait_type until) requires is_encrypted<Lower>;
  void on_readable(error_code ec) requires is_encrypted<Lower>;
  /// What came first.
  void take_in(std::string_view got);
  /// Answers pings and tells of pongs, without Beast.
  void on_heartbeats(std::string_view frames);
  void read_message();
  /// Likewise, of what is nothing but whole messages and given to Beast already.
  void read_messages(std::size_t bytes);
  /// Makes sure that there is a stream of Beast's.
  void take_reader();
  /// Between two messages: gives it back, unless it knows of our compression.
  void let_go();
  void attach_reader();
  void on_read(error_code ec, std::size_t have, std::size_t n);
  /// What Beast has read of a message. @returns whether to read on.
  [[nodiscard]] bool take_part(error_code ec, std::size_t have, std::size_t n);
  void on_message(std::string_view payload);
  void on_read_failed(error_code ec);
  [[nodiscard]] close_reason reason_of(error_code ec) const noexcept;

  [[nodiscard]] bool push_control(const frame& what);
  void consume(std::size_t n);
  void count_queued(std::size_t before) noexcept;
  [[nodiscard]] std::size_t queued() const noexcept;
  [[nodiscard]] outbox_bounds bounds() const noexcept;
  void flush_soon();
  /// Sends nothing until the socket is ready for that; then calls go_on(), which has to keep the session.
  template <class F>
  void wait_until(tcp_socket::wait_type ready, F go_on);
  void send_encrypted();
  void write_encrypted();
  void after_send();

  void send_close_frame();
  void linger(close_reason reason);
  void shut_down();
  void end_stream();
  void await_end();
  void finish(close_reason reason);
  void on_deadline();
  void on_write_deadline();
  void on_message_deadline();
  void arm(timer& which, std::chrono::milliseconds from_now);
  static tcp_socket& socket_of(Lower& lower) noexcept;
  tcp_socket& socket() noexcept { return socket_of(lower_); }
  auto self() { return this->shared_from_this(); }

  static constexpr std::size_t first_read = 1536; // what Beast takes at once when it has nothing
  static constexpr std::size_t small_read = 256;
  static constexpr std::size_t large_read = 4096;
  static constexpr std::size_t message_cost = 128; // of a small message's way to the registry

  session_context& context_;
  io_loop& loop_;
  ticket place_;
  // From here to out_: what sending touches, near each other.
  int descriptor_;                  // of the socket
  std::uint32_t own_max_bytes_ = 0; // of data queued; 0: as its options say
  stage stage_ = stage::handshake;
  close_reason violation_ = close_reason::none; // found by the scanner
  bool reading_ = false;           // or parked
  bool parked_ = false;            // first_ is being read
  bool drained_ = true;            // Beast has nothing left of what it read
  bool blocked_ = false;           // the socket is full, or TLS is writing
  bool deflates_ = false;          // what we send
  bool inflates_ = false;          // what we get
  bool centrifuge_ = false;
  bool close_frame_sent_ = false;
  outbox out_;
  Lower lower_;
  readers<Lower>& readers_;
  std::unique_ptr<typename readers<Lower>::reader> ws_; // null between two messages
  connection_actor owner_;
  gap_marker marker_ = nullptr;
  frame_scanner scanner_;
  close_record record_;            // how it ends, as far as known
  std::unique_ptr<close_status> closing_with_;
  std::string incoming_;           // of a message, while Beast reads
  struct nothing {};
  // Without TLS only: enough for a pong and for most messages. What is longer takes another call.
  [[no_unique_address]] std::conditional_t<is_encrypted<Lower>, nothing, std::array<char, 128>> first_;
  // TLS only: what is being written.
  [[no_unique_address]] std::conditional_t<is_encrypted<Lower>, std::string, nothing> encrypting_;
  std::shared_ptr<ws_session> lingering_; // itself: nobody else may hold it then
  timer deadline_;                 // of the handshake, of a message while open, of closing
  timer write_deadline_;
  std::unique_ptr<timer> resume_;  // reading, once it was faster than allowed
  std::size_t uncredited_ = 0;
  message_pace pace_;
  std::uint32_t timed_message_ = 0; // number of the message deadline_ is for
  std::uint32_t delivered_ = 0;     // messages that Beast has given us
};

} // namespace troupe::net
