// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// LINE: what every actor that owns a transport does alike, whatever is spoken over it: joins its shard,
// sends, wakes at a deadline, ends once and for one reason.
// Thread: its actor's. Owner: the actor's state; `self` outlives it.
#pragma once
#include <troupe/hosted.hpp>
#include <troupe/interfaces.hpp>
#include <troupe/transport.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace troupe {

/// @tparam Pointer `self` of an actor whose interface has that of connection_actor.
template <class Pointer>
class line {
public:
  explicit line(Pointer self)
    : self_(self), deadline_([](void* l) {
        auto* owner = static_cast<line*>(l)->self_;
        send_express(owner, deadline_passed{});
      }, this) {}

  ~line() {
    if (!out_) return;
    out_->attach(nullptr, nullptr);
    out_->abandon();
  }

  line(const line&) = delete;
  line& operator=(const line&) = delete;

  /// Makes the shard hold the actor; then reading begins and `on_open()` is called.
  /// @param marker Null if a drop policy is told to the client in another way.
  template <class F>
  void open(const shard_actor& shard, join who, std::shared_ptr<transport> out,
            transport::gap_marker marker, F on_open) {
    out_ = std::move(out);
    self_->works_on(out_.get());
    self_->meter()->become(inspection::actor_kind::connection);
    self_->set_exception_handler([](std::exception_ptr&) {
      return caf::make_error(close_reason::internal_error,
                             close_record{.reason = close_reason::internal_error});
    });
    // Awaited, for of any other request CAF keeps memory for the next.
    self_->request(shard, caf::infinite, std::move(who))
      .await(
        [this, marker, on_open](const joined& m) {
          handle_ = m.handle;
          profile_ = m.who;
          self_->meter().identify(m.who);
          if (!out_) return;
          out_->attach(&figures(), &self_->home().sampler());
          out_->start(connection_actor{self_}, marker);
          on_open();
        },
        [this](const caf::error&) { // its shard is gone; a transport without an owner tells nobody
          out_->cut(close_reason::shutting_down);
          end({{.reason = close_reason::shutting_down}});
        });
  }

  /// Nobody before on_open().
  [[nodiscard]] connection_handle handle() const noexcept { return handle_; }
  /// Who it was when it came up; from on_open() on.
  [[nodiscard]] const connection_profile& profile() const noexcept { return *profile_; }
  /// Nothing is sent and nothing is read any more.
  [[nodiscard]] bool is_closing() const noexcept { return closing_; }

  /// What others see of this connection.
  [[nodiscard]] meters::connection_meter& figures() noexcept { return self_->meter()->connection; }
  /// A message of the client came.
  void count_received(std::string_view payload) noexcept {
    auto& home = self_->home();
    home.counters().messages_in.add();
    home.counters().bytes_in.add(payload.size());
    figures().messages_in.add();
    figures().bytes_in.add(payload.size());
    if (is_watched()) show(tracing::direction::in, "message", payload);
    figures().active_at.set(home.now().time_since_epoch().count());
  }

  /// Queues data and counts what became of it. After `full` the line has to be closed.
  outbox::result queue(const delivery_ptr& what) {
    auto& counters = self_->home().counters();
    auto& mine = figures();
    const auto count = what->message.count();
    const auto result = closing_ ? outbox::result{send_status::dropped} : out_->send(what);
    if (is_watched()) show(tracing::direction::out, "message", what->message.payload(), to_string(result.status));
    auto lost = result.evicted;
    switch (result.status) {
      case send_status::queued:
        counters.messages_queued.add(count);
        mine.messages_out.add(count);
        break;
      case send_status::conflated:
        counters.messages_conflated.add(count);
        mine.conflated.add(count);
        break;
      case send_status::dropped:
      case send_status::full: lost += count; break;
    }
    if (lost != 0) {
      counters.messages_dropped.add(lost);
      mine.dropped.add(lost);
    }
    return result;
  }

  /// Queues a control frame.
  void control(const frame& what) {
    if (is_watched()) show(tracing::direction::out, name_of(what.type()), what.payload());
    if (!closing_) out_->send_control(what);
  }
  /// Drops queued data for the target of this name.
  void withdraw(std::string_view name) {
    if (closing_) return;
    const auto lost = out_->withdraw(name);
    self_->home().counters().messages_dropped.add(lost);
    figures().dropped.add(lost);
  }
  /// What its transport tells of itself.
  [[nodiscard]] connection_details details() const {
    connection_details told;
    if (out_) out_->describe(told);
    return told;
  }
  connection_details limit(std::uint32_t max_bytes) {
    if (out_) out_->limit(max_bytes);
    return details();
  }
  /// Lets the reader go on: what `received` reported is dealt with.
  void grant(std::size_t bytes) {
    if (out_) out_->grant(bytes);
  }
  [[nodiscard]] std::size_t queued_control_bytes() const noexcept {
    return out_ ? out_->stats().queued_control_bytes : 0;
  }

  /// Sends the actor deadline_passed then, unless the line is closing. There is one deadline.
  void wake_at(host::clock::time_point when) {
    if (!closing_) self_->home().timers().arm(deadline_, when);
  }
  void never_wake() noexcept { deadline_.cancel(); }

  /// Begins to close; the first status counts. transport_closed follows.
  void close(const close_status& status, closing how = closing::handshake) {
    if (!out_) return;
    if (is_watched()) show(tracing::direction::out, how == closing::cut ? "cut" : "close", status.text, info(status.reason).name);
    if (how == closing::cut) out_->cut(status.reason);
    else if (!closing_) out_->close(status);
    closing_ = true;
    deadline_.cancel();
  }

  /// The transport is gone: ends the actor with its record.
  void end(const transport_closed& m) {
    if (is_watched()) show(tracing::direction::in, "end", m.record.text, info(m.record.reason).name);
    if (out_) out_->attach(nullptr, nullptr);
    out_.reset();
    self_->works_on(nullptr);
    closing_ = true;
    self_->quit(caf::make_error(m.record.reason, m.record));
  }

private:
  /// Whether there are traces on this loop.
  [[nodiscard]] bool is_watched() noexcept { return self_->home().tracer() != nullptr; }
  void show(tracing::direction to, const char* what, std::string_view payload, std::string_view note = {}) noexcept {
    self_->home().tracer()->see({.to = to, .actor = self_->id(), .kind = inspection::actor_kind::connection,
                                 .who = self_->meter()->who(), .what = what, .note = note, .payload = payload});
  }
  static const char* name_of(opcode type) noexcept {
    switch (type) {
      case opcode::ping: return "ping";
      case opcode::pong: return "pong";
      case opcode::close: return "close";
      case opcode::text:
      case opcode::binary: break;
    }
    return "reply";
  }

  Pointer self_;
  std::shared_ptr<transport> out_; // empty once it is closed
  timer deadline_;
  connection_handle handle_;
  connection_profile_ptr profile_; // null until it is open
  bool closing_ = false;
};

} // namespace troupe
