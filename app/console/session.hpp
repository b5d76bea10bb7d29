// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// SESSION: one client of the console: lines in, lines out.
// Thread: the console server's, but for deliver(). Owner: its handlers and the commands under way.
// Bounded by: max_line_bytes in; out, one answer, or one part of it, of at most max_answer_bytes: the next command is
// read when it is written. Ends when: the client leaves, reads nothing for console.write_timeout, or the server stops.
#pragma once
#include "app/console/executor.hpp"
#include "app/console/session_book.hpp"
#include "app/console/stream.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
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
  static constexpr std::size_t max_line_bytes = 64 * 1024;
  static constexpr std::size_t max_answer_bytes = 16 * 1024 * 1024;

  /// @param input What has come already.
  session(boost::asio::io_context& io, std::unique_ptr<stream> peer, operator_identity who, session_context& context,
          std::string input = {});
  ~session() override;

  void start() { read(); }
  /// Ends it now.
  void close();

  void deliver(std::uint64_t request, answer what) override;
  bool follow() override;
  [[nodiscard]] bool is_followed() const override { return followed_.load(std::memory_order_acquire); }
  bool offer(std::uint64_t request, answer& part) override;

private:
  void read();
  void on_read(stream::error_code fault, std::size_t size);
  void on_line(std::string_view line);
  void on_end();
  enum class part : std::uint8_t { more, last };
  void send(std::string line, part which);
  void write();
  void on_written();
  void write_some();
  void cut();

  boost::asio::io_context& io_;
  std::unique_ptr<stream> peer_;
  operator_identity who_;
  session_context& context_;
  std::string input_;
  std::array<char, 4096> piece_; // of it, as it comes
  std::string output_; // being written
  std::string next_;   // after it
  std::size_t written_ = 0;
  bool reading_ = false;
  bool busy_ = false;     // a command is under way, or its answer
  part sending_ = part::last; // which is the last that was given
  std::atomic<bool> followed_{false}; // by a client that wants more parts
  std::atomic<bool> unread_{false};   // a part is being written
  boost::asio::steady_timer deadline_; // of the write under way
};

} // namespace troupe::app::console
