// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ROUTE WORLD: a node whose connections talk to a scripted actor behind a keeper. Each message of a client
// is a command to that actor; see obey().
#pragma once
#include <troupe/hooks/route_keeper.hpp>

#include "actors/node.hpp"

#include <caf/typed_response_promise.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

/// What the actor saw, all incarnations together.
struct diary {
  std::vector<std::string> seen;
  std::vector<std::size_t> present; // by incarnation
  std::vector<std::string> inherited;
  std::vector<caf::typed_response_promise<hooks::answer>> unanswered;
  std::size_t births_to_fail = 0;
  bool clings = false; // does not end when told to
};

struct scripted_state {
  static constexpr const char* name = "scripted";
};

inline hooks::route_actor::behavior_type
scripted(hooks::route_actor::stateful_pointer<scripted_state> self, const hooks::birth& born,
         const std::shared_ptr<diary>& book) {
  if (book->births_to_fail != 0) {
    --book->births_to_fail;
    throw std::runtime_error{"stillborn"};
  }
  book->present.push_back(born.present.size());
  const auto* state = std::any_cast<std::string>(&born.state);
  book->inherited.push_back(state ? *state : "nothing");
  if (book->clings) self->set_exit_handler([](const caf::exit_msg&) {});
  const auto obey = [self, born, book](const hooks::message& m) -> caf::result<hooks::answer> {
    const auto text = std::string{m.what.payload()};
    book->seen.push_back(text);
    if (text == "crash") throw std::runtime_error{"told to"};
    if (text == "quit") self->quit();
    if (text == "ignore") {
      book->unanswered.push_back(self->make_response_promise<hooks::answer>());
      return book->unanswered.back();
    }
    if (text == "bye") return hooks::answer::bye(4321, "as you wish");
    if (text.starts_with("remember ")) self->send(born.keeper, hooks::hand_over{text.substr(9)});
    return hooks::answer::text(text + " " + std::to_string(born.incarnation));
  };
  return {
    [book](const hooks::opened& m) {
      book->seen.push_back("opened " + m.what.path + " " + m.what.user + " " + m.what.address);
      return hooks::answer{};
    },
    [obey](const hooks::message& m) { return obey(m); },
    [book](const hooks::closed& m) { book->seen.push_back("closed " + to_string(m.how.reason)); },
  };
}

struct route_world : node {
  explicit route_world(hooks::keeper_options options = {}, node_options o = {})
    : node(o), book(std::make_shared<diary>()) {
    keeper = spawn_on(host(), hooks::route_keeper,
                      hooks::route_keeper_state::settings{.name = "/test",
                                                          .spawn = hooks::on_loop(scripted, book),
                                                          .options = options,
                                                          .registry = registry,
                                                          .log = &log});
    auto with = *settings;
    with.keeper = keeper;
    with.path = "/test";
    settings = std::make_shared<const connection_settings>(std::move(with));
    run();
  }
  ~route_world() {
    book->unanswered.clear();
    caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown);
    run();
  }

  /// What the client gets for a message.
  std::vector<std::string> say(const client& who, std::string_view text) {
    who->client_sends(text);
    run();
    return who->client_reads_payloads();
  }

  std::shared_ptr<diary> book;
  hooks::route_keeper_actor keeper;
};

} // namespace troupe::tests
