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
#include <troupe/tracing/trace.hpp>
#include <troupe/type_ids.hpp>

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::app::console {

/// Where an answer goes. Thread: any.
class answer_sink {
public:
  virtual ~answer_sink() = default;
  virtual void deliver(std::uint64_t request, answer what) = 0;

  /// Whether the answer may come in parts. From then on is_followed() tells whether they are wanted.
  virtual bool follow() { return false; }
  [[nodiscard]] virtual bool is_followed() const { return false; }
  /// A part of the answer; deliver() ends it. @returns false, and takes nothing, while the part before is not
  /// read.
  virtual bool offer(std::uint64_t request, answer& part) { return (void)request, (void)part, false; }
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
  /// As SIGHUP without a terminal. `tell` is called once with what came of it, on any thread.
  std::function<void(std::function<void(const std::string& text, bool done)> tell)> reload;
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

/// To the executor: runs this on its thread, such as with what a loop has looked up.
struct call_back {
  std::function<void()> act;
};

/// Executor to itself: there may be more to see.
struct look_at_traces {};

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

using executor_actor = caf::typed_actor<caf::reacts_to<run_command>, caf::reacts_to<window_passed>,
                                        caf::reacts_to<look_at_traces>, caf::reacts_to<call_back>>;

class executor_state {
public:
  static constexpr const char* name = "console";
  using pointer = executor_actor::stateful_pointer<executor_state>;

  static constexpr std::chrono::seconds answer_timeout{10}; ///< Above the shards' own.

  explicit executor_state(pointer self) : self_{self} {}
  ~executor_state();
  executor_state(const executor_state&) = delete;
  executor_state& operator=(const executor_state&) = delete;

  executor_actor::behavior_type make_behavior(console_node node);

private:
  /// Takes the one answer.
  using reply = std::function<void(answer)>;

  void on_command(const run_command& m);
  void execute(const run_command& m, const invocation& in, reply done);
  /// Logs an action, whatever log.level says.
  void audit(const run_command& m, const answer& a);

  // Looking: executor_looking.cpp.
  void actor(const invocation& in, reply done);
  answer channel(const invocation& in) const;
  void conn(const invocation& in, reply done);
  /// What the connection tells of itself is added to what is measured.
  void describe_open(std::size_t loop, const client_id& id, table measured, reply done);
  void closed(const invocation& in, reply done);
  void nodes(const invocation& in, reply done);
  void presence(const invocation& in, reply done);
  answer sessions() const;
  answer dead_letters(const invocation& in) const;
  void tree(reply done);
  void top(const invocation& in, reply done);
  void on_window(const window_passed& m);
  answer user(const invocation& in) const;
  void why(const invocation& in, reply done);
  /// Gathers all that the ledger has, page by page.
  void gather_closed(closed_query query, std::shared_ptr<std::vector<connection_down>> found, reply done,
                     std::function<answer(const std::vector<connection_down>&)> then);

  // Following: executor_tracing.cpp.
  void trace(const run_command& m, const invocation& in, reply done);
  void on_look();
  struct open_trace;
  /// @returns true when it is over and answered.
  bool look_at(open_trace& one);

  // Acting.
  void send(const invocation& in, reply done);
  void publish(const invocation& in, reply done);
  void kick(const invocation& in, reply done);
  answer drain();
  void reload(reply done);
  answer set_log_level(const invocation& in);
  void kill(const invocation& in, reply done);
  void set_policy(const invocation& in, reply done);

  /// Asks an actor; `then` makes its answer a reply. What goes wrong is a reply as well.
  template <class Answered, class Handle, class Message, class Then>
  void ask(const Handle& whom, Message question, reply done, Then then) {
    self_->request(whom, answer_timeout, std::move(question))
        .then([done, then](const Answered& said) { attempt(done, [&] { done(then(said)); }); },
              [this, done](const caf::error& fault) {
                done(answer::failed("no answer: " + self_->system().render(fault)));
              });
  }

  /// Has every loop look something up. `then` gets what they say, in no order; `done` that they say nothing.
  template <class Result>
  void ask_loops(std::function<Result(host&)> look, reply done, std::function<void(const std::vector<Result>&)> then) {
    struct gathering {
      std::vector<Result> said;
      std::size_t missing;
      reply done; // null once it is answered: a late timeout must not keep a session
      std::function<void(const std::vector<Result>&)> then;
    };
    const auto all = std::make_shared<gathering>(
        gathering{{}, node_.server.observatory.by_loop().size(), std::move(done), std::move(then)});
    const auto take = [all](const Result& one) {
      all->said.push_back(one);
      if (--all->missing != 0 || !all->done)
        return;
      const auto to = std::exchange(all->done, nullptr);
      const auto finish = std::exchange(all->then, nullptr);
      attempt(to, [&] { finish(all->said); });
    };
    node_.server.on_loops([look, take, to = executor_actor{self_}](host& loop) {
      caf::anon_send(to, call_back{[take, one = look(loop)] { take(one); }});
    });
    self_->delayed_send(self_, answer_timeout, call_back{[all] {
      all->then = nullptr;
      if (const auto to = std::exchange(all->done, nullptr))
        to(answer::failed("a loop does not answer"));
    }});
  }

  pointer self_;
  // A top with a window that is not over.
  struct open_window {
    invocation in;
    baseline before;
    reply done;
  };

  struct open_trace {
    std::shared_ptr<tracing::trace> what;
    run_command asked;
    reply done;
    std::optional<answer> part; // that its reader has not taken yet
    bool on = false;            // every loop has it
    bool ended = false;         // told to the loops, which may still write
  };

  console_node node_;
  std::vector<open_trace> traces_; // at most one of each session
  std::unordered_map<std::uint64_t, open_window> windows_; // by ticket; at most one of each session
  std::uint64_t last_ticket_ = 0;
  bool draining_ = false;
};

executor_actor::behavior_type executor(executor_state::pointer self, console_node node);

} // namespace troupe::app::console

CAF_BEGIN_TYPE_ID_BLOCK(troupe_console, ::troupe::first_type_id)
  CAF_ADD_TYPE_ID(troupe_console, (troupe::app::console::run_command))
  CAF_ADD_TYPE_ID(troupe_console, (troupe::app::console::window_passed))
  CAF_ADD_TYPE_ID(troupe_console, (troupe::app::console::look_at_traces))
  CAF_ADD_TYPE_ID(troupe_console, (troupe::app::console::call_back))
CAF_END_TYPE_ID_BLOCK(troupe_console)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::app::console::run_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::app::console::window_passed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::app::console::look_at_traces)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::app::console::call_back)
