// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Namespaces whose actor has a say: what a client wants to do in their channels is asked first.
#include <troupe/centrifuge/hub.hpp>

#include <troupe/hooks/directory.hpp>

#include <caf/exit_reason.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace troupe::centrifuge {

namespace {

error_code code_of(const caf::error& why) {
  if (why == hooks::failure::overloaded) return error_code::too_many_requests;
  if (why == hooks::failure::gave_up) return error_code::not_available;
  return error_code::internal;
}

const std::string& client_of(const subscribe_channel& m) { return m.info.client; }
const std::string& client_of(const publish_channel& m) { return m.info->client; }

/// Closes the client that asked, wherever it is.
template <class Self, class Request>
void close(Self self, const caf::strong_actor_ptr& who, const Request& asked, const close_status& status) {
  if constexpr (requires { asked.via; }) {
    if (asked.via) return self->send(asked.via, close_elsewhere{client_of(asked), status});
  } else if (asked.relayed) {
    return; // what another node asks does not tell for whom
  }
  self->send(caf::actor_cast<connection_actor>(who), close_connection{status});
}

presence_stats_result count(const presence_result& present) {
  std::set<std::string_view> users;
  for (const auto& [client, info] : present.clients) users.insert(info.user);
  return {static_cast<std::uint32_t>(present.clients.size()),
          static_cast<std::uint32_t>(users.size())};
}

} // namespace

void hub_state::find_hooks() {
  if (!settings_->extensions) return;
  for (const auto& space : settings_->extensions->namespace_names())
    hooks_.emplace_back(space, settings_->extensions->of_namespace(space));
}

hooks::namespace_keeper_actor hub_state::hook_of(const std::string& channel) const {
  if (hooks_.empty()) return {};
  const auto* space = settings_->names->find(channel);
  for (const auto& [hooked, keeper] : hooks_)
    if (space && space->name == hooked) return keeper;
  return {};
}

void hub_state::tell_hook_lost(const std::string& channel) {
  if (const auto hook = hook_of(channel)) self_->send(hook, hooks::channel_lost{channel});
}

void hub_state::on_gave_up() {
  const auto& keeper = self_->current_sender();
  const auto gave_up = std::find_if(hooks_.begin(), hooks_.end(), [&](const auto& h) { return h.second == keeper; });
  if (gave_up == hooks_.end()) return;
  for (auto next = channels_.begin(); next != channels_.end();) {
    const auto each = next++;
    if (each->second.space->name == gave_up->first) end_channel(each, unsubscribe_code::server_unsubscribe);
  }
}

/// `decide(request, what the hook said)` gives the answer, or nothing: then the channel answers.
template <class Answer, class Request, class Question, class F>
caf::typed_response_promise<Answer>
hub_state::ask_first(const hooks::namespace_keeper_actor& hook, Question question, Request& m,
                     F decide) {
  using said = typename decltype(decide)::said;
  const caf::strong_actor_ptr who = self_->current_sender(); // the promise takes it away
  auto promise = self_->make_response_promise<Answer>();
  auto asked = std::make_shared<Request>(std::move(m));
  self_->request(hook, caf::infinite, std::move(question))
    .then(
      [this, promise, asked, who, decide](const said& s) mutable {
        if constexpr (requires { s.close; }) {
          if (s.close.reason != close_reason::none) close(self_, who, *asked, s.close);
        }
        if (auto answer = decide.answer(*asked, s)) return void(promise.deliver(std::move(*answer)));
        const auto found = find_or_spawn(asked->channel);
        if (const auto* why = std::get_if<error_code>(&found)) return void(promise.deliver(Answer{*why}));
        auto& to = *std::get<entry*>(found);
        ++to.forwarded;
        sequence_ += 2; // as for requests that are passed on at once
        if constexpr (std::is_same_v<Request, publish_channel>) {
          if (auto watchers = watchers_of(asked->channel, to); !watchers.empty())
            return void(promise.delegate(to.who,
                                         publish_watched{std::move(*asked), std::move(watchers)}));
        }
        promise.delegate(to.who, std::move(*asked));
      },
      [promise](const caf::error& why) mutable { promise.deliver(Answer{code_of(why)}); });
  return promise;
}

caf::result<subscribe_answered> hub_state::consult(const hooks::namespace_keeper_actor& hook,
                                                   subscribe_channel& m) {
  struct decision {
    using said = hooks::admission;
    std::optional<subscribe_answered> answer(subscribe_channel& asked, const said& s) const {
      if (s.refused) return subscribe_answered{*s.refused};
      asked.reply_data = s.data;
      if (!s.info.empty()) asked.info.chan_info = s.info;
      return std::nullopt;
    }
  };
  hooks::subscribe question{m.channel, m.info, std::move(m.data)};
  return ask_first<subscribe_answered>(hook, std::move(question), m, decision{});
}

caf::result<publish_answered> hub_state::consult(const hooks::namespace_keeper_actor& hook,
                                                 publish_channel& m) {
  struct decision {
    using said = hooks::ruling;
    std::optional<publish_answered> answer(publish_channel& asked, const said& s) const {
      switch (s.what) {
        case said::verdict::refuse: return publish_answered{s.refused};
        case said::verdict::done: return publish_answered{stream_position{}};
        case said::verdict::publish: break;
      }
      if (!s.data.empty()) asked.data = s.data;
      if (!s.tags.empty()) asked.tags = s.tags;
      if (!s.key.empty()) asked.key = s.key;
      return std::nullopt;
    }
  };
  hooks::publish question{m.channel, m.data, *m.info};
  return ask_first<publish_answered>(hook, std::move(question), m, decision{});
}

caf::result<presence_answered> hub_state::consult(const hooks::namespace_keeper_actor& hook,
                                                  get_presence& m) {
  struct decision {
    using said = hooks::view;
    std::optional<presence_answered> answer(get_presence&, const said& s) const {
      if (s.refused) return presence_answered{*s.refused};
      if (s.presence) return presence_answered{*s.presence};
      return std::nullopt;
    }
  };
  hooks::read_channel question{m.channel, hooks::read_channel::part::presence};
  return ask_first<presence_answered>(hook, std::move(question), m, decision{});
}

caf::result<presence_stats_answered> hub_state::consult(const hooks::namespace_keeper_actor& hook,
                                                        get_presence_stats& m) {
  struct decision {
    using said = hooks::view;
    std::optional<presence_stats_answered> answer(get_presence_stats&, const said& s) const {
      if (s.refused) return presence_stats_answered{*s.refused};
      if (s.presence) return presence_stats_answered{count(*s.presence)};
      return std::nullopt;
    }
  };
  hooks::read_channel question{m.channel, hooks::read_channel::part::presence_stats};
  return ask_first<presence_stats_answered>(hook, std::move(question), m, decision{});
}

caf::result<history_answered> hub_state::consult(const hooks::namespace_keeper_actor& hook,
                                                 get_history& m) {
  struct decision {
    using said = hooks::view;
    std::optional<history_answered> answer(get_history&, const said& s) const {
      if (s.refused) return history_answered{*s.refused};
      if (s.history) return history_answered{*s.history};
      return std::nullopt;
    }
  };
  hooks::read_channel question{m.channel, hooks::read_channel::part::history, m.query};
  return ask_first<history_answered>(hook, std::move(question), m, decision{});
}

} // namespace troupe::centrifuge
