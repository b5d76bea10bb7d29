// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/actor_rows.hpp"

#include "app/console/leaders.hpp"
#include "app/console/query_error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

namespace troupe::app::console {

namespace {

using inspection::actor_kind;
using inspection::field;
using inspection::field_nature;
using inspection::row;

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

/// One column: a number of the observatory, or what this file makes of a row.
struct source_column {
  column as;
  const field* number = nullptr;
  double factor = 1; ///< From the field's unit to the column's.
  std::size_t total = 0; ///< Position among the counts, for fields that are totals.
  std::string (*text)(const row&) = nullptr;
  bool is_rate = false;  ///< Messages handled a second.
};

struct layout_of_subject {
  std::vector<source_column> columns;
  std::vector<column> names;
  std::vector<const field*> totals;
  std::string usual_key;
  std::vector<std::string_view> usual;
};

/// "idle_ms" is the duration "idle"; "queue_bytes" a size; the rest are numbers.
source_column column_for(const field& f) {
  using enum column_type;
  static constexpr std::array units{std::pair{std::string_view{"_ns"}, 1.0},
                                    std::pair{std::string_view{"_us"}, 1e3},
                                    std::pair{std::string_view{"_ms"}, 1e6}};
  source_column result{{std::string{f.name}, number, std::string{f.meaning}}, &f};
  for (const auto& [suffix, factor] : units)
    if (f.name.ends_with(suffix)) {
      result.as.name.erase(result.as.name.size() - suffix.size());
      result.as.type = duration;
      result.factor = factor;
    }
  if (f.name.find("bytes") != std::string_view::npos)
    result.as.type = bytes;
  return result;
}

source_column text_column(std::string name, std::string meaning, std::string (*of)(const row&)) {
  return {{std::move(name), column_type::text, std::move(meaning)}, nullptr, 1, 0, of};
}

actor_kind kind_of(subject what) {
  return what == subject::channels ? actor_kind::channel : actor_kind::connection;
}

std::vector<source_column> text_columns(subject what) {
  static const auto id = [](const row& r) { return fmt::to_string(r.id); };
  switch (what) {
    case subject::connections:
      return {text_column("id", "of the connection", [](const row& r) { return r.who ? r.who->id.to_string() : ""; }),
              text_column("user", "empty: anonymous", [](const row& r) { return r.who ? r.who->user : ""; }),
              text_column("peer", "address of the client", [](const row& r) { return r.who ? r.who->origin.peer : ""; }),
              text_column("protocol", "what it speaks", [](const row& r) {
                return r.who ? std::string{to_string(r.who->origin.over)} : "";
              }),
              text_column("tls", "yes or no", [](const row& r) -> std::string {
                return r.who && r.who->origin.encrypted ? "yes" : "no";
              }),
              text_column("groups", "that it opened with", [](const row& r) {
                return r.who ? fmt::format("{}", fmt::join(r.who->groups, ",")) : "";
              }),
              text_column("labels", "that it opened with", [](const row& r) {
                return r.who ? fmt::format("{}", fmt::join(r.who->labels, ",")) : "";
              }),
              text_column("actor", "number of its actor", id),
              text_column("last_message", "type of the last message it handled",
                          [](const row& r) { return r.last_message_name(); })};
    case subject::actors:
      return {text_column("actor", "its number", id),
              text_column("kind", "what it is", [](const row& r) { return std::string{to_string(r.kind)}; }),
              text_column("name", "of its type", [](const row& r) { return std::string{r.name}; }),
              text_column("title", "what it calls itself, such as a channel's name",
                          [](const row& r) { return r.who ? r.who->id.to_string() : r.title; }),
              text_column("last_message", "type of the last message it handled",
                          [](const row& r) { return r.last_message_name(); })};
    case subject::channels:
      return {text_column("channel", "its name", [](const row& r) { return r.title; }),
              text_column("actor", "number of its actor", id)};
    case subject::users:
      return {text_column("user", "empty: anonymous", [](const row& r) { return r.who ? r.who->user : ""; })};
  }
  return {};
}

layout_of_subject make_layout(subject what) {
  layout_of_subject made;
  made.columns = text_columns(what);
  for (const auto& each : inspection::fields()) {
    if (what == subject::actors ? each.of != inspection::field_scope::every : !has(each, kind_of(what)))
      continue;
    auto next = column_for(each);
    if (each.nature == field_nature::total) {
      next.total = made.totals.size();
      made.totals.push_back(&each);
    }
    made.columns.push_back(std::move(next));
    if (each.name == "handled")
      made.columns.push_back({.as = {"rate", column_type::number, "messages handled a second"}, .is_rate = true});
  }
  switch (what) {
    case subject::connections:
      made.usual_key = "queue_bytes";
      made.usual = {"id", "user", "peer", "protocol", "queue_bytes", "queue_msgs", "oldest_queued",
                    "dropped", "msgs_in", "msgs_out", "bytes_out", "rtt", "idle", "subs", "age"};
      break;
    case subject::actors:
      made.usual_key = "busy";
      made.usual = {"actor", "kind", "title", "mailbox", "mailbox_peak", "handled", "rate", "busy",
                    "handle_p50", "handle_p99", "errors", "age", "last_message"};
      break;
    case subject::channels:
      made.usual_key = "subscribers";
      made.usual = {"channel", "subscribers", "publications", "published_bytes", "offset", "history",
                    "pending_bytes", "mailbox", "handled", "busy", "age"};
      break;
    case subject::users:
      made.columns.push_back({{"connections", column_type::number, "of the user, on this node"}});
      made.usual_key = "connections";
      made.usual = {"user", "connections", "queue_bytes", "dropped", "msgs_in", "msgs_out", "bytes_out", "subs"};
      break;
  }
  for (const auto& each : made.columns)
    made.names.push_back(each.as);
  return made;
}

const layout_of_subject& layout_for(subject what) {
  static const std::array all{make_layout(subject::connections), make_layout(subject::actors),
                              make_layout(subject::channels), make_layout(subject::users)};
  return all[static_cast<std::size_t>(what)];
}

void visit(const inspection::observatory& from, subject what, const std::function<void(const row&)>& see) {
  if (what == subject::actors)
    from.visit(see);
  else
    from.visit(kind_of(what), see);
}

/// The row under the hand, as a source of one.
class current_row final : public row_source {
public:
  current_row(const layout_of_subject& how, const baseline* since)
      : how_{how}, since_{since},
        seconds_{since ? std::chrono::duration<double>(std::chrono::steady_clock::now() - since->taken).count()
                       : 1} {}

  void point_to(const row& r) {
    row_ = &r;
    before_ = nullptr;
    if (!since_)
      return;
    const auto found = since_->counts.find(r.id);
    before_ = found == since_->counts.end() ? nullptr : &found->second;
  }

  [[nodiscard]] const std::vector<column>& columns() const override { return how_.names; }
  [[nodiscard]] std::size_t size() const override { return 1; }
  [[nodiscard]] double number(std::size_t, std::size_t at) const override {
    const auto& source = how_.columns[at];
    if (source.is_rate) {
      const auto handled = static_cast<double>(row_->handled);
      const auto age = std::chrono::duration<double>(row_->age).count();
      return since_ ? number(0, at - 1) : age > 0 ? handled / age : 0;
    }
    if (!source.number)
      return not_known;
    auto value = source.number->value(*row_);
    if (since_ && source.number->nature == field_nature::total)
      value = (value - (before_ ? (*before_)[source.total] : 0)) / seconds_;
    return value * source.factor;
  }
  [[nodiscard]] std::string text(std::size_t, std::size_t at) const override {
    return how_.columns[at].text(*row_);
  }

  [[nodiscard]] std::vector<cell> cells(const std::vector<std::size_t>& shown) const {
    std::vector<cell> all;
    for (const auto at : shown) {
      if (how_.columns[at].as.type == column_type::text)
        all.emplace_back(text(0, at));
      else if (const auto value = number(0, at); std::isnan(value))
        all.emplace_back();
      else
        all.emplace_back(value);
    }
    return all;
  }

private:
  const layout_of_subject& how_;
  const baseline* since_;
  double seconds_;
  const row* row_ = nullptr;
  const std::vector<double>* before_ = nullptr;
};

std::size_t require_column(const layout_of_subject& how, std::string_view name) {
  auto at = find_column(how.names, name);
  for (const std::string_view unit : {"_ns", "_us", "_ms"}) // as /debug/*.json calls them
    if (at == how.names.size() && name.ends_with(unit))
      at = find_column(how.names, name.substr(0, name.size() - unit.size()));
  if (at != how.names.size())
    return at;
  std::vector<std::string> names;
  for (const auto& each : how.names)
    names.push_back(each.name);
  throw no_such("column", name, names);
}

/// What to show: the usual columns and the key, or those that were asked for.
std::vector<std::size_t> shown_columns(const layout_of_subject& how, const std::string& wanted, std::size_t key) {
  std::vector<std::size_t> shown;
  const auto add = [&](std::size_t at) {
    if (std::ranges::find(shown, at) == shown.end())
      shown.push_back(at);
  };
  if (wanted == "all") {
    for (std::size_t at = 0; at < how.names.size(); ++at)
      add(at);
  } else if (!wanted.empty()) {
    for (std::size_t at = 0; at <= wanted.size();) {
      const auto end = std::min(wanted.find(',', at), wanted.size());
      add(require_column(how, wanted.substr(at, end - at)));
      at = end + 1;
    }
  } else {
    for (const auto& name : how.usual)
      add(require_column(how, name));
    add(key);
  }
  return shown;
}

answer make_answer(const layout_of_subject& how, const std::vector<std::size_t>& shown,
                   std::vector<std::vector<cell>> rows, std::size_t matched, std::size_t total,
                   const baseline* since) {
  table result;
  for (const auto at : shown) {
    result.columns.push_back(how.names[at]);
    const auto* field = how.columns[at].number;
    if (since && field && field->nature == field_nature::total)
      result.columns.back().name += "/s";
  }
  result.rows = std::move(rows);
  auto said = answer::of(std::move(result));
  said.rows = {matched, total};
  said.notes.push_back(matched == total ? fmt::format("{} of {}", said.tables[0].rows.size(), total)
                                        : fmt::format("{} of {} that match, {} in all",
                                                      said.tables[0].rows.size(), matched, total));
  return said;
}

/// Rows of connections summed up by user, as a table with all columns.
table users(const inspection::observatory& from, const layout_of_subject& how, const baseline* since) {
  struct sums {
    std::vector<double> values;
    double connections = 0;
  };
  std::map<std::string, sums> by_user;
  current_row current{how, since};
  visit(from, subject::users, [&](const row& r) {
    current.point_to(r);
    auto& user = by_user[current.text(0, 0)];
    user.values.resize(how.columns.size());
    ++user.connections;
    for (std::size_t at = 1; at < how.columns.size(); ++at) {
      const auto* number = how.columns[at].number;
      if (!number && !how.columns[at].is_rate)
        continue;
      const auto value = current.number(0, at);
      // Amounts add up; of times the longest counts.
      const bool adds = !number || number->nature == field_nature::total ||
                        how.columns[at].as.type != column_type::duration;
      user.values[at] = adds ? user.values[at] + value : std::max(user.values[at], value);
    }
  });
  table all{{}, how.names, {}};
  for (auto& [name, user] : by_user) {
    auto& cells = all.rows.emplace_back();
    cells.emplace_back(name);
    for (std::size_t at = 1; at < how.columns.size(); ++at)
      cells.emplace_back(at + 1 == how.columns.size() ? user.connections : user.values[at]);
  }
  return all;
}

} // namespace

std::optional<subject> find_subject(std::string_view name) {
  for (const auto& [known, what] : {std::pair{"conns", subject::connections}, std::pair{"actors", subject::actors},
                                    std::pair{"channels", subject::channels}, std::pair{"users", subject::users}})
    if (known == name)
      return what;
  return std::nullopt;
}

const std::vector<column>& columns_of(subject what) { return layout_for(what).names; }

baseline take_baseline(const inspection::observatory& from, subject what) {
  const auto& totals = layout_for(what).totals;
  baseline result{std::chrono::steady_clock::now(), {}};
  visit(from, what, [&](const row& r) {
    auto& counts = result.counts[r.id];
    counts.reserve(totals.size());
    for (const auto* each : totals)
      counts.push_back(each->value(r));
  });
  return result;
}

std::optional<table> describe(const inspection::observatory& from, subject what,
                              const std::function<bool(const row&)>& is) {
  const auto& how = layout_for(what);
  std::vector<std::size_t> all(how.names.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::optional<table> found;
  current_row current{how, nullptr};
  visit(from, what, [&](const row& r) {
    if (found || !is(r))
      return;
    current.point_to(r);
    found = table{{}, how.names, {current.cells(all)}, layout::detail};
  });
  return found;
}

answer top(const inspection::observatory& from, top_query query) {
  const auto& how = layout_for(query.what);
  const auto key = require_column(how, query.rows.key.empty() ? how.usual_key : query.rows.key);
  const auto shown = shown_columns(how, query.columns, key);
  const auto offset = query.rows.offset;
  const auto count = query.rows.last();
  if (query.what == subject::users) {
    const auto all = users(from, how, query.since);
    query.rows.key = how.names[key].name;
    const auto chosen = select(table_rows{all}, query.rows);
    std::vector<std::vector<cell>> rows;
    for (const auto at : chosen.rows) {
      auto& cells = rows.emplace_back();
      for (const auto column : shown)
        cells.push_back(all.rows[at][column]);
    }
    return make_answer(how, shown, std::move(rows), chosen.matched, chosen.total, query.since);
  }
  query.rows.where.bind(how.names);
  current_row current{how, query.since};
  std::size_t matched = 0;
  std::size_t total = 0;
  const auto walk = [&](auto best, auto key_of) {
    visit(from, query.what, [&](const row& r) {
      ++total;
      current.point_to(r);
      if (!query.rows.where.holds(current, 0))
        return;
      ++matched;
      best.offer(key_of(), [&] { return current.cells(shown); });
    });
    auto found = best.take();
    found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(std::min(offset, found.size())));
    return found;
  };
  using cells = std::vector<cell>;
  auto rows = how.names[key].type == column_type::text
                  ? walk(leaders<std::string, cells, std::less<>>{count}, [&] { return current.text(0, key); })
                  : walk(leaders<double, cells, std::greater<>>{count}, [&] {
                      const auto value = current.number(0, key);
                      return std::isnan(value) ? -HUGE_VAL : value;
                    });
  return make_answer(how, shown, std::move(rows), matched, total, query.since);
}

} // namespace troupe::app::console
