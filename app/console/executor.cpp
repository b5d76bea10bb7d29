// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/executor.hpp"

#include "app/console/help.hpp"
#include "app/console/overview.hpp"
#include "app/console/query_error.hpp"
#include "app/escape.hpp"
#include "app/options.hpp"

#include <troupe/centrifuge/hub.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace troupe::app::console {

namespace {

constexpr std::size_t longest_close_text = 123; // RFC 6455, section 5.5

target target_of(const invocation& in) {
  const auto& name = in.text("to");
  if (in.kind() == "everyone")
    return target::everyone();
  if (in.kind() == "user")
    return target::user(name);
  if (in.kind() == "group")
    return target::group(name);
  if (in.kind() == "label")
    return target::label(name);
  const auto id = client_id::parse(name);
  if (!id)
    throw query_error{fmt::format("'{}' is no connection ID, such as "
                                  "6f1c2f6e-8a53-4b0e-9d0e-3b9a4f1c2d77", escaped(name, 64))};
  return target::connection(*id);
}

close_status status_of(const invocation& in) {
  auto status = close_status::of(close_reason::kicked);
  if (const auto code = in.count("code")) {
    if (*code < 3000 || *code > 4999)
      throw query_error{fmt::format("code takes 3000 to 4999, got {}", *code)};
    status.code = static_cast<std::uint16_t>(*code);
  }
  if (in.has("reason"))
    status.text = in.text("reason");
  if (status.text.size() > longest_close_text)
    throw query_error{fmt::format("reason takes at most {} bytes", longest_close_text)};
  return status;
}

std::string outcome_of(const receipt& r) {
  return fmt::format("{} connection{}: {} queued, {} dropped", r.matched, r.matched == 1 ? "" : "s",
                     r.queued, r.dropped);
}

} // namespace

executor_actor::behavior_type executor_state::make_behavior(console_node node) {
  node_ = std::move(node);
  return {
      [this](const run_command& m) { on_command(m); },
      [this](const window_passed& m) { on_window(m); },
      [this](const look_at_traces&) { on_look(); },
      [](const call_back& m) { m.act(); },
  };
}

void executor_state::on_command(const run_command& m) {
  const auto done = [m](answer a) { m.to->deliver(m.what.id, std::move(a)); };
  attempt(done, [&] {
    const auto in = invocation::parse(m.what.command);
    const auto needed = in.needs();
    if (needed == role::read_only)
      return execute(m, in, done);
    const auto audited = [this, m, done](answer a) {
      audit(m, a);
      done(std::move(a));
    };
    if (m.who.may < needed)
      return audited(answer::failed(fmt::format("{}{} is for operators, and this session may only look",
                                                in.what().needs < needed ? "showing payloads with " : "",
                                                in.what().name)));
    attempt(audited, [&] { execute(m, in, audited); });
  });
}

void executor_state::execute(const run_command& m, const invocation& in, reply done) {
  const auto& seen = node_.server.observatory;
  switch (in.what().what) {
    case verb::actor: return actor(in, std::move(done));
    case verb::channel: return done(channel(in));
    case verb::closed: return closed(in, std::move(done));
    case verb::conn: return conn(in, std::move(done));
    case verb::deadletters: return done(dead_letters(in));
    case verb::drain: return done(drain());
    case verb::help: return done(help(in.text("command")));
    case verb::hist: return done(in.chosen_of(latencies(seen)));
    case verb::kick: return kick(in, std::move(done));
    case verb::kill: return kill(in, std::move(done));
    case verb::loglevel: return done(set_log_level(in));
    case verb::loops: return done(in.chosen_of(loops(seen)));
    case verb::nodes: return nodes(in, std::move(done));
    case verb::presence: return presence(in, std::move(done));
    case verb::publish: return publish(in, std::move(done));
    case verb::quit: return done({}); // the client's business
    case verb::reload: return reload(std::move(done));
    case verb::send: return send(in, std::move(done));
    case verb::sessions: return done(sessions());
    case verb::set_policy: return set_policy(in, std::move(done));
    case verb::top: return top(in, std::move(done));
    case verb::trace: return trace(m, in, std::move(done));
    case verb::tree: return tree(std::move(done));
    case verb::user: return done(user(in));
    case verb::why: return why(in, std::move(done));
  }
}

void executor_state::audit(const run_command& m, const answer& a) {
  const auto& outcome = !a.error.empty() ? a.error : a.notes.empty() ? std::string{} : a.notes.front();
  node_.log->write_always("console_action", {{"session", fmt::to_string(m.who.session)},
                                             {"role", std::string{to_string(m.who.may)}},
                                             {"uid", m.who.uid()},
                                             {"pid", m.who.pid()},
                                             {"peer", m.who.peer},
                                             {"command", m.what.command},
                                             {"done", a.error.empty() ? "true" : "false"},
                                             {"outcome", outcome}});
}

// -- acting --------------------------------------------------------------------------------------

void executor_state::send(const invocation& in, reply done) {
  confirm_broadcast message{{.to = target_of(in), .message = frame::encode(opcode::text, in.text("text"))}};
  ask<receipt>(node_.server.registry, std::move(message), std::move(done),
               [](const receipt& r) {
                 return r.was == acceptance::over_budget
                          ? answer::failed("too much waits to be sent already: try again later")
                          : answer::note(outcome_of(r));
               });
}

void executor_state::publish(const invocation& in, reply done) {
  const auto& channel = in.text("channel");
  centrifuge::publish_channel message;
  message.channel = channel;
  message.data = {in.text("data"), nlohmann::json::accept(in.text("data"))};
  ask<centrifuge::publish_answered>(
      centrifuge::hub_of(channel, node_.server.hubs), std::move(message), std::move(done),
      [](const centrifuge::publish_answered& said) {
        if (const auto* fault = std::get_if<centrifuge::error_code>(&said.value))
          return answer::failed(std::string{centrifuge::to_string(*fault)});
        const auto& at = std::get<centrifuge::stream_position>(said.value);
        return answer::note(at.epoch.empty()
                                ? std::string{"published"}
                                : fmt::format("published at offset {} of epoch {}", at.offset, at.epoch));
      });
}

void executor_state::kick(const invocation& in, reply done) {
  ask<receipt>(node_.server.registry, close_connections{target_of(in), status_of(in)}, std::move(done),
               [](const receipt& r) {
                 return answer::note(
                     fmt::format("{} connection{} told to close", r.matched, r.matched == 1 ? "" : "s"));
               });
}

answer executor_state::drain() {
  if (std::exchange(draining_, true))
    return answer::failed("the server is draining already");
  node_.program.drain();
  return answer::note("draining; the server exits when everyone is gone");
}

void executor_state::reload(reply done) {
  const auto waiting = std::make_shared<reply>(std::move(done));
  const auto finish = [waiting](const answer& a) {
    if (const auto to = std::exchange(*waiting, nullptr))
      to(a);
  };
  node_.program.reload([finish, to = executor_actor{self_}](const std::string& text, bool is_done) {
    caf::anon_send(to, call_back{[=] { finish(is_done ? answer::note(text) : answer::failed(text)); }});
  });
  self_->delayed_send(self_, answer_timeout, call_back{[finish] { finish(answer::failed("the program does not answer")); }});
}

answer executor_state::set_log_level(const invocation& in) {
  settings changed;
  find_option("log.level")->set(changed, in.text("level"));
  node_.log->set_level(changed.log.level);
  return answer::note(fmt::format("events of level {} and above are logged", in.text("level")));
}

executor_actor::behavior_type executor(executor_state::pointer self, console_node node) {
  return self->state.make_behavior(std::move(node));
}

} // namespace troupe::app::console
