// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// EXECUTOR, who is started again by whom: what loops tell of it, and what makes an actor fail. And the policies
// that may be changed while they are used.
#include "app/console/executor.hpp"
#include "app/console/overview.hpp"
#include "app/console/quantity.hpp"
#include "app/escape.hpp"
#include "app/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace troupe::app::console {

namespace {

using inspection::actor_kind;
using wards = std::vector<ward>;

std::uint64_t actor_number(const invocation& in) {
  const auto id = parse_integer(in.text("id"));
  if (!id)
    throw query_error{fmt::format("'{}' is no number of an actor; top actors lists them",
                                  escaped(in.text("id"), 64))};
  return *id;
}

wards joined(const std::vector<wards>& by_loop) {
  wards all;
  for (const auto& some : by_loop)
    all.insert(all.end(), some.begin(), some.end());
  std::ranges::sort(all, {}, [](const ward& one) { return std::pair{std::string_view{one.name}, one.actor}; });
  return all;
}

double age_of(const ward& one) {
  return std::chrono::duration<double, std::nano>(std::chrono::system_clock::now() - one.failed_at).count();
}

std::string state_of(const ward& one) {
  return one.given_up ? "given up" : one.actor == 0 ? "about to start" : "runs";
}

/// One row for each actor of an extension.
table wards_table(const wards& all) {
  using enum column_type;
  table shown{"kept actors",
              {{"name", text}, {"actor", text}, {"state", text}, {"restarts", number}, {"failed", duration},
               {"last_failure", text}},
              {}};
  for (const auto& one : all)
    shown.rows.push_back({one.name, one.actor == 0 ? std::string{} : fmt::to_string(one.actor), state_of(one),
                          static_cast<double>(one.restarts),
                          one.last_failure.empty() ? cell{} : cell{age_of(one)}, one.last_failure});
  return shown;
}

std::optional<inspection::row> find(const inspection::observatory& in, std::uint64_t id) {
  std::optional<inspection::row> found;
  in.visit([&](const inspection::row& r) {
    if (r.id == id)
      found = r;
  });
  return found;
}

constexpr std::size_t least_bytes = 1024; // as of the options
constexpr std::size_t most_bytes = std::size_t{1} << 30;

std::size_t size_in(const invocation& in) {
  const auto size = parse_size(in.text("value"));
  if (!size || *size < least_bytes || *size > most_bytes)
    throw query_error{fmt::format("expected a size from 1KiB to 1GiB, got '{}'", escaped(in.text("value"), 64))};
  return *size;
}

overflow policy_in(const invocation& in) {
  if (const auto policy = parse_overflow(in.text("value")))
    return *policy;
  throw query_error{fmt::format("expected one of disconnect, drop-oldest, drop-newest, latest-per-key, got '{}'",
                                escaped(in.text("value"), 64))};
}

} // namespace

// -- looking -------------------------------------------------------------------------------------

void executor_state::actor(const invocation& in, reply done) {
  const auto id = actor_number(in);
  const auto& seen = node_.server.observatory;
  const auto row = find(seen, id);
  auto found = describe(seen, subject::actors, [&](const inspection::row& r) { return r.id == id; });
  if (!row || !found)
    return done(answer::failed(fmt::format("no actor '{}' is alive here", id)));
  add_detail(*found, "runs_on", column_type::text,
             row->where == inspection::place::loop ? fmt::format("loop {}", row->loop) : "a thread of CAF's");
  ask_loops<wards>([](host& loop) { return loop.supervision().wards(); }, done,
                   [id, kind = row->kind, measured = *std::move(found), done](const std::vector<wards>& said) mutable {
                     const auto all = joined(said);
                     const auto ward = std::ranges::find(all, id, &troupe::ward::actor);
                     const bool kept = ward != all.end();
                     add_detail(measured, "when_it_fails", column_type::text,
                                std::string{kept ? "its keeper starts it again" : fate_of(kind)});
                     if (kept) {
                       add_detail(measured, "kept_for", column_type::text, ward->name);
                       add_detail(measured, "restarts", column_type::number, static_cast<double>(ward->restarts));
                       add_detail(measured, "last_failure", column_type::text, ward->last_failure);
                     }
                     done(answer::of(std::move(measured)));
                   });
}

void executor_state::tree(reply done) {
  ask_loops<wards>([](host& loop) { return loop.supervision().wards(); }, done,
                   [this, done](const std::vector<wards>& said) {
                     auto all = answer::of(console::tree(node_.server.observatory));
                     all.tables[0].title = "actors";
                     if (auto kept = wards_table(joined(said)); !kept.rows.empty())
                       all.tables.push_back(std::move(kept));
                     else
                       all.tables[0].title.clear();
                     done(std::move(all));
                   });
}

// -- acting --------------------------------------------------------------------------------------

void executor_state::kill(const invocation& in, reply done) {
  const auto id = actor_number(in);
  const auto row = find(node_.server.observatory, id);
  if (!row)
    return done(answer::failed(fmt::format("no actor '{}' is alive here", id)));
  if (row->kind == actor_kind::connection)
    return done(answer::failed(fmt::format("actor {} is a connection: kick conn {} closes it", id,
                                           row->who ? row->who->id.to_string() : "ID")));
  ask_loops<bool>([id](host& loop) { return loop.supervision().kill(id); }, done,
                  [id, kind = row->kind, type = std::string{row->name}, done](const std::vector<bool>& said) {
                    if (std::ranges::find(said, true) == said.end())
                      return done(answer::failed(
                          fmt::format("actor {} is a {} that nobody would start again: it may not be killed", id, type)));
                    done(answer::note(fmt::format("actor {} is told to fail; {}", id,
                                                  kind == actor_kind::channel ? fate_of(kind)
                                                                              : "its keeper starts it again")));
                  });
}

void executor_state::set_policy(const invocation& in, reply done) {
  const auto& whom = in.text("of");
  if (in.kind() == "namespace") {
    const auto& names = *node_.server.names;
    if (!names.named(whom))
      throw query_error{fmt::format("no namespace '{}' is configured; \"\" is for channels without one",
                                    escaped(whom, 64))};
    const auto policy = policy_in(in);
    if (const auto wrong = names.change_policy(whom, policy); !wrong.empty())
      return done(answer::failed(wrong.front()));
    return done(answer::note(fmt::format("slow subscribers of namespace '{}': {}", escaped(whom, 64), to_string(policy))));
  }
  if (in.kind() == "conn") {
    const auto id = client_id::parse(whom);
    if (!id)
      throw query_error{fmt::format("'{}' is no connection ID; top conns lists them", escaped(whom, 64))};
    const auto size = static_cast<std::uint32_t>(size_in(in));
    std::optional<std::size_t> loop;
    node_.server.observatory.visit(actor_kind::connection, [&](const inspection::row& r) {
      if (r.who && r.who->id == *id)
        loop = r.loop;
    });
    if (!loop)
      return done(answer::failed(fmt::format("no connection '{}' is open", whom)));
    return ask<connection_details>(node_.server.shards[*loop], limit_connection{*id, size}, std::move(done),
                                   [](const connection_details& m) {
                                     return answer::note(fmt::format("up to {} may be queued for it",
                                                                     to_text(static_cast<double>(m.max_bytes),
                                                                             column_type::bytes)));
                                   });
  }
  const bool plain = in.kind() == "plain";
  if (plain && parse_overflow(in.text("value"))) {
    node_.server.policy.set(policy_in(in));
    return done(answer::note(fmt::format("slow readers at /ws: {}", in.text("value"))));
  }
  const auto size = size_in(in);
  (plain ? node_.server.max_bytes : node_.server.queue_max_size)->store(size, std::memory_order_relaxed);
  done(answer::note(fmt::format("up to {} may be queued for {}", to_text(static_cast<double>(size), column_type::bytes),
                                plain ? "each connection at /ws" : "each client of channels")));
}

} // namespace troupe::app::console
