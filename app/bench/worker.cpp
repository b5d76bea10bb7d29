// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/worker.hpp"

#include "bench/channel_talk.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace troupe::app::bench {

namespace {

constexpr std::size_t read_buffer_bytes = 256 * 1024;
constexpr int reads_per_event = 4; // so that one loud connection does not delay the others
constexpr std::size_t events_per_turn = 512;
constexpr std::uint64_t max_wait = 20'000'000;         // ns; how late the end of the run is noticed
constexpr std::uint64_t expiry_interval = 250'000'000; // ns
constexpr std::size_t max_unsent_pong_bytes = 64 * 1024;
constexpr int slow_receive_buffer = 4 * 1024; // a slow reader shall hold up the server soon
constexpr std::uint64_t wake_mark = ~std::uint64_t{0};
constexpr std::string_view normal_closure{"\x03\xe8", 2}; // 1000

[[noreturn]] void fail(std::string text) {
  throw std::runtime_error{std::move(text)};
}

} // namespace

worker::worker(const load_options& options, const worker_share& share, const dialer& dialer,
               const handshake& handshake, board& shared, std::uint32_t run, int wake)
    : options_{options}, share_{share}, dialer_{dialer}, handshake_{handshake}, shared_{shared},
      own_{shared.workers()[share.index]}, run_{run}, wake_{wake}, epoll_{::epoll_create1(
                                                                       EPOLL_CLOEXEC)},
      connections_(share.connections), log_{readers(), prompt(), options.senders,
                                            share.senders, options.echo, own_.latency, own_.on_arrival},
      buffer_(read_buffer_bytes) {
  if (epoll_ < 0)
    throw std::system_error{errno, std::generic_category(), "cannot create an epoll instance"};
  own_.complete.store(log_.complete(), std::memory_order_release);
  to_dial_.reserve(share.connections);
  for (auto index = share.connections; index > 0; --index)
    to_dial_.push_back(index - 1);
  if (share.senders != 0) {
    sender_ = std::make_unique<sender>(options, shared, run,
                                       std::span{connections_}.first(share.senders));
    epoll_event event{.events = EPOLLIN, .data = {.u64 = wake_mark}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  }
}

worker::~worker() {
  ::close(epoll_);
}

void worker::run() noexcept {
  try {
    loop();
    finish();
  } catch (const std::exception& failure) {
    own_.fail(failure.what());
  }
}

void worker::loop() {
  while (!shared_.is_over.load(std::memory_order_acquire)) {
    dial_more();
    if (sender_) {
      sender_->step();
      for (std::size_t index = 0; index < share_.senders; ++index)
        watch_if_blocked(index);
    }
    set_patience();
    wait_and_handle();
    expire(shared_.now());
  }
}

void worker::dial_more() {
  while (!to_dial_.empty() && handshakes_ < max_handshakes) {
    const auto index = to_dial_.back();
    to_dial_.pop_back();
    auto& opening = connections_[index];
    opening.start(dialer_.dial(share_.first + index), shared_.now());
    ++handshakes_;
    if (is_slow(index))
      ::setsockopt(opening.socket(), SOL_SOCKET, SO_RCVBUF, &slow_receive_buffer,
                   sizeof slow_receive_buffer);
    if (options_.rate > 0 && !dialer_.tls())
      opening.note_arrivals();
    watch(index, EPOLLOUT, EPOLL_CTL_ADD);
  }
}

/// Lazy connections are patient while messages are sent. Afterwards they read what is left.
void worker::set_patience() {
  const bool sending = shared_.plan_id.load(std::memory_order_acquire) !=
                       shared_.plan_done.load(std::memory_order_acquire);
  if (share_.lazy == 0 || sending == is_patient_)
    return;
  is_patient_ = sending;
  const int least = sending ? lazy_read_bytes : 1;
  for (auto index = prompt(); index < readers(); ++index)
    ::setsockopt(connections_[index].socket(), SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least);
}

void worker::wait_and_handle() {
  const auto now = shared_.now();
  const auto due = sender_ ? sender_->wake_time(now) : pacer::never;
  const auto wait = due <= now ? 0 : std::min(max_wait, due - now);
  const timespec timeout{.tv_sec = 0, .tv_nsec = static_cast<long>(wait)};
  std::array<epoll_event, events_per_turn> events;
  const int ready = ::epoll_pwait2(epoll_, events.data(), events_per_turn, &timeout, nullptr);
  if (ready < 0 && errno != EINTR)
    throw std::system_error{errno, std::generic_category(), "epoll failed"};
  for (int i = 0; i < ready; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == wake_mark) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto size = ::read(wake_, &count, sizeof count);
    } else {
      handle(static_cast<std::size_t>(event.data.u64), event.events);
    }
  }
}

void worker::handle(std::size_t index, std::uint32_t events) {
  auto& ready = connections_[index];
  if (ready.state == connection_state::connecting) {
    finish_connecting(index);
  } else if (ready.state == connection_state::securing) {
    secure(index);
  } else if (is_slow(index) && ready.state == connection_state::open) {
    ready.reset();
    own_.slow_reset.fetch_add(1, std::memory_order_relaxed);
  } else {
    if ((events & EPOLLOUT) != 0) {
      ready.flush();
      if (ready.unsent_bytes() == 0) {
        ready.is_waiting_to_write = false;
        watch(index, EPOLLIN, EPOLL_CTL_MOD);
      }
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
      read(index);
  }
}

void worker::finish_connecting(std::size_t index) {
  auto& connected = connections_[index];
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(connected.socket(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0)
    fail(fmt::format("cannot connect to {}: {}", dialer_.name(), std::strerror(error)));
  const auto* const tls = dialer_.tls();
  if (!tls)
    return upgrade(index);
  connected.state = connection_state::securing;
  connected.secure(*tls);
  secure(index);
}

void worker::secure(std::size_t index) {
  using progress = tls_session::progress;
  switch (connections_[index].tls().shake_hands()) {
  case progress::done:
    return upgrade(index);
  case progress::wants_read:
    return watch(index, EPOLLIN, EPOLL_CTL_MOD);
  case progress::wants_write:
    return watch(index, EPOLLOUT, EPOLL_CTL_MOD);
  case progress::failed:
    fail(fmt::format("TLS handshake with {} failed: {}", dialer_.name(), tls_session::failure()));
  }
}

void worker::upgrade(std::size_t index) {
  connections_[index].state = connection_state::upgrading;
  watch(index, EPOLLIN, EPOLL_CTL_MOD);
  send(index, handshake_.request());
}

void worker::read(std::size_t index) {
  auto& source = connections_[index];
  for (int i = 0; i < reads_per_event; ++i) {
    const auto [size, age] = source.receive(buffer_);
    if (size > 0) {
      consume(index, {buffer_.data(), static_cast<std::size_t>(size)}, age);
      if ((!dialer_.tls() && static_cast<std::size_t>(size) < buffer_.size()) || // of TLS a record came
          source.state == connection_state::closed)
        return;
    } else if (size == 0) {
      return on_end(index, "the connection ended without a close frame");
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      return on_end(index, std::strerror(errno));
    }
  }
}

/// @param age As in connection::received.
void worker::consume(std::size_t index, std::string_view bytes, std::uint64_t age) {
  auto& source = connections_[index];
  const auto now = shared_.now();
  if (source.state == connection_state::upgrading)
    finish_upgrade(index, bytes, now);
  log_.measure_from(shared_.measured_from.load(std::memory_order_acquire));
  log_.skip_to(shared_.skip_to.load(std::memory_order_acquire));
  const delivery_log::reading when{.now = now,
                                   .arrived = age != 0 && age < now ? now - age : 0,
                                   .sent = shared_.sent.load(std::memory_order_acquire)};
  const auto error = source.reader.feed(
      bytes, [&](const frame& received) { on_frame(index, received, when); });
  if (error != frame_error::none)
    fail(fmt::format("{} broke the WebSocket protocol: {}", dialer_.name(), to_string(error)));
  publish(now);
}

void worker::finish_upgrade(std::size_t index, std::string_view& bytes, std::uint64_t now) {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  auto& upgraded = connections_[index];
  const auto known = upgraded.response.size();
  upgraded.response.append(bytes);
  const auto end = upgraded.response.find(end_of_head);
  const auto head_bytes =
      end == std::string::npos ? upgraded.response.size() : end + end_of_head.size();
  if (head_bytes > handshake::max_response_bytes)
    fail(fmt::format("{} answers the handshake with more than {} bytes", dialer_.name(),
                     handshake::max_response_bytes));
  bytes.remove_prefix(std::min(bytes.size(), head_bytes - known));
  if (end == std::string::npos)
    return;
  if (const auto wrong =
          handshake_.check(std::string_view{upgraded.response}.substr(0, head_bytes));
      !wrong.empty())
    fail(fmt::format("handshake with {} failed: {}", dialer_.name(), wrong));
  std::string{}.swap(upgraded.response);
  upgraded.reader.allows_compressed = options_.compressed == compression::on;
  if (options_.protocol == load_protocol::raw)
    return on_open(index, now);
  upgraded.state = connection_state::joining;
  send_text(index, channel_talk::connect);
}

void worker::on_open(std::size_t index, std::uint64_t now) {
  auto& opened = connections_[index];
  opened.state = connection_state::open;
  --handshakes_;
  own_.open.fetch_add(1, std::memory_order_release);
  if (options_.mode != load_mode::churn || shared_.plan_is_measured.load(std::memory_order_relaxed))
    own_.handshake.record(now - opened.started);
  if (options_.mode == load_mode::churn) {
    scratch_.clear();
    append_client_frame(scratch_, opcode::close, normal_closure, run_);
    send(index, scratch_);
    opened.state = connection_state::closing;
  } else if (is_slow(index)) {
    watch(index, EPOLLRDHUP, EPOLL_CTL_MOD);
  }
}

void worker::on_frame(std::size_t index, const frame& received, const delivery_log::reading& when) {
  auto& source = connections_[index];
  switch (received.type) {
  case opcode::text:
  case opcode::binary: {
    const auto head = received.is_compressed ? inflater_.head_of(received.head) : received.head;
    if (options_.protocol == load_protocol::raw)
      return on_message(index, head, when);
    return on_said(index, head, when);
  }
  case opcode::ping:
    if (source.unsent_bytes() > max_unsent_pong_bytes)
      return;
    scratch_.clear();
    append_client_frame(scratch_, opcode::pong, received.head, run_);
    send(index, scratch_);
    own_.pings.fetch_add(1, std::memory_order_relaxed);
    return;
  case opcode::close:
    return on_close_frame(index, received.head);
  case opcode::continuation: // a message counts when its first frame is there, which has the stamp
  case opcode::pong:
    return;
  }
}

void worker::on_message(std::size_t index, std::string_view head,
                        const delivery_log::reading& when) {
  const auto message = stamp::read(head);
  if (!message || message->run != run_ || !log_.note(index, *message, when))
    own_.foreign.fetch_add(1, std::memory_order_relaxed);
}

void worker::on_said(std::size_t index, std::string_view head, const delivery_log::reading& when) {
  using channel_talk::said;
  switch (channel_talk::what(head)) {
  case said::published:
    return on_message(index, channel_talk::data_of(head), when);
  case said::connected:
    return send_text(index, channel_talk::subscribe(options_.channel));
  case said::subscribed:
    return on_open(index, when.now);
  case said::ping:
    send_text(index, channel_talk::pong);
    own_.pings.fetch_add(1, std::memory_order_relaxed);
    return;
  case said::refused:
    fail(fmt::format("{} refuses connection {}: {}", dialer_.name(), share_.first + index, head));
  case said::done:
  case said::other:
    return;
  }
}

void worker::on_close_frame(std::size_t index, std::string_view payload) {
  if (connections_[index].state == connection_state::closing)
    return;
  if (payload.size() < 2)
    fail(fmt::format("{} closed connection {} without a reason", dialer_.name(),
                     share_.first + index));
  const auto byte = [payload](std::size_t i) { return static_cast<unsigned char>(payload[i]); };
  fail(fmt::format("{} closed connection {}: {} {}", dialer_.name(), share_.first + index,
                   byte(0) << 8 | byte(1), payload.substr(2)));
}

void worker::on_end(std::size_t index, std::string_view cause) {
  switch (connections_[index].state) {
  case connection_state::closing:
    return end_cycle(index);
  case connection_state::upgrading:
    fail(fmt::format("handshake with {} failed: the server ended the connection", dialer_.name()));
  default:
    fail(fmt::format("{} lost connection {}: {}", dialer_.name(), share_.first + index, cause));
  }
}

void worker::end_cycle(std::size_t index) {
  if (shared_.plan_is_measured.load(std::memory_order_relaxed))
    own_.latency.record(shared_.now() - connections_[index].started);
  own_.cycles.fetch_add(1, std::memory_order_relaxed);
  own_.open.fetch_sub(1, std::memory_order_relaxed);
  connections_[index].close();
  to_dial_.push_back(index);
}

void worker::send(std::size_t index, std::string_view bytes) {
  connections_[index].send(bytes);
  watch_if_blocked(index);
}

void worker::send_text(std::size_t index, std::string_view text) {
  scratch_.clear();
  append_client_frame(scratch_, opcode::text, text, run_);
  send(index, scratch_);
}

void worker::watch_if_blocked(std::size_t index) {
  auto& blocked = connections_[index];
  if (blocked.unsent_bytes() == 0 || blocked.is_waiting_to_write)
    return;
  blocked.is_waiting_to_write = true;
  watch(index, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

void worker::watch(std::size_t index, std::uint32_t events, int operation) {
  epoll_event event{.events = events, .data = {.u64 = index}};
  if (::epoll_ctl(epoll_, operation, connections_[index].socket(), &event) != 0)
    throw std::system_error{errno, std::generic_category(), "cannot watch a socket"};
}

void worker::publish(std::uint64_t now) {
  if (log_.deliveries() == deliveries_published_)
    return;
  deliveries_published_ = log_.deliveries();
  own_.deliveries.store(deliveries_published_, std::memory_order_relaxed);
  own_.last_delivery.store(now, std::memory_order_relaxed);
  if (log_.complete() == own_.complete.load(std::memory_order_relaxed))
    return;
  own_.complete.store(log_.complete(), std::memory_order_release);
  if (!sender_) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto size = ::write(wake_, &one, sizeof one);
  }
}

void worker::expire(std::uint64_t now) {
  const bool any_pending = handshakes_ != 0 || options_.mode == load_mode::churn;
  if (!any_pending || now < next_expiry_check_)
    return;
  next_expiry_check_ = now + expiry_interval;
  for (const auto& pending : connections_)
    if (pending.state != connection_state::closed && pending.state != connection_state::open &&
        now > pending.started + handshake_limit)
      fail(fmt::format("{} left a connection {} for {} s (with {} open)", dialer_.name(),
                       pending.state == connection_state::connecting ? "unaccepted"
                       : pending.state == connection_state::securing ? "in its TLS handshake"
                       : pending.state == connection_state::upgrading
                           ? "without an answer to its handshake"
                       : pending.state == connection_state::joining
                           ? "without an answer to its commands"
                           : "without an answer to its close frame",
                       handshake_limit / 1'000'000'000, own_.open.load(std::memory_order_relaxed)));
}

void worker::finish() {
  scratch_.clear();
  append_client_frame(scratch_, opcode::close, normal_closure, run_);
  for (auto& left : connections_) {
    if (left.state == connection_state::open && left.unsent_bytes() == 0)
      left.send(scratch_);
    left.reset();
  }
  const auto sent = shared_.sent.load(std::memory_order_acquire);
  own_.lost = log_.lost(sent);
  own_.duplicated = log_.duplicated();
  own_.reordered = log_.reordered();
}

} // namespace troupe::app::bench
