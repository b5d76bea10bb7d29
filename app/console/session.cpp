// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/session.hpp"

#include "app/console/query_error.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <utility>

namespace troupe::app::console {

namespace asio = boost::asio;
using boost::system::error_code;

session::session(asio::io_context& io, socket peer, operator_identity who, session_context& context)
    : io_{io}, peer_{std::move(peer)}, who_{who}, context_{context}, deadline_{io} {}

session::~session() { context_.book.close(who_); }

void session::close() {
  error_code ignored;
  peer_.close(ignored);
  deadline_.cancel();
}

void session::read() {
  asio::async_read_until(peer_, asio::dynamic_buffer(input_, max_line_bytes), '\n',
                         [self = shared_from_this()](error_code fault, std::size_t size) {
                           if (fault == asio::error::not_found) // no end within the bound
                             self->close();
                           if (fault)
                             return;
                           const auto line = self->input_.substr(0, size - 1);
                           self->input_.erase(0, size);
                           self->on_line(line);
                         });
}

void session::on_line(std::string_view line) {
  try {
    auto asked = decode_request(line);
    context_.book.count_command(who_);
    caf::anon_send(context_.executor, run_command{shared_from_this(), who_, std::move(asked)});
  } catch (const query_error& error) {
    write(encode(0, answer::failed(error.what())));
  }
}

void session::deliver(std::uint64_t request, answer what) {
  auto line = encode(request, what); // on the executor's thread
  if (line.size() > max_answer_bytes)
    line = encode(request, too_long(line.size(), max_answer_bytes));
  asio::post(io_, [self = shared_from_this(), text = std::move(line)]() mutable {
    self->write(std::move(text));
  });
}

void session::write(std::string line) {
  output_ = std::move(line);
  written_ = 0;
  write_some();
}

void session::write_some() {
  deadline_.expires_after(context_.write_timeout);
  deadline_.async_wait([self = shared_from_this()](error_code fault) {
    if (!fault)
      self->cut();
  });
  peer_.async_write_some(asio::buffer(output_) + written_,
                         [self = shared_from_this()](error_code fault, std::size_t size) {
                           self->deadline_.cancel();
                           if (fault)
                             return;
                           self->written_ += size;
                           if (self->written_ != self->output_.size())
                             return self->write_some();
                           self->output_ = {};
                           self->read();
                         });
}

void session::cut() {
  if (!peer_.is_open())
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
