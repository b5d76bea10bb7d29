// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/console.hpp"

#include <troupe/net/internal/tls_context.hpp>
#include <troupe/net/server.hpp>

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <exception>
#include <utility>

namespace troupe::app::console {

console::console(caf::actor_system& system, const console_options& options,
                 const net::server& server, text_log& log, program_orders program,
                 const net::tls_options& certificate)
    : system_{system}, is_encrypted_{options.tls},
      executor_{system.spawn<caf::detached>(
          executor, console_node{server.insight(), &log, &book_, std::move(program)})} {
  try {
    sockets_.emplace(options, server.port(), session_context{executor_, book_, log, options.write_timeout},
                     options.tls ? net::load_tls(certificate) : nullptr);
  } catch (...) {
    end_executor();
    throw;
  }
}

console::~console() { end_executor(); }

void console::reload(const console_options& options, const net::tls_options& certificate) {
  sockets_->change_tokens(options);
  if (!is_encrypted_)
    return;
  try {
    sockets_->renew(net::load_tls(certificate));
  } catch (const std::exception&) {
    // The server has loaded the same files and has logged what is wrong.
  }
}

// First: what it still has to answer keeps sessions alive, which need their thread.
void console::end_executor() {
  caf::scoped_actor self{system_};
  self->send_exit(executor_, caf::exit_reason::user_shutdown);
  self->wait_for(executor_);
}

} // namespace troupe::app::console
