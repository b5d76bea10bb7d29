// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// EXECUTOR: does what console sessions ask for, one command after another.
// Thread: its own (spawn it detached), so that a query over 100,000 rows holds up neither a loop nor the
// scheduler's workers. Owner: serve(), which ends it before the server's loops. Bounded by: one command
// of each session at a time; answer_timeout for what other actors have to say. Ends when told to exit.
#pragma once
#include "app/console/actor_rows.hpp"
#include "app/console/answer.hpp"
#include "app/console/commands.hpp"
#include "app/console/invocation.hpp"
#include "app/console/query_error.hpp"
#include "app/console/session_book.hpp"
#include "app/log.hpp"

#include <troupe/closed_connections.hpp>
#include <troupe/net/insight.hpp>
#include <troupe/type_ids.hpp>

#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::app::console {

/// Where an answer goes. Thread: any.
class answer_sink {
public:
  virtual ~answer_sink() = default;
  virtual void deliver(std::uint64_t request, answer what) = 0;
};

/// Session to executor: is answered at `to`, once.
struct run_command {
  std::shared_ptr<answer_sink> to;
  operator_identity who;
  request what;
};

/// What the program does by itself. Called on a thread of the console's.
struct program_orders {
  std::function<void()> drain;  ///< As SIGTERM. Called at most once.
  std::function<void()> reload; ///< As SIGHUP without a terminal.
};

/// What commands act on. Outlives the executor.
struct console_node {
  net::insight server;
  text_log* log = nullptr;
  const session_book* sessions = nullptr;
  program_orders program;
};

/// Executor to itself: a window is over.
struct window_passed {
  std::uint64_t ticket = 0;
};

/// What `act` throws before it calls `done` becomes the answer.
template <class Done, class Act>
void attempt(const Done& done, Act act) {
  try {
    act();
  } catch (const query_error& error) {
    done(answer::failed(error.what()));
  } catch (const std::exception& error) {
    done(answer::failed(std::string{"internal error: "} + error.what()));
  }
}

using executor_actor = caf::typed_actor<caf::reacts_to<run_command>, caf::reacts_to<window_passed>>;

class executor_state {
public:
  static constexpr const char* name = "console";
  using pointer = executor_actor::stateful_pointer<executor_state>;

  static constexpr std::chrono::seconds answer_timeout{10}; ///< Above the shards' own.

  explicit executor_state(pointer self) : self_{self} {}

  executor_actor::behavior_type make_behavior(console_node node);

private:
  /// Takes the one answer.
  using reply = std::function<void(answer)>;

  void on_command(const run_command& m);
  void execute(const invocation& in, reply done);
  /// Logs an action, whatever log.level says.
  void audit(const run_command& m, const answer& a);

  // Looking: executor_looking.cpp.
  answer actor(const invocation& in) const;
  answer channel(const invocation& in) const;
  void conn(const invocation& in, reply done);
  void closed(const invocation& in, reply done);
  void presence(const invocation& in, reply done);
  answer sessions() const;
  void top(const invocation& in, reply done);
  void on_window(const window_passed& m);
  answer user(const invocation& in) const;
  void why(const invocation& in, reply done);
  /// Gathers all that the ledger has, page by page.
  void gather_closed(closed_query query, std::shared_ptr<std::vector<connection_down>> found, reply done,
                     std::function<answer(const std::vector<connection_down>&)> then);

  // Acting.
  void send(const invocation& in, reply done);
  void publish(const invocation& in, reply done);
  void kick(const invocation& in, reply done);
  answer drain();
  answer reload();
  answer set_log_level(const invocation& in);

  /// Asks an actor; `then` makes its answer a reply. What goes wrong is a reply as well.
  template <class Answered, class Handle, class Message, class Then>
  void ask(const Handle& whom, Message question, reply done, Then then) {
    self_->request(whom, answer_timeout, std::move(question))
        .then([done, then](const Answered& said) { attempt(done, [&] { done(then(said)); }); },
              [this, done](const caf::error& fault) {
                done(answer::failed("no answer: " + self_->system().render(fault)));
              });
  }

  pointer self_;
  // A top with a window that is not over.
  struct open_window {
    invocation in;
    baseline before;
    reply done;
  };

  console_node node_;
  std::unordered_map<std::uint64_t, open_window> windows_; // by ticket; at most one of each session
  std::uint64_t last_ticket_ = 0;
  bool draining_ = false;
};

executor_actor::behavior_type executor(executor_state::pointer self, console_node node);

} // namespace troupe::app::console

CAF_BEGIN_TYPE_ID_BLOCK(troupe_console, ::troupe::first_type_id)
  CAF_ADD_TYPE_ID(troupe_console, (troupe::app::console::run_command))
  CAF_ADD_TYPE_ID(troupe_console, (troupe::app::console::window_passed))
CAF_END_TYPE_ID_BLOCK(troupe_console)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::app::console::run_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::app::console::window_passed)
