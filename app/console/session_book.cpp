// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/session_book.hpp"

namespace troupe::app::console {

namespace {

template <class Number>
cell cell_of(const std::optional<Number>& known) {
  return known ? cell{static_cast<double>(*known)} : cell{};
}

} // namespace

operator_identity session_book::open(operator_identity who, std::size_t limit) {
  const std::lock_guard guard{mutex_};
  if (entries_.size() >= limit) {
    ++totals_.refused;
    return who;
  }
  who.session = ++totals_.opened;
  entries_.emplace(who.session, entry{who, std::chrono::steady_clock::now()});
  return who;
}

void session_book::close(const operator_identity& who) {
  const std::lock_guard guard{mutex_};
  entries_.erase(who.session);
}

void session_book::count_refused() {
  const std::lock_guard guard{mutex_};
  ++totals_.refused;
}

void session_book::count_cut() {
  const std::lock_guard guard{mutex_};
  ++totals_.cut;
}

void session_book::count_command(const operator_identity& who) {
  const std::lock_guard guard{mutex_};
  if (const auto found = entries_.find(who.session); found != entries_.end())
    ++found->second.commands;
}

session_book::totals session_book::counts() const {
  const std::lock_guard guard{mutex_};
  return totals_;
}

table session_book::sessions() const {
  using enum column_type;
  const auto now = std::chrono::steady_clock::now();
  table all{{},
            {{"session", number}, {"role", text}, {"uid", number}, {"pid", number}, {"peer", text},
             {"age", duration}, {"commands", number}},
            {}};
  const std::lock_guard guard{mutex_};
  for (const auto& [number, each] : entries_) {
    const std::chrono::duration<double, std::nano> age = now - each.since;
    all.rows.push_back({static_cast<double>(number), std::string{to_string(each.who.may)},
                        cell_of(each.who.user), cell_of(each.who.process), each.who.peer, age.count(), static_cast<double>(each.commands)});
  }
  return all;
}

} // namespace troupe::app::console
