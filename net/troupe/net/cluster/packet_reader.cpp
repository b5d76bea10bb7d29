// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/cluster/packet_codec.hpp>
#include <troupe/net/cluster/packet_values.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace troupe::net::cluster {

using namespace troupe::centrifuge;
using namespace troupe::cluster;

namespace {

using values::enumerator;
using values::malformed;
using values::read;

/// The error of an answer, or what `value()` makes of it.
template <class Answer, class F>
Answer answer(std::uint32_t error, F value) {
  if (error == 0) return value();
  const auto known = std::ranges::find(error_table, static_cast<error_code>(error), [](const auto& row) { return row.code; });
  return known != error_table.end() ? static_cast<error_code>(error) : error_code::internal;
}

template <class List>
std::vector<publication_ptr> publications(List& from) {
  std::vector<publication_ptr> to;
  for (auto& each : from) to.push_back(read(each));
  return to;
}

subscribe_channel read(packets::Subscribe& s) {
  subscribe_channel m{.channel = std::move(*s.mutable_channel()), .where = {}, .info = read(*s.mutable_info()),
                      .features = {s.positioned(), s.recoverable(), s.join_leave()}};
  const auto& o = s.overrides();
  if (o.has_presence()) m.overrides.presence = o.presence();
  if (o.has_join_leave()) m.overrides.join_leave = o.join_leave();
  if (o.has_force_push_join_leave()) m.overrides.force_push_join_leave = o.force_push_join_leave();
  if (o.has_force_positioning()) m.overrides.force_positioning = o.force_positioning();
  if (o.has_force_recovery()) m.overrides.force_recovery = o.force_recovery();
  if (s.has_recover()) m.recover = read(*s.mutable_recover());
  m.reject_unrecovered = s.reject_unrecovered();
  m.data = read(*s.mutable_data());
  m.reply_data = read(*s.mutable_reply_data());
  return m;
}

subscribe_answered read(packets::Subscribed& s) {
  return {answer<subscribe_answer>(s.error(), [&]() -> subscribe_answer {
    subscribe_result r;
    r.positioned = s.positioned();
    r.recoverable = s.recoverable();
    r.position = read(*s.mutable_position());
    r.was_recovering = s.was_recovering();
    r.recovered = s.recovered();
    for (auto& each : publications(*s.mutable_publications())) r.publications.push_back({std::move(each), {}, {}, {}});
    r.data = read(*s.mutable_data());
    return r;
  })};
}

publish_channel read(packets::Publish& p) {
  publish_channel m{.channel = std::move(*p.mutable_channel()), .data = read(*p.mutable_data()), .info = {},
                    .tags = net::wire::read_tags(*p.mutable_tags()), .exclude = values::handle_of(p.exclude()),
                    .key = std::move(*p.mutable_key()), .skip_history = p.skip_history(), .delta = p.delta()};
  if (p.has_info()) m.info = read(*p.mutable_info());
  m.idempotency_key = std::move(*p.mutable_idempotency_key());
  m.version = p.version();
  m.version_epoch = std::move(*p.mutable_version_epoch());
  return m;
}

publish_answered read(packets::Published& p) {
  return {answer<publish_answer>(p.error(), [&]() -> publish_answer { return read(*p.mutable_position()); })};
}

presence_answered read(packets::Presence& p) {
  return {answer<presence_answer>(p.error(), [&]() -> presence_answer {
    presence_result r;
    for (auto& each : *p.mutable_clients()) {
      auto info = read(each);
      auto client = info.client;
      r.clients.emplace(std::move(client), std::move(info));
    }
    return r;
  })};
}

presence_stats_answered read(packets::PresenceStats& p) {
  return {answer<presence_stats_answer>(p.error(), [&]() -> presence_stats_answer {
    return presence_stats_result{p.clients(), p.users()};
  })};
}

get_history read(packets::ReadHistory& h) {
  get_history m{std::move(*h.mutable_channel()), {h.limit(), {}, h.reverse()}};
  if (h.has_since()) m.query.since = read(*h.mutable_since());
  if (h.has_most()) m.most = h.most();
  return m;
}

history_answered read(packets::History& h) {
  return {answer<history_answer>(h.error(), [&]() -> history_answer {
    return history_page{publications(*h.mutable_publications()), read(*h.mutable_top())};
  })};
}

close_status status_of(packets::Close& c) {
  if (c.reason() >= close_reasons.size() || c.code() > std::numeric_limits<std::uint16_t>::max()) throw malformed{};
  return {static_cast<close_reason>(c.reason()), static_cast<std::uint16_t>(c.code()), std::move(*c.mutable_text())};
}

change_membership read(packets::Membership& c) {
  using action = change_membership::action;
  const auto in = enumerator(c.in(), membership::label); // those of channels are theirs
  return {.of = read(c.of()), .what = c.remove() ? action::remove : action::add, .in = in, .name = std::move(*c.mutable_name())};
}

distant_event read(packets::Event& e) {
  distant_event m{std::move(*e.mutable_channel()), enumerator(e.what(), channel_event::kind::lost)};
  if (m.what == channel_event::kind::published) m.publication = read(*e.mutable_publication());
  else m.origin.member = read(*e.mutable_member());
  m.origin.key = std::move(*e.mutable_key());
  m.origin.delta = e.delta();
  m.origin.exclude = values::handle_of(e.exclude());
  const auto known = std::ranges::find(unsubscribe_table, static_cast<unsubscribe_code>(e.why()), [](const auto& row) { return row.code; });
  if (known == unsubscribe_table.end()) throw malformed{};
  m.why = known->code;
  return m;
}

distant_match read(packets::Match& e) {
  return {std::move(*e.mutable_pattern()), std::move(*e.mutable_channel()), read(*e.mutable_publication()), std::move(*e.mutable_key())};
}

std::chrono::milliseconds age_of(std::uint64_t ms) {
  constexpr std::uint64_t most = std::chrono::milliseconds{std::chrono::hours{24 * 365 * 100}}.count();
  return std::chrono::milliseconds{std::min(ms, most)};
}

adopt_stream read(packets::Adopt& a) {
  adopt_stream m{.channel = std::move(*a.mutable_channel()), .part = {}, .begins = a.begins(), .ends = a.ends()};
  auto& part = m.part;
  part.top = read(*a.mutable_top());
  part.publications = publications(*a.mutable_publications());
  if (part.publications.size() > part.top.offset) throw malformed{};
  part.age = age_of(a.age_ms());
  part.version = {a.version(), std::move(*a.mutable_version_epoch())};
  for (auto& each : *a.mutable_keys()) part.keys.push_back({std::move(*each.mutable_key()), each.offset(), age_of(each.age_ms())});
  return m;
}

content read(packets::Packet& p) {
  using action = watch_pattern::action;
  switch (p.what_case()) {
    case packets::Packet::kGreeting:
      return greeting{std::move(*p.mutable_greeting()->mutable_name()), std::move(*p.mutable_greeting()->mutable_version()),
                      p.greeting().is_new()};
    case packets::Packet::kNoAnswer: return no_answer{};
    case packets::Packet::kSubscribe: return read(*p.mutable_subscribe());
    case packets::Packet::kSubscribed: return read(*p.mutable_subscribed());
    case packets::Packet::kUnsubscribe: {
      auto& u = *p.mutable_unsubscribe();
      return unsubscribe_channel{std::move(*u.mutable_channel()), std::move(*u.mutable_client())};
    }
    case packets::Packet::kUnsubscribed: return unsubscribed{};
    case packets::Packet::kPublish: return read(*p.mutable_publish());
    case packets::Packet::kPublished: return read(*p.mutable_published());
    case packets::Packet::kGetPresence: return get_presence{std::move(*p.mutable_get_presence())};
    case packets::Packet::kPresence: return read(*p.mutable_presence());
    case packets::Packet::kGetPresenceStats: return get_presence_stats{std::move(*p.mutable_get_presence_stats())};
    case packets::Packet::kPresenceStats: return read(*p.mutable_presence_stats());
    case packets::Packet::kGetHistory: return read(*p.mutable_get_history());
    case packets::Packet::kHistory: return read(*p.mutable_history());
    case packets::Packet::kRemoveHistory: return remove_history{std::move(*p.mutable_remove_history())};
    case packets::Packet::kHistoryRemoved:
      return remove_history_answered{answer<remove_history_answer>(
        p.history_removed(), []() -> remove_history_answer { return history_removed{}; })};
    case packets::Packet::kWatch:
      return distant_watch{std::move(*p.mutable_watch()->mutable_pattern()), p.watch().end() ? action::end : action::begin};
    case packets::Packet::kWatching: return watching{};
    case packets::Packet::kConfirm: return distant_confirm{read(p.confirm())};
    case packets::Packet::kChangeMembership: return read(*p.mutable_change_membership());
    case packets::Packet::kClose: {
      auto& c = *p.mutable_close();
      return close_connections{read(c.to()), status_of(c), c.cut() ? closing::cut : closing::handshake};
    }
    case packets::Packet::kReceipt: return receipt{p.receipt().matched(), p.receipt().queued(), p.receipt().dropped()};
    case packets::Packet::kCall:
      return node_call{std::move(*p.mutable_call()->mutable_method()), std::move(*p.mutable_call()->mutable_body())};
    case packets::Packet::kCalled: return node_answer{std::move(*p.mutable_called())};
    case packets::Packet::kEvent: return read(*p.mutable_event());
    case packets::Packet::kMatch: return read(*p.mutable_match());
    case packets::Packet::kBroadcasts: {
      distant_broadcasts all;
      for (const auto& each : p.broadcasts().what()) all.what.push_back(read(each));
      return all;
    }
    case packets::Packet::kCloseClient: {
      auto& c = *p.mutable_close_client();
      return close_elsewhere{c.to().name(), status_of(c)};
    }
    case packets::Packet::kAdopt: return read(*p.mutable_adopt());
    case packets::Packet::kAdopted: return stream_adopted{enumerator(p.adopted(), stream_adopted::outcome::refused)};
    case packets::Packet::kWantStream: return want_stream{std::move(*p.mutable_want_stream())};
    case packets::Packet::kStreamSettled: return stream_sought{p.stream_settled()};
    case packets::Packet::kHandedOver: return handed_over{p.handed_over().you_own(), p.handed_over().i_leave()};
    case packets::Packet::kAbandonChannel: return abandon_channel{std::move(*p.mutable_abandon_channel())};
    case packets::Packet::WHAT_NOT_SET: break;
  }
  return unheard_of{};
}

template <class Message>
bool parse(Message& to, std::string_view bytes) {
  return bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
         to.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

} // namespace

std::optional<packet> decode_packet(std::string_view bytes) {
  packets::Packet from;
  if (!parse(from, bytes) || from.session() == 0 || from.from().empty()) return std::nullopt;
  content what = unheard_of{};
  try {
    what = read(from);
  } catch (const malformed&) { // such as a kind of target that a newer version has: it has a number all the same
  }
  return packet{std::move(*from.mutable_from()), from.session(), from.heard(), from.number(), from.question(), std::move(what)};
}

std::optional<beat> decode_beat(std::string_view bytes) {
  packets::Beat from;
  if (!parse(from, bytes) || from.from().empty()) return std::nullopt;
  return beat{std::move(*from.mutable_from()), std::move(*from.mutable_name()), std::move(*from.mutable_version()), from.leaving(),
              from.gone(), from.joining()};
}

} // namespace troupe::net::cluster
