// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/metrics.hpp>

#include <troupe/net/internal/counter_table.hpp>
#include <troupe/net/internal/process_figures.hpp>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <limits>
#include <sstream>
#include <utility>

namespace troupe::net {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct label {
  const char* name;
  std::string value;
};

ClientMetric labelled(std::vector<label> labels) {
  ClientMetric m;
  for (auto& l : labels) m.label.push_back({l.name, std::move(l.value)});
  return m;
}

double seconds(std::chrono::nanoseconds t) { return std::chrono::duration<double>{t}.count(); }

class collection {
public:
  /// The metrics added next are of this family.
  void begin(std::string name, const char* help, MetricType type) {
    families_.push_back({std::move(name), help, type, {}});
  }
  void add(double value, std::vector<label> labels = {}) {
    auto m = labelled(std::move(labels));
    if (families_.back().type == MetricType::Counter) m.counter.value = value;
    else m.gauge.value = value;
    families_.back().metric.push_back(std::move(m));
  }
  void one(std::string name, const char* help, MetricType type, double value) {
    begin(std::move(name), help, type);
    add(value);
  }
  /// The sum of several, which have the same limits.
  void add(const std::vector<const meters::latency*>& parts, std::vector<label> labels = {}) {
    auto m = labelled(std::move(labels));
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < meters::latency::buckets; ++i) {
      for (const auto* part : parts) below += part->count(i);
      const bool last = i + 1 == meters::latency::buckets;
      m.histogram.bucket.push_back({below, last ? std::numeric_limits<double>::infinity()
                                                : seconds(meters::latency::limit(i))});
    }
    m.histogram.sample_count = below;
    for (const auto* part : parts) m.histogram.sample_sum += seconds(part->sum());
    families_.back().metric.push_back(std::move(m));
  }

  [[nodiscard]] const std::vector<MetricFamily>& families() const noexcept { return families_; }

private:
  std::vector<MetricFamily> families_;
};

void collect_counters(collection& into, const inspection::observatory& of) {
  for (const auto& row : counter_table)
    if (row.metric)
      into.one(row.metric, row.help, row.is_gauge ? MetricType::Gauge : MetricType::Counter,
               static_cast<double>(of.total(row.value)));
  into.begin("troupe_connections_closed_total", "WebSocket connections that ended", MetricType::Counter);
  for (const auto& row : close_reasons) {
    if (row.reason == close_reason::none) continue;
    std::uint64_t n = 0;
    for (const auto& loop : of.by_loop())
      n += loop->counters.closed_by_reason[static_cast<std::size_t>(row.reason)].value();
    into.add(static_cast<double>(n), {{"reason", std::string{row.name}}});
  }
}

void collect_loops(collection& into, const inspection::observatory& of) {
  const auto rows = of.loops();
  const auto family = [&](const char* name, const char* help, MetricType type, auto value) {
    into.begin(name, help, type);
    for (const auto& r : rows)
      into.add(static_cast<double>(value(r)), {{"loop", std::to_string(r.loop)}});
  };
  using inspection::loop_row;
  constexpr auto counts = MetricType::Counter;
  constexpr auto gauge = MetricType::Gauge;
  family("troupe_loop_cpu_seconds_total", "Processor time of the loop's thread", counts,
         [](const loop_row& r) { return seconds(r.busy); });
  family("troupe_loop_turns_total", "Turns of the loop", counts,
         [](const loop_row& r) { return r.turns; });
  family("troupe_loop_wake_ups_total", "Times another thread made actors of an idle loop ready", counts,
         [](const loop_row& r) { return r.wake_ups; });
  family("troupe_loop_resumes_total", "Times an actor of the loop ran", counts,
         [](const loop_row& r) { return r.resumes; });
  family("troupe_loop_send_batches_total", "Batched sends", counts,
         [](const loop_row& r) { return r.batches; });
  family("troupe_loop_sends_total", "Sockets in batched sends", counts,
         [](const loop_row& r) { return r.batched_sends; });
  family("troupe_loop_turn_max_seconds", "Longest turn since the start", gauge,
         [](const loop_row& r) { return seconds(r.longest_turn); });
  into.begin("troupe_loop_turn_seconds", "How long turns took, without waiting in the kernel",
             MetricType::Histogram);
  for (const auto& loop : of.by_loop())
    into.add({&loop->turns.times}, {{"loop", std::to_string(loop->index)}});
  into.begin("troupe_fan_out_seconds", "Samples of how long parts of a message's way took",
             MetricType::Histogram);
  for (std::size_t i = 0; i < meters::stage_count; ++i) {
    std::vector<const meters::latency*> parts;
    for (const auto& loop : of.by_loop()) parts.push_back(&loop->stages[i]);
    into.add(parts, {{"stage", std::string{meters::stage_names[i]}}});
  }
}

void collect_actors(collection& into, const inspection::observatory& of) {
  struct sum {
    double alive = 0, waiting = 0, longest = 0;
  };
  std::array<sum, std::size(inspection::actor_kind_names)> by_kind;
  double behind = 0;
  double oldest = 0;
  of.visit([&](const inspection::row& r) {
    auto& s = by_kind[static_cast<std::size_t>(r.kind)];
    ++s.alive;
    s.waiting += r.mailbox;
    s.longest = std::max(s.longest, static_cast<double>(r.mailbox));
    if (r.connection.oldest_queued > std::chrono::seconds{1}) ++behind;
    oldest = std::max(oldest, seconds(r.connection.oldest_queued));
  });
  const auto family = [&](const char* name, const char* help, double sum::*value) {
    into.begin(name, help, MetricType::Gauge);
    for (std::size_t i = 0; i < by_kind.size(); ++i)
      into.add(by_kind[i].*value, {{"kind", std::string{inspection::actor_kind_names[i]}}});
  };
  family("troupe_actors", "Hosted actors that are alive", &sum::alive);
  double unseen = 0;
  for (const auto& loop : of.by_loop())
    unseen += static_cast<double>(loop->actors->unseen() + loop->elsewhere->unseen());
  into.one("troupe_actors_unseen_total", "Actors beyond what a loop can show; they work all the same",
           MetricType::Counter, unseen);
  family("troupe_mailbox_messages", "Messages waiting in mailboxes", &sum::waiting);
  family("troupe_mailbox_messages_max", "Messages waiting in the fullest mailbox", &sum::longest);
  into.one("troupe_connections_behind", "Connections with a message older than 1 s in their queue",
           MetricType::Gauge, behind);
  into.one("troupe_queue_age_max_seconds", "Age of the oldest message in a connection's queue",
           MetricType::Gauge, oldest);
}

void count(collection& into, const char* name, const char* help, const counter& value) {
  into.one(name, help, MetricType::Counter, static_cast<double>(value.value()));
}

void collect_events(collection& into, const events::counters& of) {
  count(into, "troupe_events_journaled_total", "Events written to the journal", of.journaled);
  count(into, "troupe_events_delivered_total", "Events that their receiver has taken", of.delivered);
  count(into, "troupe_events_lost_total", "Events that went from the journal undelivered, for its bound", of.lost);
  count(into, "troupe_events_missed_total", "Events that never reached the journal, since it was too slow", of.missed);
  count(into, "troupe_events_recovered_total", "Connections lost in a crash, reported at the start", of.recovered);
  count(into, "troupe_event_deliveries_total", "Deliveries of events tried", of.deliveries);
  count(into, "troupe_event_delivery_failures_total", "Of those: not taken", of.failures);
  count(into, "troupe_event_write_errors_total", "Times the disk did not take events", of.write_errors);
  into.one("troupe_events_waiting", "Events not taken by their receiver yet", MetricType::Gauge,
           static_cast<double>(of.waiting.value()));
  into.one("troupe_event_journal_bytes", "Size of the journal", MetricType::Gauge,
           static_cast<double>(of.journal_bytes.value()));
  into.begin("troupe_event_delivery_seconds", "How long deliveries took that succeeded", MetricType::Histogram);
  into.add({&of.times});
}

void collect_history(collection& into, const history::counters& of) {
  count(into, "troupe_history_streams_opened_total", "Streams read from disk, or begun there", of.opened);
  count(into, "troupe_history_publications_total", "Publications written to disk", of.kept);
  count(into, "troupe_history_failures_total", "Publications refused since they could not be", of.failed);
  count(into, "troupe_history_damaged_total", "Streams and databases found broken and begun anew", of.damaged);
  into.one("troupe_history_failing", "1 while history cannot be written", MetricType::Gauge, of.failing.value());
  into.one("troupe_history_bytes", "Size of the database of history", MetricType::Gauge,
           static_cast<double>(of.bytes.value()));
  into.begin("troupe_history_commit_seconds", "How long it took to write what had come", MetricType::Histogram);
  into.add({&of.times});
}

void collect_cluster(collection& into, const troupe::cluster::counters& of) {
  const auto one = [&](const char* name, const char* help, MetricType type, const troupe::cluster::shared_counter& value) {
    into.one(name, help, type, static_cast<double>(value.value()));
  };
  constexpr auto counts = MetricType::Counter;
  one("troupe_cluster_broker_connected", "1 while the broker between nodes can be reached", MetricType::Gauge, of.connected);
  one("troupe_cluster_broker_lost_total", "Times that it was lost", counts, of.disconnects);
  one("troupe_cluster_nodes", "Other nodes that this one knows", MetricType::Gauge, of.nodes);
  one("troupe_cluster_packets_received_total", "Packets of other nodes", counts, of.packets_in);
  one("troupe_cluster_packets_sent_total", "Packets to other nodes", counts, of.packets_out);
  one("troupe_cluster_received_bytes_total", "Bytes of packets of other nodes", counts, of.bytes_in);
  one("troupe_cluster_sent_bytes_total", "Bytes of packets to other nodes", counts, of.bytes_out);
  one("troupe_cluster_dropped_total", "Packets lost for want of room, or of the broker", counts, of.dropped);
  one("troupe_cluster_malformed_total", "Messages of the broker that are no packets", counts, of.malformed);
  one("troupe_cluster_sessions_lost_total", "Times that something of another node was missing", counts, of.sessions_lost);
  one("troupe_cluster_questions_failed_total", "Questions to other nodes that were not answered", counts, of.questions_lost);
}

void collect_webhooks(collection& into, const webhooks::counters& of) {
  const auto family = [&](const char* name, const char* help, MetricType type, auto value) {
    into.begin(name, help, type);
    for (std::size_t i = 0; i < webhooks::hook_count; ++i)
      into.add(static_cast<double>(value(of.by_hook[i])), {{"hook", webhooks::hook_names[i]}});
  };
  using webhooks::hook_counters;
  family("troupe_webhook_requests_total", "Requests to webhooks", MetricType::Counter,
         [](const hook_counters& h) { return h.requests.value(); });
  family("troupe_webhook_failures_total", "Of those: without a proper answer in time", MetricType::Counter,
         [](const hook_counters& h) { return h.failures.value(); });
  family("troupe_webhook_refused_total", "Requests not sent because the breaker was open", MetricType::Counter,
         [](const hook_counters& h) { return h.refused.value(); });
  family("troupe_webhook_breaker_open", "1 while the webhook is not asked, for it has failed too often",
         MetricType::Gauge, [](const hook_counters& h) { return h.breaker_open.value(); });
  into.begin("troupe_webhook_seconds", "How long webhooks took to answer", MetricType::Histogram);
  for (std::size_t i = 0; i < webhooks::hook_count; ++i)
    into.add({&of.by_hook[i].times}, {{"hook", webhooks::hook_names[i]}});
}

void collect_tokens(collection& into, const server_facts& facts) {
  const auto count = [&](counter auth::counters::* which) {
    return facts.tokens ? static_cast<double>(((*facts.tokens).*which).value()) : 0;
  };
  const auto one = [&](const char* name, const char* help, counter auth::counters::* which) {
    into.one(name, help, MetricType::Counter, count(which));
  };
  one("troupe_tokens_accepted_total", "Tokens that were worth something", &auth::counters::accepted);
  into.begin("troupe_tokens_refused_total", "Tokens that were not, by reason", MetricType::Counter);
  for (const auto& [reason, which] : auth::refusal_figures) into.add(count(which), {{"reason", reason}});
  one("troupe_token_cache_hits_total", "Signatures that were known to be good already",
      &auth::counters::cached);
  one("troupe_keys_fetched_total", "Times the keys of an endpoint were fetched", &auth::counters::keys_fetched);
  one("troupe_keys_not_fetched_total", "Times they could not be", &auth::counters::keys_not_fetched);
}

void collect_rates(collection& into, const server_facts& facts) {
  const auto sum = [&](auto of_loop) {
    double all = 0;
    if (facts.limits)
      for (const auto& each : facts.limits->by_loop) all += static_cast<double>(of_loop(*each).value());
    return all;
  };
  into.begin("troupe_rate_exceeded_total", "What was beyond a rate, refused or only counted",
             MetricType::Counter);
  for (std::size_t by = 0; by < rates::scope_names.size(); ++by)
    for (std::size_t what = 0; what < rates::operation_names.size(); ++what)
      into.add(sum([&](const rates::counters& c) -> const counter& { return c.over[by][what]; }),
               {{"scope", std::string{rates::scope_names[by]}},
                {"operation", std::string{rates::operation_names[what]}}});
  into.one("troupe_rate_names", "Users and addresses whose rates are kept", MetricType::Gauge,
           sum([](const rates::counters& c) -> const counter& { return c.tracked; }));
  into.one("troupe_rate_names_forgotten_total", "Of those: forgotten while they were not idle",
           MetricType::Counter, sum([](const rates::counters& c) -> const counter& { return c.forgotten; }));
}

void collect_process(collection& into, const server_facts& facts) {
  into.begin("troupe_info", "Always 1; tells the version", MetricType::Gauge);
  into.add(1, {{"version", facts.version}});
  into.one("troupe_draining", "1 while the server is shutting down", MetricType::Gauge,
           facts.draining ? 1 : 0);
  const auto p = read_process_figures();
  into.one("process_cpu_seconds_total", "Processor time of the process", MetricType::Counter,
           p.cpu_seconds);
  into.one("process_start_time_seconds", "When the process started, since the epoch",
           MetricType::Gauge, p.start_seconds);
  into.one("process_resident_memory_bytes", "Memory of the process that is in RAM", MetricType::Gauge,
           p.resident_bytes);
  into.one("process_virtual_memory_bytes", "Memory of the process", MetricType::Gauge, p.virtual_bytes);
  into.one("process_open_fds", "Open descriptors", MetricType::Gauge, p.open_descriptors);
  into.one("process_max_fds", "Most descriptors it may open", MetricType::Gauge, p.max_descriptors);
}

collection collect(const inspection::observatory& of, const server_facts& facts) {
  collection all;
  collect_counters(all, of);
  collect_loops(all, of);
  collect_actors(all, of);
  collect_events(all, *facts.events);
  collect_history(all, *facts.history);
  collect_cluster(all, *facts.others);
  collect_webhooks(all, *facts.webhooks);
  collect_tokens(all, facts);
  collect_rates(all, facts);
  collect_process(all, facts);
  return all;
}

} // namespace

std::string metrics_text(const inspection::observatory& of, const server_facts& facts) {
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, collect(of, facts).families());
  return out.str();
}

std::vector<std::string> metric_names() {
  const auto all = collect({}, {});
  std::vector<std::string> names;
  for (const auto& f : all.families()) names.push_back(f.name);
  return names;
}

} // namespace troupe::net
