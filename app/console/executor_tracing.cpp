// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// EXECUTOR, what goes on until it is over: traces. Loops write events where the executor looks for them from time
// to time; what it finds goes to the session in parts, the next one when the one before is read.
#include "app/console/executor.hpp"
#include "app/escape.hpp"
#include "app/values.hpp"

#include <troupe/meters/message_type.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::app::console {

namespace {

using namespace std::chrono_literals;
using tracing::trace_end;
using tracing::trace_options;

constexpr auto look_interval = 100ms;
constexpr std::size_t most_traces = 8;      // each costs loops a look at every event
constexpr std::size_t most_in_part = 500;   // of each loop
constexpr std::chrono::nanoseconds usual_time = 60s;
constexpr std::chrono::nanoseconds longest_time = 1h;
constexpr std::uint64_t any_number = 1'000'000'000;

trace_options::subject subject_of(const invocation& in) {
  using enum trace_options::subject;
  return in.kind() == "conn" ? connection : in.kind() == "user" ? user : in.kind() == "channel" ? channel : actor;
}

/// "100" ends it after so many, "100/s" when more come in a second.
void limit(trace_options& to, const std::string& text) {
  const bool is_pace = text.ends_with("/s");
  const auto number = parse_integer(text.substr(0, text.size() - (is_pace ? 2 : 0)));
  if (!number || *number == 0 || *number > any_number)
    throw query_error{fmt::format("max takes a number of events such as 100, or of events a second such as 50/s, "
                                  "got '{}'", escaped(text, 64))};
  to.max_events = is_pace ? any_number : *number;
  to.max_per_second = is_pace ? static_cast<std::uint32_t>(*number) : 0;
}

trace_options options_of(const invocation& in) {
  trace_options wanted;
  wanted.of = subject_of(in);
  wanted.name = in.text("of");
  if (wanted.of == trace_options::subject::connection) {
    const auto id = client_id::parse(wanted.name);
    if (!id)
      throw query_error{fmt::format("'{}' is no connection ID; top conns lists them", escaped(wanted.name, 64))};
    wanted.connection = *id;
  }
  if (wanted.of == trace_options::subject::actor) {
    const auto id = parse_integer(wanted.name);
    if (!id)
      throw query_error{fmt::format("'{}' is no number of an actor; top actors lists them", escaped(wanted.name, 64))};
    wanted.actor = *id;
  }
  if (in.has("dir"))
    wanted.only = in.text("dir") == "in" ? tracing::direction::in : tracing::direction::out;
  wanted.match = in.text("match");
  wanted.payload = in.has("payload");
  if (in.has("max"))
    limit(wanted, in.text("max"));
  const auto time = in.duration("for").value_or(usual_time);
  if (time.count() <= 0 || time > longest_time)
    throw query_error{"for takes a time up to 1h"};
  wanted.until = std::chrono::steady_clock::now() + time;
  return wanted;
}

std::string time_of(const tracing::event& e) {
  const auto microseconds = e.when / 1000;
  return fmt::format("{:%H:%M:%S}.{:06}", fmt::gmtime(static_cast<std::time_t>(microseconds / 1'000'000)),
                     microseconds % 1'000'000);
}

/// What has come since the last time.
table events(tracing::trace& from) {
  std::vector<tracing::event> all;
  from.take(most_in_part, [&](const tracing::event& e) { all.push_back(e); });
  std::ranges::stable_sort(all, {}, &tracing::event::when); // each loop's are in order
  const bool payload = from.options().payload;
  using enum column_type;
  table shown{{},
              {{"time", text}, {"dir", text}, {"what", text}, {"note", text}, {"bytes", column_type::bytes},
               {"whose", text}},
              {}};
  if (payload)
    shown.columns.push_back({"payload", text});
  for (const auto& e : all) {
    auto& cells = shown.rows.emplace_back();
    cells = {time_of(e), std::string{e.to == tracing::direction::in ? "in" : "out"},
             e.message ? meters::message_name(*e.message) : std::string{e.what}, std::string{e.note},
             static_cast<double>(e.bytes),
             e.connection == client_id{} ? fmt::to_string(e.actor) : e.connection.to_string()};
    if (payload)
      cells.emplace_back(std::string{e.payload.data(), e.shown});
  }
  return shown;
}

std::string ending_of(const tracing::trace& what) {
  const auto& o = what.options();
  std::string text;
  switch (what.ended()) {
    case trace_end::enough: text = fmt::format("ended: {} events", o.max_events); break;
    case trace_end::too_fast: text = fmt::format("ended: more than {} events a second", o.max_per_second); break;
    case trace_end::time_over: text = "ended: its time is over"; break;
    case trace_end::stopped:
    case trace_end::none: text = "ended: stopped"; break;
  }
  if (const auto dropped = what.dropped(); dropped != 0)
    text += fmt::format("; {} events are missing, for they came faster than they were read", dropped);
  return text;
}

} // namespace

executor_state::~executor_state() {
  for (const auto& each : traces_)
    each.what->stop(trace_end::stopped);
}

void executor_state::trace(const run_command& m, const invocation& in, reply done) {
  const auto what = std::make_shared<tracing::trace>(options_of(in), node_.server.observatory.by_loop().size());
  const auto& o = what->options();
  const auto& seen = node_.server.observatory;
  if (o.of == trace_options::subject::actor &&
      !describe(seen, subject::actors, [&](const inspection::row& r) { return r.id == o.actor; }))
    throw query_error{fmt::format("no actor '{}' is alive on a loop", o.actor)};
  if (o.of == trace_options::subject::connection &&
      !describe(seen, subject::connections, [&](const inspection::row& r) { return r.who && r.who->id == o.connection; }))
    throw query_error{fmt::format("no connection '{}' is open", o.name)};
  if (traces_.size() >= most_traces)
    throw query_error{fmt::format("{} traces are on already", most_traces)};
  if (!m.to->follow())
    throw query_error{"trace needs a session of troupe console"};
  if (in.needs() != role::read_only)
    audit(m, answer::note("began"));
  auto begun = answer::note("tracing; Ctrl-C ends it");
  begun.tables.push_back(events(*what)); // none yet, but their columns
  traces_.push_back({.what = what, .asked = m, .done = std::move(done), .part = std::move(begun)});
  if (traces_.size() == 1)
    self_->delayed_send(self_, look_interval, look_at_traces{});
  // It is said to be on when it is.
  ask_loops<bool>([what](host& loop) { return loop.begin(what), true; },
                  [what](const answer&) { what->stop(trace_end::stopped); },
                  [this, what](const std::vector<bool>&) {
                    const auto one = std::ranges::find(traces_, what, &open_trace::what);
                    if (one == traces_.end())
                      return;
                    one->on = true;
                    (void)look_at(*one);
                  });
}

void executor_state::on_look() {
  std::erase_if(traces_, [this](open_trace& one) { return look_at(one); });
  if (!traces_.empty())
    self_->delayed_send(self_, look_interval, look_at_traces{});
}

bool executor_state::look_at(open_trace& one) {
  auto& what = *one.what;
  if (one.ended) {
    auto last = answer::note(ending_of(what));
    if (one.part)
      last.tables = std::move(one.part->tables);
    last.tables.push_back(events(what));
    one.done(std::move(last));
    return true;
  }
  if (one.on && !one.part)
    if (auto more = events(what); !more.rows.empty())
      one.part = answer::of(std::move(more));
  if (one.on && one.part && one.asked.to->offer(one.asked.what.id, *one.part))
    one.part.reset();
  if (!one.asked.to->is_followed())
    what.stop(trace_end::stopped);
  else if (std::chrono::steady_clock::now() >= what.options().until)
    what.stop(trace_end::time_over);
  if (what.ended() != trace_end::none) {
    node_.server.on_loops([gone = one.what](host& loop) { loop.end(*gone); });
    one.ended = true; // looked at once more, for what loops are writing just now
  }
  return false;
}

} // namespace troupe::app::console
