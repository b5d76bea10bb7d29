// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "broadcast_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace troupe::baseline {

namespace {

constexpr std::size_t events_per_turn = 512;
constexpr std::size_t max_request_bytes = 16 * 1024;
constexpr std::size_t max_message_bytes = std::size_t{16} << 20;

enum opcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

int check(int result, const char* what) {
  if (result < 0)
    throw std::system_error{errno, std::generic_category(), what};
  return result;
}

void raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int listen_on_loopback(std::uint16_t port) {
  const int listener =
      check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  check(::listen(listener, 4096), "listen");
  return listener;
}

int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return check(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd");
}

std::string accept_value(std::string_view key) {
  std::string input{key};
  input += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(input.data(), input.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, 32> text{};
  const int length = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

void append_header(std::string& out, std::uint8_t type, std::size_t size) {
  out.push_back(static_cast<char>(0x80 | type));
  const std::size_t extra = size < 126 ? 0 : size < 65'536 ? 2 : 8;
  out.push_back(static_cast<char>(extra == 0 ? size : extra == 2 ? 126 : 127));
  for (std::size_t i = extra; i > 0; --i)
    out.push_back(static_cast<char>(size >> 8 * (i - 1)));
}

/// A client's frame at the beginning of some bytes.
struct client_frame {
  std::size_t header_bytes = 0; ///< Mask included; 0 while the header is not complete.
  std::size_t payload_bytes = 0;
  std::uint8_t type = 0;
};

client_frame parse_frame(std::string_view in) {
  const auto byte = [in](std::size_t i) { return static_cast<std::uint8_t>(in[i]); };
  if (in.size() < 2)
    return {};
  client_frame result{.payload_bytes = byte(1) & 0x7fu,
                      .type = static_cast<std::uint8_t>(byte(0) & 0x0f)};
  const std::size_t extra = result.payload_bytes < 126 ? 0 : result.payload_bytes == 126 ? 2 : 8;
  if (in.size() < 2 + extra + 4)
    return {};
  if (extra != 0)
    result.payload_bytes = 0;
  for (std::size_t i = 2; i < 2 + extra; ++i)
    result.payload_bytes = result.payload_bytes << 8 | byte(i);
  result.header_bytes = 2 + extra + 4;
  return result;
}

} // namespace

broadcast_server::broadcast_server(std::uint16_t port, delivery when)
    : when_{when}, listener_{listen_on_loopback(port)},
      epoll_{check(::epoll_create1(EPOLL_CLOEXEC), "epoll")}, signals_{open_signals()},
      buffer_(64 * 1024) {
  if (when_ == delivery::by_ring)
    ring_.emplace();
  raise_file_limit();
  for (int* const watched : {&listener_, &signals_}) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = watched}};
    check(::epoll_ctl(epoll_, EPOLL_CTL_ADD, *watched, &event), "epoll_ctl");
  }
}

broadcast_server::~broadcast_server() {
  while (!peers_.empty())
    drop(*peers_.back());
  ::close(signals_);
  ::close(epoll_);
  ::close(listener_);
}

std::uint16_t broadcast_server::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void broadcast_server::run() {
  std::array<epoll_event, events_per_turn> events;
  for (;;) {
    const int ready = ::epoll_wait(epoll_, events.data(), events_per_turn, -1);
    for (int i = 0; i < ready; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == &signals_)
        return;
      if (event.data.ptr == &listener_)
        accept_all();
      else
        on_event(*static_cast<peer*>(event.data.ptr), event.events);
    }
    end_turn();
    dead_.clear();
  }
}

void broadcast_server::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0)
      return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto& accepted = *peers_.emplace_back(std::make_unique<peer>(socket));
    accepted.index_ = peers_.size() - 1;
    watch(accepted, EPOLLIN, EPOLL_CTL_ADD);
  }
}

void broadcast_server::on_event(peer& from, std::uint32_t events) {
  if (!from.is_dead_ && (events & EPOLLOUT) != 0)
    flush(from);
  if (!from.is_dead_ && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
    read(from);
}

void broadcast_server::read(peer& from) {
  const auto size = ::recv(from.socket_, buffer_.data(), buffer_.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (size <= 0)
    return drop(from);
  from.in_.append(buffer_.data(), static_cast<std::size_t>(size));
  if (!from.is_upgraded_)
    upgrade(from, from.in_);
  if (from.is_upgraded_)
    take_frames(from, from.in_);
  if (from.in_.empty())
    std::string{}.swap(from.in_); // an idle connection holds no buffer
}

void broadcast_server::upgrade(peer& from, std::string& bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string::npos)
    return bytes.size() > max_request_bytes ? drop(from) : void();
  constexpr std::string_view name = "\r\nSec-WebSocket-Key: ";
  const auto line = std::search(bytes.begin(), bytes.end(), name.begin(), name.end(),
                                [](char a, char b) { return (a | 0x20) == (b | 0x20); });
  if (line == bytes.end())
    return drop(from);
  const auto at = static_cast<std::size_t>(line - bytes.begin()) + name.size();
  const auto key = std::string_view{bytes}.substr(at, bytes.find("\r\n", at) - at);
  const auto response =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_value(key) + "\r\n\r\n";
  bytes.erase(0, end + 4);
  send(from, response);
  if (from.is_dead_)
    return;
  // What this turn has collected was sent before this peer was there.
  end_turn();
  from.is_upgraded_ = true;
}

void broadcast_server::take_frames(peer& from, std::string& bytes) {
  std::size_t done = 0;
  while (!from.is_dead_) {
    const auto found = parse_frame(std::string_view{bytes}.substr(done));
    if (found.payload_bytes > max_message_bytes)
      return drop(from);
    if (found.header_bytes == 0 || bytes.size() - done < found.header_bytes + found.payload_bytes)
      break;
    char* const payload = bytes.data() + done + found.header_bytes;
    const std::array<char, 4> mask{payload[-4], payload[-3], payload[-2], payload[-1]};
    for (std::size_t i = 0; i < found.payload_bytes; ++i)
      payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    done += found.header_bytes + found.payload_bytes;

    const std::string_view content{payload, found.payload_bytes};
    if (found.type == opcode::text || found.type == opcode::binary) {
      broadcast(content, found.type);
    } else if (found.type == opcode::close || found.type == opcode::ping) {
      std::string reply;
      append_header(reply, found.type == opcode::close ? opcode::close : opcode::pong,
                    content.size());
      reply.append(content);
      send(from, reply);
      if (found.type == opcode::close && !from.is_dead_)
        return drop(from);
    }
  }
  bytes.erase(0, done);
}

void broadcast_server::broadcast(std::string_view payload, std::uint8_t type) {
  auto& out = when_ == delivery::end_of_turn ? turn_ : frame_;
  append_header(out, type, payload.size());
  out.append(payload);
  if (when_ == delivery::end_of_turn)
    return;
  send_to_all(frame_);
  frame_.clear();
}

void broadcast_server::send_to_all(std::string_view bytes) {
  std::vector<peer*> batch; // for by_ring; what is dropped stays in dead_ until the turn ends
  for (std::size_t i = peers_.size(); i > 0; --i) { // backwards: the last replaces a dropped peer
    auto& to = *peers_[i - 1];
    if (!to.is_upgraded_)
      continue;
    if (!ring_)
      send(to, bytes);
    else if (to.backlog_.empty())
      batch.push_back(&to);
    else
      keep(to, bytes);
  }
  for (std::span<peer* const> rest{batch}; !rest.empty();) {
    const auto some = rest.first(std::min<std::size_t>(rest.size(), ring::max_batch));
    send_by_ring(some, bytes);
    rest = rest.subspan(some.size());
  }
}

void broadcast_server::send_by_ring(std::span<peer* const> to, std::string_view bytes) {
  for (const auto* each : to)
    ring_->add(each->socket_, bytes);
  ring_->run();
  for (std::size_t i = 0; i < to.size(); ++i)
    on_sent(*to[i], bytes, ring_->results()[i]);
}

void broadcast_server::send(peer& to, std::string_view bytes) {
  if (!to.backlog_.empty())
    return keep(to, bytes);
  const auto sent = ::send(to.socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  on_sent(to, bytes, sent < 0 ? -errno : sent);
}

void broadcast_server::on_sent(peer& to, std::string_view bytes, ssize_t sent) {
  if (sent == static_cast<ssize_t>(bytes.size()))
    return;
  if (sent < 0 && sent != -EAGAIN)
    return drop(to);
  watch(to, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  keep(to, bytes.substr(sent > 0 ? static_cast<std::size_t>(sent) : 0));
}

void broadcast_server::keep(peer& to, std::string_view bytes) {
  to.backlog_.append(bytes);
  if (to.backlog_.size() > max_backlog_bytes)
    drop(to);
}

void broadcast_server::flush(peer& to) {
  const auto sent =
      ::send(to.socket_, to.backlog_.data(), to.backlog_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0)
    return errno == EAGAIN ? void() : drop(to);
  to.backlog_.erase(0, static_cast<std::size_t>(sent));
  if (to.backlog_.empty()) {
    std::string{}.swap(to.backlog_);
    watch(to, EPOLLIN, EPOLL_CTL_MOD);
  }
}

void broadcast_server::watch(peer& of, std::uint32_t events, int operation) {
  epoll_event event{.events = events, .data = {.ptr = &of}};
  check(::epoll_ctl(epoll_, operation, of.socket_, &event), "epoll_ctl");
}

void broadcast_server::drop(peer& lost) {
  ::close(lost.socket_);
  lost.is_dead_ = true;
  const auto index = lost.index_;
  peers_.back()->index_ = index;
  std::swap(peers_[index], peers_.back());
  dead_.push_back(std::move(peers_.back()));
  peers_.pop_back();
}

void broadcast_server::end_turn() {
  if (!turn_.empty()) {
    send_to_all(turn_);
    turn_.clear();
  }
}

} // namespace troupe::baseline
