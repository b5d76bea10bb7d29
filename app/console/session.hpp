// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SESSION: one client of the console: lines in, lines out.
// Thread: the console server's, but for deliver(). Owner: its handlers and the commands under way.
// Bounded by: max_line_bytes in; out, one answer of at most max_answer_bytes: the next command is read
// when it is written. Ends when: the client leaves, reads nothing for console.write_timeout, or the server stops.
#pragma once
#include "app/console/executor.hpp"
#include "app/console/session_book.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace troupe::app::console {

/// What all sessions share; outlives them.
struct session_context {
  executor_actor executor;
  session_book& book;
  text_log& log;
  std::chrono::milliseconds write_timeout;
};

class session final : public answer_sink, public std::enable_shared_from_this<session> {
public:
  using socket = boost::asio::local::stream_protocol::socket;

  static constexpr std::size_t max_line_bytes = 64 * 1024;
  static constexpr std::size_t max_answer_bytes = 16 * 1024 * 1024;

  session(boost::asio::io_context& io, socket peer, operator_identity who, session_context& context);
  ~session() override;

  void start() { read(); }
  /// Ends it now.
  void close();

  void deliver(std::uint64_t request, answer what) override;

private:
  void read();
  void on_line(std::string_view line);
  void write(std::string line);
  void write_some();
  void cut();

  boost::asio::io_context& io_;
  socket peer_;
  operator_identity who_;
  session_context& context_;
  std::string input_;
  std::string output_;
  std::size_t written_ = 0;
  boost::asio::steady_timer deadline_; // of the write under way
};

} // namespace troupe::app::console
