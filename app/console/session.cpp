// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/session.hpp"

#include "app/console/query_error.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <utility>

namespace troupe::app::console {

namespace asio = boost::asio;
using boost::system::error_code;

session::session(asio::io_context& io, std::unique_ptr<stream> peer, operator_identity who, session_context& context,
                 std::string input)
    : io_{io}, peer_{std::move(peer)}, who_{std::move(who)}, context_{context}, input_{std::move(input)},
      deadline_{io} {}

session::~session() { context_.book.close(who_); }

void session::close() {
  peer_->close();
  deadline_.cancel();
}

void session::read() {
  if (reading_)
    return;
  for (auto end = input_.find('\n'); end != std::string::npos; end = input_.find('\n')) {
    const auto line = input_.substr(0, end);
    input_.erase(0, end + 1);
    if (busy_ || !line.empty()) // an empty one that would end something came too late
      return on_line(line);
  }
  if (input_.size() >= max_line_bytes)
    return close();
  reading_ = true;
  peer_->read_some(asio::buffer(piece_), [self = shared_from_this()](error_code fault, std::size_t size) {
    self->on_read(fault, size);
  });
}

void session::on_read(error_code fault, std::size_t size) {
  reading_ = false;
  if (fault)
    return on_end();
  input_.append(piece_.data(), size);
  read();
}

/// There is nobody for more parts of an answer.
void session::on_end() { followed_.store(false, std::memory_order_release); }

void session::on_line(std::string_view line) {
  if (busy_) // whatever it says, it ends what goes on
    return on_end();
  busy_ = true;
  try {
    auto asked = decode_request(line);
    context_.book.count_command(who_);
    caf::anon_send(context_.executor, run_command{shared_from_this(), who_, std::move(asked)});
  } catch (const query_error& error) {
    send(encode(0, answer::failed(error.what())), part::last);
  }
}

// -- on the executor's thread --------------------------------------------------------------------

void session::deliver(std::uint64_t request, answer what) {
  on_end();
  auto line = encode(request, what);
  if (line.size() > max_answer_bytes)
    line = encode(request, too_long(line.size(), max_answer_bytes));
  asio::post(io_, [self = shared_from_this(), text = std::move(line)]() mutable {
    self->send(std::move(text), part::last);
  });
}

bool session::follow() {
  followed_.store(true, std::memory_order_release);
  asio::post(io_, [self = shared_from_this()] { self->read(); });
  return true;
}

bool session::offer(std::uint64_t request, answer& more) {
  if (unread_.exchange(true, std::memory_order_acq_rel))
    return false;
  more.goes_on = true;
  asio::post(io_, [self = shared_from_this(), line = encode(request, more)]() mutable {
    self->send(std::move(line), part::more);
  });
  return true;
}

// -- on the server's -----------------------------------------------------------------------------

void session::send(std::string line, part which) {
  sending_ = which;
  next_ += line;
  if (output_.empty()) // else a part is on its way
    write();
}

void session::write() {
  output_ = std::exchange(next_, {});
  written_ = 0;
  write_some();
}

void session::write_some() {
  deadline_.expires_after(context_.write_timeout);
  deadline_.async_wait([self = shared_from_this()](error_code fault) {
    if (!fault)
      self->cut();
  });
  peer_->write_some(asio::buffer(output_) + written_, [self = shared_from_this()](error_code fault, std::size_t size) {
    self->deadline_.cancel();
    if (fault)
      return self->on_end();
    self->written_ += size;
    if (self->written_ != self->output_.size())
      return self->write_some();
    self->output_ = {};
    self->on_written();
  });
}

void session::on_written() {
  if (!next_.empty())
    return write();
  unread_.store(false, std::memory_order_release);
  if (sending_ == part::more)
    return;
  busy_ = false;
  read();
}

void session::cut() {
  if (!peer_->is_open())
    return;
  context_.book.count_cut();
  context_.log.write(severity::warning, "console_session_cut",
                     {{"session", fmt::to_string(who_.session)},
                      {"uid", who_.uid()},
                      {"pid", who_.pid()},
                      {"peer", who_.peer},
                      {"unread_bytes", fmt::to_string(output_.size() - written_)}});
  close();
}

} // namespace troupe::app::console
