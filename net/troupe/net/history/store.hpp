// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// STORE: the HISTORY STORE of a server. Writes all that has come in one go, and answers when it is on disk. A database
// that turns out to be broken is put aside, and another one is begun.
// Thread: its own, since it waits for the disk; spawn it detached. Owner: the server. Bounded by: those who ask share a
// send_budget; store_options::max_bytes. Ends when: told to exit, after the channels.
#pragma once
#include <troupe/centrifuge/history_store.hpp>
#include <troupe/event_log.hpp>
#include <troupe/net/history/counters.hpp>
#include <troupe/net/history/database.hpp>
#include <troupe/net/history/options.hpp>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace troupe::net::history {

/// From itself: what came before is to be committed.
struct commit_now {};
/// From itself: drop what is too old.
struct sweep_now {};

using store_actor =
  troupe::centrifuge::history_store_actor::extend<caf::reacts_to<commit_now>, caf::reacts_to<sweep_now>>;

struct store_settings {
  store_options options; ///< With a directory.
  std::shared_ptr<counters> figures = std::make_shared<counters>();
  event_log* log = &event_log::none(); ///< Outlives it.
  database::clock now = std::chrono::system_clock::now;
};

/// Opens the database of `settings.options`; one that is broken is put aside.
/// @throws std::runtime_error if it cannot be opened
std::unique_ptr<database> open_database(const store_settings& settings);

class store_state {
public:
  static constexpr const char* name = "history_store";
  using pointer = store_actor::stateful_pointer<store_state>;

  explicit store_state(pointer self) : self_(self) {}

  store_actor::behavior_type make_behavior(store_settings settings, std::shared_ptr<database> opened);

private:
  using answer = caf::typed_response_promise<troupe::centrifuge::store_answered>;
  struct waiting {
    answer to;
    std::size_t publications;
    std::function<void(database&)> change;
  };

  troupe::centrifuge::stream_opened on_open(const troupe::centrifuge::open_stream& m);
  /// Has `change` of a channel's stream be part of what is committed next, and answers then.
  answer on_change(const std::string& channel, std::size_t publications, std::function<void(database&)> change);
  void on_commit();
  void on_sweep();
  /// The database, in a transaction that will be committed. @throws std::runtime_error
  database& begun();
  void finish(const waiting& who, bool done);
  /// If what was begun is lost, for whatever reason, it is tried again: each change by itself.
  void on_failure(const std::exception& why);
  void try_alone(const waiting& who);
  void note_failure(const std::exception& why);
  void note_success();
  void sweep_in(std::chrono::milliseconds pause);

  pointer self_;
  store_settings settings_;
  std::shared_ptr<database> base_; // null: it is broken, and another one is not begun yet
  std::vector<waiting> waiting_;   // for the commit
  std::unordered_set<std::string> uncommitted_; // channels of those
  std::chrono::steady_clock::time_point failed_; // last
  std::chrono::steady_clock::time_point told_;   // of a failure, last
};

/// Spawn with `system.spawn<caf::detached>(store, settings, open_database(settings))`.
store_actor::behavior_type store(store_state::pointer self, store_settings settings, std::shared_ptr<database> opened);

} // namespace troupe::net::history

CAF_BEGIN_TYPE_ID_BLOCK(troupe_history, 32100)
  CAF_ADD_TYPE_ID(troupe_history, (troupe::net::history::commit_now))
  CAF_ADD_TYPE_ID(troupe_history, (troupe::net::history::sweep_now))
CAF_END_TYPE_ID_BLOCK(troupe_history)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::history::commit_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::net::history::sweep_now)
