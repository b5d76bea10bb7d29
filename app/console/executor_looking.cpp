// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// EXECUTOR, the commands that only look.
#include "app/console/closed_table.hpp"
#include "app/console/executor.hpp"
#include "app/escape.hpp"
#include "app/values.hpp"

#include <troupe/centrifuge/hub.hpp>
#include <troupe/meters/message_type.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace troupe::app::console {

namespace {

constexpr std::size_t story_rows = 10;
constexpr std::size_t most_closed = 10'000; // as the ledger keeps
constexpr std::chrono::hours longest_window{1};

answer found_or(std::optional<table> found, std::string_view what, const std::string& name) {
  if (!found)
    return answer::failed(fmt::format("no {} '{}' is alive here", what, escaped(name, 64)));
  return answer::of(*std::move(found));
}

/// A condition that holds where a column has this value.
condition equals(std::string_view column, const std::string& value) {
  std::string quoted;
  for (const auto c : value) {
    if (c == '"' || c == '\\')
      quoted += '\\';
    quoted += c;
  }
  const auto text = fmt::format("{} = \"{}\"", column, quoted);
  word_reader in{text};
  return condition::parse(in);
}

closed_query query_of(const invocation& in) {
  closed_query query;
  for (const auto& row : close_reasons)
    if (in.has("reason") && row.name == in.text("reason"))
      query.reason = row.reason;
  if (in.has("user"))
    query.user = in.text("user");
  if (const auto last = in.duration("last"))
    query.since = std::chrono::system_clock::now() -
                  std::chrono::duration_cast<std::chrono::system_clock::duration>(*last);
  return query;
}

/// What is measured, what the connection tells of itself, and its subscriptions.
answer answer_with(table measured, const connection_details& m) {
  using enum column_type;
  add_detail(measured, "stage", text, m.stage);
  add_detail(measured, "unsent_bytes", bytes, m.unsent_bytes ? cell{static_cast<double>(*m.unsent_bytes)} : cell{});
  add_detail(measured, "max_bytes", bytes, static_cast<double>(m.max_bytes));
  add_detail(measured, "compression", text, std::string{m.compressed ? "yes" : "no"});
  add_detail(measured, "blocked", text, std::string{m.blocked ? "yes" : "no"});
  add_detail(measured, "paused", text, std::string{m.paused ? "yes" : "no"});
  measured.title = "connection";
  auto said = answer::of(std::move(measured));
  table all{"subscriptions", {{"channel", text}, {"offset", number}, {"epoch", text}, {"by", text}, {"state", text}}, {}};
  for (const auto& one : m.subscriptions)
    all.rows.push_back({one.channel, one.offset ? cell{static_cast<double>(*one.offset)} : cell{}, one.epoch,
                        std::string{one.server_side ? "server" : "client"},
                        std::string{one.live ? "live" : "waits for its channel"}});
  said.tables.push_back(std::move(all));
  return said;
}

} // namespace

// -- one actor -----------------------------------------------------------------------------------

answer executor_state::channel(const invocation& in) const {
  return found_or(describe(node_.server.observatory, subject::channels,
                           [&](const inspection::row& r) { return r.title == in.text("name"); }),
                  "channel", in.text("name"));
}

void executor_state::conn(const invocation& in, reply done) {
  const auto& wanted = in.text("id");
  const auto id = client_id::parse(wanted);
  if (!id)
    throw query_error{fmt::format("'{}' is no connection ID; top conns lists them", escaped(wanted, 64))};
  std::size_t loop = 0;
  auto found = describe(node_.server.observatory, subject::connections, [&](const inspection::row& r) {
    loop = r.loop;
    return r.who && r.who->id == *id;
  });
  if (found)
    return describe_open(loop, *id, *std::move(found), std::move(done));
  ask<closed_page>(node_.server.ledger, find_closed{{.id = *id, .limit = 1}}, std::move(done),
                   [wanted](const closed_page& page) {
                     if (page.rows.empty())
                       return answer::failed(fmt::format("no connection '{}' is open, or among those that "
                                                         "ended lately", wanted));
                     const auto now = std::chrono::system_clock::now();
                     auto all = closed_table(page.rows, now);
                     all.shape = layout::detail;
                     auto said = answer::of(std::move(all));
                     said.notes.push_back(story_of(page.rows.front(), now));
                     return said;
                   });
}

void executor_state::describe_open(std::size_t loop, const client_id& id, table measured, reply done) {
  const auto without = [done, measured](const caf::error&) { done(answer::of(measured)); }; // it has just ended
  self_->request(node_.server.shards[loop], answer_timeout, describe_connection{id})
      .then([done, measured](const connection_details& m) { done(answer_with(measured, m)); }, without);
}

// -- many ----------------------------------------------------------------------------------------

void executor_state::top(const invocation& in, reply done) {
  const auto window = in.duration("window");
  const auto what = *find_subject(in.text("subject")); // one of its choices
  if (!window)
    return done(console::top(node_.server.observatory, {what, in.rows(), in.text("columns"), nullptr}));
  if (*window > longest_window || window->count() <= 0)
    throw query_error{"window takes a time up to 1h"};
  // Faults are told now rather than when the window is over.
  (void)console::top(node_.server.observatory, {what, in.rows(), in.text("columns"), nullptr});
  const auto ticket = ++last_ticket_;
  windows_.emplace(ticket, open_window{in, take_baseline(node_.server.observatory, what), std::move(done)});
  self_->delayed_send(self_, *window, window_passed{ticket});
}

void executor_state::on_window(const window_passed& m) {
  auto open = windows_.extract(m.ticket);
  if (open.empty())
    return;
  const auto& w = open.mapped();
  attempt(w.done, [&] {
    w.done(console::top(node_.server.observatory,
                        {*find_subject(w.in.text("subject")), w.in.rows(), w.in.text("columns"), &w.before}));
  });
}

answer executor_state::user(const invocation& in) const {
  auto rows = in.rows();
  rows.where = condition::both(equals("user", in.text("id")), std::move(rows.where));
  return console::top(node_.server.observatory, {subject::connections, std::move(rows), {}, nullptr});
}

void executor_state::closed(const invocation& in, reply done) {
  auto check = in.rows(); // before the ledger is asked
  check.where.bind(closed_columns());
  gather_closed(query_of(in), std::make_shared<std::vector<connection_down>>(), std::move(done),
                [in](const std::vector<connection_down>& found) {
                  const auto all = closed_table(found, std::chrono::system_clock::now());
                  auto wanted = in.rows();
                  if (in.has("group"))
                    wanted.count = selection::max_count;
                  const auto which = select(table_rows{all}, std::move(wanted));
                  auto said = answer::of(in.has("group") ? group(table_rows{all}, which.rows, in.text("group"))
                                                         : copy(table_rows{all}, which));
                  said.notes.push_back(fmt::format("{} of {}", which.matched, which.total));
                  if (!in.has("group"))
                    said.rows = {which.matched, which.total};
                  return said;
                });
}

void executor_state::gather_closed(closed_query query, std::shared_ptr<std::vector<connection_down>> found,
                                   reply done,
                                   std::function<answer(const std::vector<connection_down>&)> then) {
  query.offset = found->size();
  query.limit = closed_connections::max_answer;
  self_->request(node_.server.ledger, answer_timeout, find_closed{query})
      .then(
          [=, this](const closed_page& page) {
            found->insert(found->end(), page.rows.begin(), page.rows.end());
            if (page.rows.size() == closed_connections::max_answer && found->size() < most_closed)
              return gather_closed(query, found, done, then);
            // What ended meanwhile has pushed some into the next page once more.
            std::set<const connection_profile*> seen;
            std::erase_if(*found, [&](const auto& each) { return !seen.insert(each.who.get()).second; });
            attempt(done, [&] { done(then(*found)); });
          },
          [=, this](const caf::error& fault) {
            done(answer::failed("no answer: " + self_->system().render(fault)));
          });
}

void executor_state::why(const invocation& in, reply done) {
  const auto& who = in.text("who");
  const auto id = client_id::parse(who);
  selection rows;
  rows.where = equals(id ? "id" : "user", who);
  rows.count = story_rows;
  auto open = console::top(node_.server.observatory, {subject::connections, std::move(rows), {}, nullptr});
  open.tables[0].title = "open now";
  closed_query query{.limit = story_rows};
  if (id)
    query.id = *id;
  else
    query.user = who;
  ask<closed_page>(node_.server.ledger, find_closed{std::move(query)}, std::move(done),
                   [who, open](const closed_page& page) {
                     const auto now = std::chrono::system_clock::now();
                     auto said = open;
                     said.tables.push_back(closed_table(page.rows, now));
                     said.tables.back().title = "ended lately";
                     said.notes = {fmt::format("{}: {} open, {} of the last {} that ended", who,
                                               open.notes.front(), page.matching, page.kept)};
                     if (!page.rows.empty())
                       said.notes.push_back(story_of(page.rows.front(), now));
                     return said;
                   });
}

// -- others --------------------------------------------------------------------------------------

void executor_state::presence(const invocation& in, reply done) {
  const auto& channel = in.text("channel");
  ask<centrifuge::presence_answered>(
      centrifuge::hub_of(channel, node_.server.hubs), centrifuge::get_presence{channel}, std::move(done),
      [in](const centrifuge::presence_answered& said) {
        if (const auto* fault = std::get_if<centrifuge::error_code>(&said.value))
          return answer::failed(std::string{centrifuge::to_string(*fault)});
        table all{{}, {{"client", column_type::text}, {"user", column_type::text}}, {}};
        const auto& clients = std::get<centrifuge::presence_result>(said.value).clients;
        for (const auto& [client, info] : clients)
          all.rows.push_back({client, info.user});
        const auto which = select(table_rows{all}, in.rows());
        auto result = answer::of(copy(table_rows{all}, which));
        result.rows = {which.matched, which.total};
        result.notes.push_back(fmt::format("{} subscribed", clients.size()));
        return result;
      });
}

void executor_state::nodes(const invocation& in, reply done) {
  if (!node_.server.engine)
    return done(answer::failed("this server is alone: engine.type is memory"));
  ask<cluster::listed_nodes>(node_.server.engine, cluster::list_nodes{}, std::move(done), [in](const cluster::listed_nodes& said) {
    using enum column_type;
    table all{{}, {{"node", text}, {"uid", text}, {"version", text}, {"state", text}, {"heard", duration}}, {}};
    for (const auto& n : said.nodes)
      all.rows.push_back({n.name, n.uid, n.version,
                          std::string{n.self ? "this one" : !n.met ? "unreachable" : n.leaving ? "leaving" : n.joining ? "joining" : "up"},
                          n.self ? cell{} : cell{std::chrono::duration<double, std::nano>(n.silence).count()}});
    auto result = in.chosen_of(std::move(all));
    result.notes.push_back(said.connected ? "the broker is connected" : "the broker cannot be reached");
    return result;
  });
}

answer executor_state::dead_letters(const invocation& in) const {
  using enum column_type;
  std::vector<meters::dead_letter> letters;
  std::uint64_t count = 0;
  const auto add = [&](const meters::dead_letters& more) {
    count += more.count();
    const auto some = more.recent();
    letters.insert(letters.end(), some.begin(), some.end());
  };
  for (const auto& loop : node_.server.observatory.by_loop()) {
    add(loop->actors->lost());
    add(loop->elsewhere->lost());
  }
  std::ranges::sort(letters, std::greater{}, &meters::dead_letter::when);
  const std::chrono::nanoseconds now{std::chrono::system_clock::now().time_since_epoch()};
  table all{{}, {{"ago", duration}, {"message", text}, {"to", text}, {"name", text}, {"from", text}}, {}};
  const auto number_of = [](std::uint64_t actor) { return actor == 0 ? std::string{} : fmt::to_string(actor); };
  for (const auto& one : letters)
    all.rows.push_back({static_cast<double>(now.count() - one.when), meters::message_name(*one.message),
                        number_of(one.to), std::string{one.name}, number_of(one.from)});
  const auto which = select(table_rows{all}, in.rows());
  auto said = answer::of(copy(table_rows{all}, which));
  said.rows = {which.matched, which.total};
  said.notes.push_back(fmt::format("{} since the start, the last {} are kept", count, letters.size()));
  return said;
}

answer executor_state::sessions() const {
  const auto counts = node_.sessions->counts();
  auto result = answer::of(node_.sessions->sessions());
  result.notes.push_back(fmt::format("{} opened, {} refused, {} cut for not reading", counts.opened,
                                     counts.refused, counts.cut));
  return result;
}

} // namespace troupe::app::console
