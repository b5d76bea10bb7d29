// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/socket_server.hpp"

#include "app/console/connect.hpp"
#include "app/console/socket_path.hpp"
#include "app/console/tcp_guest.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::app::console {

namespace asio = boost::asio;
using protocol = asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr int backlog = 16;
constexpr std::chrono::milliseconds accept_pause{100}; // after a failure, such as too few descriptors

std::runtime_error failure(const std::string& path, const std::string& why) {
  return std::runtime_error{fmt::format("{}: {}", path, why)};
}

std::string text_of(int fault) { return std::generic_category().message(fault); }

/// A socket that nobody answers at is what a server left that was killed; it may go.
void remove_stale(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0)
    return;
  if (!S_ISSOCK(found.st_mode))
    throw failure(path, "exists and is no socket");
  if (is_answered(path))
    throw failure(path, "another server has it");
  if (::unlink(path.c_str()) != 0)
    throw failure(path, text_of(errno));
}

/// Bound and listening. The mode is there from the first moment on: it is set before there is a file.
protocol::acceptor bind_to(asio::io_context& io, const std::string& path, mode_t mode) {
  if (path.size() > max_socket_path_bytes)
    throw failure(path, fmt::format("is longer than {} bytes", max_socket_path_bytes));
  prepare_socket_folder(path);
  remove_stale(path);
  protocol::acceptor acceptor{io, protocol{}};
  if (::fchmod(acceptor.native_handle(), mode) != 0)
    throw failure(path, text_of(errno));
  error_code fault;
  if (acceptor.bind(protocol::endpoint{path}, fault); fault)
    throw failure(path, fault.message());
  if (::chmod(path.c_str(), mode) != 0) // the umask may have taken something away
    throw failure(path, text_of(errno));
  acceptor.listen(backlog);
  return acceptor;
}

/// A small line into an empty socket: it is written at once, or not at all.
void say_and_close(std::unique_ptr<stream> peer, std::string why) {
  const auto line = std::make_shared<std::string>(encode(0, answer::failed(std::move(why))));
  auto& to = *peer;
  to.write_some(asio::buffer(*line), [line, held = std::shared_ptr<stream>{std::move(peer)}](error_code, std::size_t) {
    held->close();
  });
}

} // namespace

// A socket file of ours and what may be done through it.
struct socket_server::door {
  std::string path;
  role may;
  protocol::acceptor acceptor;
  asio::steady_timer pause;
  struct stat file{}; // as we made it

  /// Unless somebody has put another one there.
  void remove() const {
    struct stat now{};
    if (::lstat(path.c_str(), &now) == 0 && now.st_ino == file.st_ino && now.st_dev == file.st_dev)
      ::unlink(path.c_str());
  }
};

socket_server::socket_server(const console_options& options, std::uint16_t port, session_context context,
                             std::shared_ptr<asio::ssl::context> tls)
    : context_{std::move(context)}, max_sessions_{options.max_sessions}, tokens_{options},
      patience_{options.write_timeout}, tls_{std::move(tls)} {
  if (options.path == "automatic") {
    try {
      open(automatic_socket_path(port), role::operate);
    } catch (const std::runtime_error& error) {
      context_.log.write(severity::warning, "console_unavailable", {{"reason", error.what()}});
    }
  } else if (options.path != "off") {
    try {
      open(options.path, role::operate);
    } catch (const std::runtime_error& error) {
      throw std::runtime_error{fmt::format("console.path: {}", error.what())};
    }
  }
  if (!doors_.empty())
    path_ = doors_.front().path;
  if (!options.read_only_path.empty()) {
    try {
      open(options.read_only_path, role::read_only);
    } catch (const std::runtime_error& error) {
      for (const auto& each : doors_)
        each.remove();
      throw std::runtime_error{fmt::format("console.read_only_path: {}", error.what())};
    }
  }
  if (options.port != 0) {
    try {
      listen(options);
    } catch (const std::exception& error) {
      for (const auto& each : doors_)
        each.remove();
      throw std::runtime_error{fmt::format("console.port: {}", error.what())};
    }
  }
  if (!doors_.empty() || tcp_)
    thread_ = std::thread{[this] {
      pthread_setname_np(pthread_self(), "console");
      io_.run();
    }};
}

socket_server::~socket_server() {
  asio::post(io_, [this] {
    for (auto& each : doors_)
      each.remove();
    for (auto& each : sessions_)
      if (const auto alive = each.lock())
        alive->close();
    io_.stop();
  });
  if (thread_.joinable())
    thread_.join();
}

void socket_server::open(std::string path, role may) {
  auto acceptor = bind_to(io_, path, may == role::operate ? S_IRUSR | S_IWUSR
                                                          : S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP);
  doors_.push_back({std::move(path), may, std::move(acceptor), asio::steady_timer{io_}});
  auto& added = doors_.back();
  (void)::lstat(added.path.c_str(), &added.file);
  accept(added);
}

void socket_server::accept(door& at) {
  at.acceptor.async_accept([this, &at](error_code fault, local_socket peer) {
    if (!fault) {
      welcome(std::move(peer), at.may);
      return accept(at);
    }
    if (fault == asio::error::operation_aborted)
      return;
    at.pause.expires_after(accept_pause);
    at.pause.async_wait([this, &at](error_code cancelled) {
      if (!cancelled)
        accept(at);
    });
  });
}

void socket_server::welcome(local_socket peer, role may) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  const bool known = ::getsockopt(peer.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials,
                                  &size) == 0;
  const bool trusted = credentials.uid == 0 || credentials.uid == ::geteuid();
  if (!known || (may == role::operate && !trusted)) {
    context_.book.count_refused();
    return;
  }
  begin(std::make_unique<stream_over<local_socket>>(std::move(peer)),
        {.may = may, .user = credentials.uid, .process = credentials.pid}, {});
}

void socket_server::begin(std::unique_ptr<stream> peer, operator_identity who, std::string input) {
  who = context_.book.open(std::move(who), max_sessions_);
  if (who.session == 0)
    return say_and_close(std::move(peer), fmt::format("there are {} sessions already (console.max_sessions)",
                                                      max_sessions_));
  std::erase_if(sessions_, [](const auto& each) { return each.expired(); });
  const auto fresh = std::make_shared<session>(io_, std::move(peer), std::move(who), context_, std::move(input));
  sessions_.push_back(fresh);
  fresh->start();
}

// -- TCP -----------------------------------------------------------------------------------------

void socket_server::listen(const console_options& options) {
  const asio::ip::tcp::endpoint at{asio::ip::make_address(options.address), options.port};
  tcp_.emplace(io_);
  tcp_->open(at.protocol());
  tcp_->set_option(asio::socket_base::reuse_address{true});
  tcp_->bind(at);
  tcp_->listen(backlog);
  accept_tcp();
}

void socket_server::renew(std::shared_ptr<asio::ssl::context> tls) {
  asio::post(io_, [this, tls = std::move(tls)]() mutable { tls_ = std::move(tls); });
}

void socket_server::accept_tcp() {
  tcp_->async_accept([this](error_code fault, tcp_socket peer) {
    if (!fault) {
      welcome(std::move(peer));
      return accept_tcp();
    }
    if (fault == asio::error::operation_aborted)
      return;
    tcp_pause_.expires_after(accept_pause);
    tcp_pause_.async_wait([this](error_code cancelled) {
      if (!cancelled)
        accept_tcp();
    });
  });
}

void socket_server::welcome(tcp_socket peer) {
  error_code gone;
  const auto from = peer.remote_endpoint(gone);
  if (gone)
    return;
  if (guests_ >= max_sessions_) {
    context_.book.count_refused();
    return;
  }
  ++guests_;
  const std::shared_ptr<void> counted{nullptr, [this](void*) { --guests_; }};
  const auto name = fmt::format("{}:{}", from.address().to_string(), from.port());
  const auto guest = std::make_shared<tcp_guest>(
      io_, patience_, tokens_, [this, name, counted](std::unique_ptr<stream> who, std::optional<role> may, std::string rest) {
        if (may)
          return begin(std::move(who), {.may = *may, .peer = name}, std::move(rest));
        context_.book.count_refused();
        context_.log.write(severity::warning, "console_refused", {{"peer", name}});
        say_and_close(std::move(who), "expected a token: console.operator_token or console.read_only_token");
      });
  if (tls_)
    guest->enter(tls_socket{std::move(peer), *tls_});
  else
    guest->enter(std::move(peer));
}

} // namespace troupe::app::console
