// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What another node asks the actors of this one, and tells them.
#include <troupe/centrifuge/hub.hpp>
#include <troupe/cluster/peer.hpp>

#include <caf/send.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace troupe::cluster {

using namespace troupe::centrifuge;

namespace {

template <class... Ts>
struct one_of : Ts... {
  using Ts::operator()...;
};

} // namespace

const hub_actor& peer_state::hub_of(std::string_view channel) const {
  return settings_->hubs[index_of_hub(channel, settings_->hubs.size())];
}

template <class Answer, class Handle, class Question>
void peer_state::pass_on(std::uint64_t number, const Handle& whom, Question what) {
  self_->request(whom, caf::infinite, std::move(what))
    .then([this, number](const Answer& said) { send(said, number); },
          [this, number](const caf::error&) { send(no_answer{}, number); });
}

template <class Answer, class Question>
void peer_state::read(std::uint64_t number, Question& m) {
  m.relayed = true;
  pass_on<Answer>(number, hub_of(m.channel), m);
}

void peer_state::serve(packet& p) {
  const auto number = p.question;
  const auto answer = [this, number](content said) {
    if (auto open = questions_.extract(number); !open.empty()) open.mapped().answer(&said);
  };
  std::visit(
    one_of{
      [](greeting&) {},
      [](unheard_of&) {},
      [&](no_answer& m) { answer(m); },
      [&](subscribe_channel& m) { serve(number, m); },
      [&](unsubscribe_channel& m) { pass_on<unsubscribed>(number, hub_of(m.channel), m); },
      [&](publish_channel& m) { serve(number, m); },
      [&](get_presence& m) { read<presence_answered>(number, m); },
      [&](get_presence_stats& m) { read<presence_stats_answered>(number, m); },
      [&](get_history& m) { read<history_answered>(number, m); },
      [&](remove_history& m) { read<remove_history_answered>(number, m); },
      [&](distant_watch& m) { serve(number, m); },
      [&](distant_confirm& m) {
        m.what.here_only = true;
        pass_on<receipt>(number, settings_->registry, confirm_broadcast{std::move(m.what)});
      },
      [&](change_membership& m) {
        m.here_only = true;
        pass_on<receipt>(number, settings_->registry, std::move(m));
      },
      [&](close_connections& m) {
        m.here_only = true;
        pass_on<receipt>(number, settings_->registry, std::move(m));
      },
      [&](node_call& m) { serve(number, m); },
      [&](adopt_stream& m) { serve(number, m); },
      [&](want_stream& m) { pass_on<stream_sought>(number, hub_of(m.channel), m); },
      [&](abandon_channel& m) {
        const auto channel = m.channel;
        self_->send(hub_of(channel), std::move(m));
      },
      [&](handed_over& m) { self_->send(owner_, peer_handed_over{m}); },
      [&](distant_event& m) { serve(m); },
      [&](distant_match& m) { serve(m); },
      [&](distant_broadcasts& m) { serve(m); },
      [&](close_elsewhere& m) { serve(m); },
      [&](auto& said) { answer(std::move(said)); },
    },
    p.what);
}

void peer_state::serve(std::uint64_t number, subscribe_channel& m) {
  m.via = portal_actor{peer_actor{self_}};
  const auto channel = m.channel;
  pass_on<subscribe_answered>(number, hub_of(channel), std::move(m));
}

void peer_state::serve(std::uint64_t number, publish_channel& m) {
  m.via = portal_actor{peer_actor{self_}};
  const auto channel = m.channel;
  pass_on<publish_answered>(number, hub_of(channel), std::move(m));
}

void peer_state::serve(std::uint64_t number, adopt_stream& m) {
  const auto channel = m.channel;
  pass_on<stream_adopted>(number, hub_of(channel), std::move(m));
}

void peer_state::serve(std::uint64_t number, distant_watch& m) {
  // All hubs have to know it before its subscribers count on it.
  const auto missing = std::make_shared<std::size_t>(settings_->hubs.size());
  const auto known = [this, number, missing] {
    if (--*missing == 0) send(watching{}, number);
  };
  for (const auto& hub : settings_->hubs)
    self_->request(hub, caf::infinite, watch_pattern{{m.pattern, pattern_actor{peer_actor{self_}}}, m.what})
      .then([known](const watching&) { known(); }, [known](const caf::error&) { known(); });
}

void peer_state::serve(std::uint64_t number, node_call& m) {
  if (api_) pass_on<node_answer>(number, api_, std::move(m));
  else send(no_answer{}, number);
}

void peer_state::serve(distant_event& m) {
  auto event = caf::make_counted<channel_event>();
  event->what = m.what;
  event->why = m.why;
  event->channel = m.channel;
  event->publication = std::move(m.publication);
  event->exclude = m.origin.exclude;
  event->origin_of = std::make_shared<const event_origin>(std::move(m.origin));
  self_->send(hub_of(m.channel), happened_elsewhere{std::move(event)});
}

void peer_state::serve(distant_match& m) {
  self_->request(hub_of(m.pattern), caf::infinite,
                 publish_match{m.pattern, m.channel, std::move(m.publication), {}, std::move(m.key)})
    .then([](const fanned_out&) {}, [](const caf::error&) {});
}

void peer_state::serve(distant_broadcasts& m) {
  for (auto& each : m.what) {
    each.here_only = true;
    self_->send(settings_->registry, std::move(each));
  }
}

void peer_state::serve(const close_elsewhere& m) {
  if (const auto id = client_id::parse(m.client))
    caf::anon_send(settings_->registry,
                   close_connections{target::connection(*id), m.status, closing::handshake, true});
}

} // namespace troupe::cluster
