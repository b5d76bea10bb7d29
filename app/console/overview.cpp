// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/overview.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>

namespace troupe::app::console {

namespace {

using inspection::actor_kind;
using meters::latency;

double as_double(std::uint64_t value) { return static_cast<double>(value); }
double nanoseconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()); }

/// What all actors of a kind on a loop have come to.
struct sums {
  double count = 0;
  double mailbox = 0;
  double handled = 0;
  double errors = 0;
  double busy = 0;
};

/// Buckets of several loops added up.
class histogram {
public:
  void add(const latency& one) {
    for (std::size_t i = 0; i < latency::buckets; ++i)
      counts_[i] += one.count(i);
    sum_ += one.sum();
  }
  [[nodiscard]] std::uint64_t count() const {
    std::uint64_t all = 0;
    for (const auto each : counts_)
      all += each;
    return all;
  }
  [[nodiscard]] cell mean() const {
    const auto all = count();
    return all == 0 ? cell{} : cell{nanoseconds(sum_) / as_double(all)};
  }
  /// The limit below which this share of them stayed: exact to a factor of two.
  [[nodiscard]] cell quantile(double share) const {
    const auto wanted = share * as_double(count());
    if (wanted == 0)
      return {};
    double below = 0;
    std::size_t i = 0;
    for (; i + 1 < latency::buckets; ++i)
      if ((below += as_double(counts_[i])) >= wanted)
        break;
    return nanoseconds(latency::limit(i));
  }

private:
  std::array<std::uint64_t, latency::buckets> counts_{};
  std::chrono::nanoseconds sum_{0};
};

} // namespace

std::string_view fate_of(actor_kind kind) {
  switch (kind) {
    case actor_kind::registry:
    case actor_kind::shard:
    case actor_kind::hub: return "the server drains and ends: engine_failed";
    case actor_kind::connection: return "it is closed with 1011; others are not affected";
    case actor_kind::channel: return "replaced with a new epoch; subscribers are told and recover";
    case actor_kind::keeper: return "the server drains and ends: engine_failed";
    case actor_kind::custom: break;
  }
  return "whoever spawned it decides";
}

table loops(const inspection::observatory& from) {
  using enum column_type;
  struct figure {
    const char* name;
    column_type type;
    counter loop_counters::* value;
  };
  static constexpr figure figures[] = {
      {"connections", column_type::number, &loop_counters::connections},
      {"channels", column_type::number, &loop_counters::channels},
      {"messages_in", column_type::number, &loop_counters::messages_in},
      {"broadcasts", column_type::number, &loop_counters::broadcasts},
      {"publications", column_type::number, &loop_counters::publications},
      {"messages_queued", column_type::number, &loop_counters::messages_queued},
      {"messages_dropped", column_type::number, &loop_counters::messages_dropped},
      {"bytes_out", bytes, &loop_counters::bytes_out},
      {"queued_bytes", bytes, &loop_counters::queued_bytes},
  };
  table all{{},
            {{"loop", column_type::number}, {"load", column_type::number}, {"busy", duration},
             {"turns", column_type::number}, {"longest_turn", duration}, {"wake_ups", column_type::number},
             {"batches", column_type::number}, {"sends", column_type::number}, {"actors", column_type::number}},
            {}};
  for (const auto& each : figures)
    all.columns.push_back({each.name, each.type});
  const auto rows = from.loops();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& r = rows[i];
    auto& cells = all.rows.emplace_back();
    cells = {as_double(r.loop),
             r.age.count() > 0 ? nanoseconds(r.busy) / nanoseconds(r.age) : 0,
             nanoseconds(r.busy), as_double(r.turns), nanoseconds(r.longest_turn), as_double(r.wake_ups),
             as_double(r.batches), as_double(r.batched_sends), as_double(r.actors)};
    for (const auto& each : figures)
      cells.emplace_back(as_double((from.by_loop()[i]->counters.*each.value).value()));
  }
  return all;
}

table tree(const inspection::observatory& from) {
  using enum column_type;
  std::map<std::pair<std::size_t, actor_kind>, sums> by_kind;
  std::map<std::string, sums> elsewhere; // by name
  from.visit([&](const inspection::row& r) {
    auto& s = r.where == inspection::place::loop ? by_kind[{r.loop, r.kind}] : elsewhere[r.name];
    ++s.count;
    s.mailbox += r.mailbox;
    s.handled += as_double(r.handled);
    s.errors += as_double(r.errors);
    s.busy += nanoseconds(r.busy);
  });
  table all{{},
            {{"actor", text}, {"alive", column_type::number}, {"failed", column_type::number},
             {"mailbox", column_type::number}, {"handled", column_type::number},
             {"errors", column_type::number}, {"busy", duration}, {"when one fails", text}},
            {}};
  const auto add = [&](std::string name, const sums& s, cell failed, std::string fate) {
    all.rows.push_back({std::move(name), s.count, std::move(failed), s.mailbox, s.handled, s.errors, s.busy,
                        std::move(fate)});
  };
  const auto add_title = [&](std::string name, std::string fate) {
    all.rows.push_back({std::move(name), {}, {}, {}, {}, {}, {}, std::move(fate)});
  };
  add_title("server", "the process ends");
  add("  registry", by_kind[{0, actor_kind::registry}], {}, std::string{fate_of(actor_kind::registry)});
  for (std::size_t loop = 0; loop < from.by_loop().size(); ++loop) {
    const auto& counters = from.by_loop()[loop]->counters;
    const auto crashed = static_cast<std::size_t>(close_reason::internal_error);
    add_title(fmt::format("  loop {}", loop), "");
    add("    shard", by_kind[{loop, actor_kind::shard}], {}, std::string{fate_of(actor_kind::shard)});
    add("      connections", by_kind[{loop, actor_kind::connection}],
        as_double(counters.closed_by_reason[crashed].value()),
        std::string{fate_of(actor_kind::connection)});
    add("    hub", by_kind[{loop, actor_kind::hub}], {}, std::string{fate_of(actor_kind::hub)});
    add("      channels", by_kind[{loop, actor_kind::channel}], as_double(counters.channels_failed.value()),
        std::string{fate_of(actor_kind::channel)});
    if (const auto kept = by_kind.find({loop, actor_kind::keeper}); kept != by_kind.end())
      add("    keepers", kept->second, as_double(counters.extension_restarts.value()),
          std::string{fate_of(actor_kind::keeper)});
    if (const auto own = by_kind.find({loop, actor_kind::custom}); own != by_kind.end())
      add("    custom", own->second, {}, std::string{fate_of(actor_kind::custom)});
  }
  add_title("  other threads", "");
  for (const auto& [name, own] : elsewhere)
    add("    " + name, own, {}, std::string{fate_of(actor_kind::custom)});
  return all;
}

table latencies(const inspection::observatory& from) {
  using enum column_type;
  table all{{},
            {{"stage", text}, {"samples", column_type::number}, {"mean", duration}, {"p50", duration},
             {"p90", duration}, {"p99", duration}, {"p999", duration}, {"what it is", text}},
            {}};
  const auto add = [&](std::string name, const histogram& h, std::string meaning) {
    all.rows.push_back({std::move(name), as_double(h.count()), h.mean(), h.quantile(0.5), h.quantile(0.9),
                        h.quantile(0.99), h.quantile(0.999), std::move(meaning)});
  };
  static constexpr std::array meanings{"from the socket until it is fanned out",
                                       "from there into a connection's queue",
                                       "from there until the kernel has taken it",
                                       "the system call that gives it to the kernel"};
  static_assert(meanings.size() == meters::stage_count);
  for (std::size_t stage = 0; stage < meters::stage_count; ++stage) {
    histogram h;
    for (const auto& loop : from.by_loop())
      h.add(loop->stages[stage]);
    add(std::string{meters::stage_names[stage]}, h, meanings[stage]);
  }
  histogram turns;
  for (const auto& loop : from.by_loop())
    turns.add(loop->turns.times);
  add("turn", turns, "what a loop does between two waits");
  return all;
}

} // namespace troupe::app::console
