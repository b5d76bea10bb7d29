// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/cluster/packet_codec.hpp>
#include <troupe/net/cluster/packet_values.hpp>

#include <variant>

namespace troupe::net::cluster {

using namespace troupe::centrifuge;
using namespace troupe::cluster;

namespace {

using values::write;

template <class Answer>
std::uint32_t error_of(const Answer& from) {
  const auto* why = std::get_if<error_code>(&from);
  return why ? static_cast<std::uint32_t>(*why) : 0;
}

// Writes what a packet holds.
struct writer {
  packets::Packet& to;

  void operator()(const greeting& m) const {
    auto& g = *to.mutable_greeting();
    g.set_name(m.name);
    g.set_version(m.version);
    g.set_is_new(m.is_new);
  }
  void operator()(const no_answer&) const { to.mutable_no_answer(); }
  void operator()(const unheard_of&) const {}
  void operator()(const unsubscribed&) const { to.mutable_unsubscribed(); }
  void operator()(const watching&) const { to.mutable_watching(); }
  void operator()(const get_presence& m) const { to.set_get_presence(m.channel); }
  void operator()(const get_presence_stats& m) const { to.set_get_presence_stats(m.channel); }
  void operator()(const remove_history& m) const { to.set_remove_history(m.channel); }
  void operator()(const remove_history_answered& m) const { to.set_history_removed(error_of(m.value)); }
  void operator()(const node_answer& m) const { to.set_called(m.body); }
  void operator()(const stream_adopted& m) const { to.set_adopted(static_cast<std::uint32_t>(m.how)); }
  void operator()(const want_stream& m) const { to.set_want_stream(m.channel); }
  void operator()(const abandon_channel& m) const { to.set_abandon_channel(m.channel); }
  void operator()(const stream_sought& m) const { to.set_stream_settled(m.settled); }

  void operator()(const subscribe_channel& m) const {
    auto& s = *to.mutable_subscribe();
    s.set_channel(m.channel);
    write(m.info, *s.mutable_info());
    s.set_positioned(m.features.positioned);
    s.set_recoverable(m.features.recoverable);
    s.set_join_leave(m.features.join_leave);
    if (m.overrides.any()) {
      auto& o = *s.mutable_overrides();
      if (m.overrides.presence) o.set_presence(*m.overrides.presence);
      if (m.overrides.join_leave) o.set_join_leave(*m.overrides.join_leave);
      if (m.overrides.force_push_join_leave) o.set_force_push_join_leave(*m.overrides.force_push_join_leave);
      if (m.overrides.force_positioning) o.set_force_positioning(*m.overrides.force_positioning);
      if (m.overrides.force_recovery) o.set_force_recovery(*m.overrides.force_recovery);
    }
    if (m.recover) write(*m.recover, *s.mutable_recover());
    s.set_reject_unrecovered(m.reject_unrecovered);
    if (!m.data.empty()) write(m.data, *s.mutable_data());
    if (!m.reply_data.empty()) write(m.reply_data, *s.mutable_reply_data());
  }
  void operator()(const subscribe_answered& m) const {
    auto& s = *to.mutable_subscribed();
    s.set_error(error_of(m.value));
    const auto* r = std::get_if<subscribe_result>(&m.value);
    if (!r) return;
    s.set_positioned(r->positioned);
    s.set_recoverable(r->recoverable);
    write(r->position, *s.mutable_position());
    s.set_was_recovering(r->was_recovering);
    s.set_recovered(r->recovered);
    for (const auto& each : r->publications) write(*each.publication, *s.add_publications());
    if (!r->data.empty()) write(r->data, *s.mutable_data());
  }
  void operator()(const unsubscribe_channel& m) const {
    auto& u = *to.mutable_unsubscribe();
    u.set_channel(m.channel);
    u.set_client(m.client);
  }
  void operator()(const publish_channel& m) const {
    auto& p = *to.mutable_publish();
    p.set_channel(m.channel);
    write(m.data, *p.mutable_data());
    if (m.info) write(*m.info, *p.mutable_info());
    net::wire::write_tags(m.tags, *p.mutable_tags());
    p.set_exclude(values::number_of(m.exclude));
    p.set_key(m.key);
    p.set_skip_history(m.skip_history);
    p.set_delta(m.delta);
    p.set_idempotency_key(m.idempotency_key);
    p.set_version(m.version);
    p.set_version_epoch(m.version_epoch);
  }
  void operator()(const publish_answered& m) const {
    auto& p = *to.mutable_published();
    p.set_error(error_of(m.value));
    if (const auto* at = std::get_if<stream_position>(&m.value)) write(*at, *p.mutable_position());
  }
  void operator()(const presence_answered& m) const {
    auto& p = *to.mutable_presence();
    p.set_error(error_of(m.value));
    if (const auto* r = std::get_if<presence_result>(&m.value))
      for (const auto& [client, info] : r->clients) write(info, *p.add_clients());
  }
  void operator()(const presence_stats_answered& m) const {
    auto& p = *to.mutable_presence_stats();
    p.set_error(error_of(m.value));
    if (const auto* r = std::get_if<presence_stats_result>(&m.value)) {
      p.set_clients(r->clients);
      p.set_users(r->users);
    }
  }
  void operator()(const get_history& m) const {
    auto& h = *to.mutable_get_history();
    h.set_channel(m.channel);
    h.set_limit(m.query.limit);
    if (m.query.since) write(*m.query.since, *h.mutable_since());
    h.set_reverse(m.query.reverse);
    if (m.most) h.set_most(*m.most);
  }
  void operator()(const history_answered& m) const {
    auto& h = *to.mutable_history();
    h.set_error(error_of(m.value));
    const auto* page = std::get_if<history_page>(&m.value);
    if (!page) return;
    for (const auto& each : page->publications) write(*each, *h.add_publications());
    write(page->top, *h.mutable_top());
  }
  void operator()(const adopt_stream& m) const {
    auto& a = *to.mutable_adopt();
    a.set_channel(m.channel);
    write(m.part.top, *a.mutable_top());
    for (const auto& each : m.part.publications) write(*each, *a.add_publications());
    a.set_age_ms(static_cast<std::uint64_t>(m.part.age.count()));
    a.set_version(m.part.version.number);
    a.set_version_epoch(m.part.version.epoch);
    for (const auto& each : m.part.keys) {
      auto& key = *a.add_keys();
      key.set_key(each.key);
      key.set_offset(each.offset);
      key.set_age_ms(static_cast<std::uint64_t>(each.age.count()));
    }
    a.set_begins(m.begins);
    a.set_ends(m.ends);
  }
  void operator()(const handed_over& m) const {
    auto& h = *to.mutable_handed_over();
    h.set_you_own(m.you_own);
    h.set_i_leave(m.i_leave);
  }
  void operator()(const distant_watch& m) const {
    auto& w = *to.mutable_watch();
    w.set_pattern(m.pattern);
    w.set_end(m.what == watch_pattern::action::end);
  }
  void operator()(const distant_confirm& m) const { write(m.what, *to.mutable_confirm()); }
  void operator()(const change_membership& m) const {
    auto& c = *to.mutable_change_membership();
    write(m.of, *c.mutable_of());
    c.set_remove(m.what == change_membership::action::remove);
    c.set_in(static_cast<std::uint32_t>(m.in));
    c.set_name(m.name);
  }
  void operator()(const close_connections& m) const {
    auto& c = *to.mutable_close();
    write(m.to, *c.mutable_to());
    write_status(m.status, c);
    c.set_cut(m.how == closing::cut);
  }
  void operator()(const close_elsewhere& m) const {
    auto& c = *to.mutable_close_client();
    c.mutable_to()->set_name(m.client);
    write_status(m.status, c);
  }
  void operator()(const receipt& m) const {
    auto& r = *to.mutable_receipt();
    r.set_matched(m.matched);
    r.set_queued(m.queued);
    r.set_dropped(m.dropped);
  }
  void operator()(const node_call& m) const {
    auto& c = *to.mutable_call();
    c.set_method(m.method);
    c.set_body(m.body);
  }
  void operator()(const distant_event& m) const {
    auto& e = *to.mutable_event();
    e.set_channel(m.channel);
    e.set_what(static_cast<std::uint32_t>(m.what));
    if (m.publication) write(*m.publication, *e.mutable_publication());
    else write(m.origin.member, *e.mutable_member());
    e.set_key(m.origin.key);
    e.set_delta(m.origin.delta);
    e.set_exclude(values::number_of(m.origin.exclude));
    e.set_why(static_cast<std::uint32_t>(m.why));
  }
  void operator()(const distant_match& m) const {
    auto& e = *to.mutable_match();
    e.set_pattern(m.pattern);
    e.set_channel(m.channel);
    write(*m.publication, *e.mutable_publication());
    e.set_key(m.key);
  }
  void operator()(const distant_broadcasts& m) const {
    auto& all = *to.mutable_broadcasts();
    for (const auto& each : m.what) write(each, *all.add_what());
  }

  static void write_status(const close_status& from, packets::Close& c) {
    c.set_reason(static_cast<std::uint32_t>(from.reason));
    c.set_code(from.code);
    c.set_text(from.text);
  }
};

} // namespace

std::string encode(const packet& what) {
  packets::Packet to;
  to.set_from(what.from);
  to.set_session(what.session);
  to.set_heard(what.heard);
  to.set_number(what.number);
  to.set_question(what.question);
  std::visit(writer{to}, what.what);
  return to.SerializeAsString();
}

std::string encode(const beat& what) {
  packets::Beat to;
  to.set_from(what.from);
  to.set_name(what.name);
  to.set_version(what.version);
  to.set_leaving(what.leaving);
  to.set_gone(what.gone);
  to.set_joining(what.joining);
  return to.SerializeAsString();
}

} // namespace troupe::net::cluster
