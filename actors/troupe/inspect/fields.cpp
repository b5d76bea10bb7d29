// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/inspect/fields.hpp>

#include <algorithm>
#include <iterator>

namespace troupe::inspection {

namespace {

template <class Duration>
double in(std::chrono::nanoseconds t) {
  return std::chrono::duration<double, typename Duration::period>{t}.count();
}
double number(std::uint64_t n) { return static_cast<double>(n); }

using ms = std::chrono::milliseconds;
using us = std::chrono::microseconds;
using ns = std::chrono::nanoseconds;
constexpr auto every = field_scope::every;
constexpr auto conns = field_scope::connections;
constexpr auto chans = field_scope::channels;
constexpr auto total = field_nature::total;
constexpr auto gauge = field_nature::gauge;

constexpr field table[] = {
  {"mailbox", every, gauge, "messages waiting for it", [](const row& r) { return number(r.mailbox); }},
  {"mailbox_peak", every, gauge, "most messages that ever waited",
   [](const row& r) { return number(r.mailbox_peak); }},
  {"handled", every, total, "messages handled", [](const row& r) { return number(r.handled); }},
  {"errors", every, total, "messages whose handler threw", [](const row& r) { return number(r.errors); }},
  {"busy_ns", every, total, "time in handlers", [](const row& r) { return in<ns>(r.busy); }},
  {"handle_p50_us", every, gauge, "half of its handlers took less, to a factor of two",
   [](const row& r) { return in<us>(r.times.quantile(0.5)); }},
  {"handle_p99_us", every, gauge, "99 of 100 handlers took less, to a factor of two",
   [](const row& r) { return in<us>(r.times.quantile(0.99)); }},
  {"age_ms", every, gauge, "since it was spawned", [](const row& r) { return in<ms>(r.age); }},

  {"queue_bytes", conns, gauge, "waiting to leave, control frames included",
   [](const row& r) { return number(r.connection.queue_bytes); }},
  {"queue_peak_bytes", conns, gauge, "most that ever waited",
   [](const row& r) { return number(r.connection.queue_peak_bytes); }},
  {"queue_msgs", conns, gauge, "messages and control frames waiting to leave",
   [](const row& r) { return number(r.connection.queue_messages); }},
  {"oldest_queued_ms", conns, gauge, "age of the oldest message waiting to leave",
   [](const row& r) { return in<ms>(r.connection.oldest_queued); }},
  {"dropped", conns, total, "messages it did not get", [](const row& r) { return number(r.connection.dropped); }},
  {"conflated", conns, total, "messages replaced by a later one of the same key",
   [](const row& r) { return number(r.connection.conflated); }},
  {"bytes_in", conns, total, "payload received from the client",
   [](const row& r) { return number(r.connection.bytes_in); }},
  {"bytes_out", conns, total, "bytes taken by the kernel",
   [](const row& r) { return number(r.connection.bytes_out); }},
  {"msgs_in", conns, total, "messages received from the client",
   [](const row& r) { return number(r.connection.messages_in); }},
  {"msgs_out", conns, total, "messages put into its queue",
   [](const row& r) { return number(r.connection.messages_out); }},
  {"rtt_ms", conns, gauge, "round trip of the last ping; 0: none yet",
   [](const row& r) { return in<ms>(r.connection.rtt); }},
  {"rtt_min_ms", conns, gauge, "shortest of them", [](const row& r) { return in<ms>(r.connection.rtt_min); }},
  {"rtt_max_ms", conns, gauge, "longest of them", [](const row& r) { return in<ms>(r.connection.rtt_max); }},
  {"subs", conns, gauge, "channels or groups it is subscribed to",
   [](const row& r) { return number(r.connection.subscriptions); }},
  {"idle_ms", conns, gauge, "since the client's last message", [](const row& r) { return in<ms>(r.connection.idle); }},

  {"subscribers", chans, gauge, "connections subscribed", [](const row& r) { return number(r.channel.subscribers); }},
  {"publications", chans, total, "publications since it was spawned",
   [](const row& r) { return number(r.channel.publications); }},
  {"published_bytes", chans, total, "data of these", [](const row& r) { return number(r.channel.bytes_in); }},
  {"offset", chans, gauge, "of its last publication; 0 without history",
   [](const row& r) { return number(r.channel.offset); }},
  {"history", chans, gauge, "publications kept", [](const row& r) { return number(r.channel.history); }},
  {"pending_bytes", chans, gauge, "published and not fanned out yet",
   [](const row& r) { return number(r.channel.pending_bytes); }},
};

} // namespace

std::span<const field> fields() noexcept { return table; }

const field* find_field(std::string_view name) noexcept {
  const auto found = std::ranges::find(table, name, &field::name);
  return found == std::end(table) ? nullptr : found;
}

bool has(const field& f, actor_kind kind) noexcept {
  switch (f.of) {
    case field_scope::every: return true;
    case field_scope::connections: return kind == actor_kind::connection;
    case field_scope::channels: return kind == actor_kind::channel;
  }
  return false;
}

} // namespace troupe::inspection
