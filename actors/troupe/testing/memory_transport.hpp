// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// MEMORY TRANSPORT: a TRANSPORT without a network. The test plays the client: it sends messages, reads
// bytes from the outbox as fast or slowly as it likes, answers or ignores the close, or breaks off.
// Thread: its connection's host. Owner: the connection; a test that watches keeps a shared_ptr.
// Bounded by: outbox_bounds towards the client, the read window from it.
#pragma once
#include <troupe/testing/wire_reader.hpp>
#include <troupe/transport.hpp>

#include <caf/send.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::testing {

/// How a client meets a close frame: answers as soon as it has read it, or not at all.
enum class manners : std::uint8_t { answers_close, ignores_close };

/// How the connection is bounded, and its client behaves.
struct memory_transport_options {
  outbox_bounds bounds = {};
  std::size_t read_window_bytes = 64 * 1024;
  manners client = manners::answers_close;
};

class memory_transport final : public transport {
public:
  explicit memory_transport(memory_transport_options options = {}) : options_(options) {}

  // -- the client --------------------------------------------------------------------------------

  /// Sends a message. It waits while the read window is used up.
  void client_sends(frame message) {
    const auto cost = message.payload().size();
    unread_.push_back({std::move(message), cost});
    deliver_unread();
  }
  /// A text message.
  void client_sends(std::string_view text) { client_sends(frame::encode(opcode::text, text)); }
  /// Answers a ping.
  void client_pongs() { tell(pong_received{}); }

  /// Reads at most `max_bytes` of what is queued. @returns the whole messages that completes.
  std::vector<wire_message> client_reads(
    std::size_t max_bytes = std::numeric_limits<std::size_t>::max()) {
    std::array<std::string_view, 8> slices;
    queue_last();
    while (max_bytes != 0 && !outbox_.empty()) {
      const auto used = outbox_.fill(slices);
      std::size_t taken = 0;
      for (std::size_t i = 0; i < used && taken != max_bytes; ++i) {
        const auto bytes = slices[i].substr(0, max_bytes - taken);
        reader_.feed(bytes);
        taken += bytes.size();
      }
      outbox_.consume(taken);
      max_bytes -= taken;
      queue_last();
    }
    std::vector<wire_message> messages;
    while (auto m = reader_.next()) {
      if (m->type == opcode::close && options_.client == manners::answers_close)
        client_closes(m->close_code());
      messages.push_back(std::move(*m));
    }
    return messages;
  }

  /// As client_reads(), without control frames and only the payloads.
  std::vector<std::string> client_reads_payloads() {
    std::vector<std::string> payloads;
    for (auto& m : client_reads())
      if (m.type == opcode::text || m.type == opcode::binary) payloads.push_back(std::move(m.payload));
    return payloads;
  }

  /// Sends a close frame, or answers the server's.
  void client_closes(std::uint16_t code = 1000, std::string text = {}) {
    if (closing_) end({closing_->reason, closing_->code, code, closing_->text});
    else end({close_reason::peer_closed, code, code, std::move(text)});
  }
  /// Breaks off, such as with a TCP reset.
  void client_fails(close_reason how = close_reason::peer_reset) { end({.reason = how}); }

  // -- what the connection did -------------------------------------------------------------------

  /// Whether it was told to read.
  [[nodiscard]] bool started() const noexcept { return starts_ != 0; }
  /// How often.
  [[nodiscard]] std::size_t starts() const noexcept { return starts_; }
  /// By whom.
  [[nodiscard]] const connection_actor& owner() const noexcept { return owner_; }
  /// How it was told to close; nothing if it was not.
  [[nodiscard]] const std::optional<close_status>& closing() const noexcept { return closing_; }
  /// Whether it has ended.
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  /// Whether its owner was gone before.
  [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }
  /// Control frames in the order in which they were given, sent or not.
  [[nodiscard]] const std::vector<frame>& control_frames() const noexcept { return control_frames_; }
  /// Calls of grant(), and the sum of what they granted.
  [[nodiscard]] std::size_t grants() const noexcept { return grants_; }
  [[nodiscard]] std::size_t granted_bytes() const noexcept { return granted_bytes_; }
  /// Messages of the client that wait for the read window.
  [[nodiscard]] std::size_t waiting_messages() const noexcept { return unread_.size(); }

  // -- transport ---------------------------------------------------------------------------------

  void attach(meters::connection_meter* meter, meters::way_sampler* sampler) noexcept override {
    outbox_.attach(meter, sampler);
  }

  void start(connection_actor owner, gap_marker marker) override {
    ++starts_;
    owner_ = std::move(owner);
    marker_ = marker;
    if (!closed_) return deliver_unread();
    if (record_) tell(transport_closed{std::move(*record_)});
    owner_ = nullptr;
  }

  outbox::result send(const delivery_ptr& what) override {
    const auto result = outbox_.push(what, options_.bounds);
    outbox_.publish(); // the client may read much later
    return result;
  }

  void send_control(const frame& what) override {
    control_frames_.push_back(what);
    queue_control(what);
  }

  std::uint32_t withdraw(std::string_view name) override { return outbox_.withdraw(name); }

  void grant(std::size_t bytes) override {
    if (bytes > in_flight_bytes_) throw std::logic_error{"more granted than was delivered"};
    ++grants_;
    granted_bytes_ += bytes;
    in_flight_bytes_ -= bytes;
    deliver_unread();
  }

  void close(const close_status& status) override {
    if (closing_ || closed_) return;
    closing_ = status;
    switch (status.reason) {
      case close_reason::slow_consumer:
      case close_reason::write_timeout:
      case close_reason::pong_timeout: outbox_.drop_data(); break;
      default: break;
    }
    queue_last();
  }

  void cut(close_reason reason) override {
    if (!closing_) end({.reason = reason});
    else if (close_queued_) end({closing_->reason, closing_->code, 0, closing_->text});
    else end({.reason = closing_->reason});
  }

  void abandon() noexcept override {
    if (closing_ || closed_) return;
    abandoned_ = closed_ = true;
    outbox_.clear();
    owner_ = nullptr;
  }

  [[nodiscard]] transport_stats stats() const noexcept override {
    return {outbox_.bytes(), outbox_.control_bytes()};
  }

private:
  struct unread {
    frame message;
    std::size_t cost;
  };

  template <class Message>
  void tell(Message m) {
    if (owner_) caf::anon_send(owner_, std::move(m));
  }

  // What comes behind the data: the gap marker, then the close frame.
  void queue_last() {
    if (outbox_.has_data()) return;
    if (outbox_.has_gap() && marker_) queue_control(marker_(outbox_.take_gap()));
    if (!closing_ || std::exchange(close_queued_, true)) return;
    std::string payload;
    if (const auto code = closing_->code) {
      payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
      payload += closing_->text;
    }
    queue_control(frame::encode(opcode::close, payload));
  }

  void queue_control(const frame& what) {
    if (!outbox_.push_control(what, options_.bounds)) end({.reason = close_reason::control_overflow});
    outbox_.publish();
  }

  void deliver_unread() {
    while (owner_ && !unread_.empty() &&
           (in_flight_bytes_ == 0 ||
            in_flight_bytes_ + unread_.front().cost <= options_.read_window_bytes)) {
      auto& next = unread_.front();
      in_flight_bytes_ += next.cost;
      tell(received{std::move(next.message), next.cost});
      unread_.pop_front();
    }
  }

  void end(close_record record) {
    if (closed_) return;
    closed_ = true;
    outbox_.clear();
    if (owner_) tell(transport_closed{std::move(record)});
    else record_ = std::move(record);
    owner_ = nullptr;
  }

  memory_transport_options options_;
  connection_actor owner_;
  gap_marker marker_ = nullptr;
  outbox outbox_;
  wire_reader reader_;
  std::deque<unread> unread_;
  std::size_t in_flight_bytes_ = 0; // delivered and not granted yet
  std::vector<frame> control_frames_;
  std::optional<close_status> closing_;
  std::optional<close_record> record_; // of an end that came before start()
  std::size_t starts_ = 0;
  std::size_t grants_ = 0;
  std::size_t granted_bytes_ = 0;
  bool close_queued_ = false;
  bool closed_ = false;
  bool abandoned_ = false;
};

} // namespace troupe::testing
