// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/history/store.hpp>

#include <caf/send.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace troupe::net::history {

namespace {

using namespace std::chrono_literals;
using namespace troupe::centrifuge;

constexpr auto sweep_interval = 60s;
constexpr auto sweep_pause = 10ms; // between two steps of one
constexpr std::size_t sweep_step = 500; // streams
constexpr auto tell_again = 10s; // of failures that go on
constexpr auto well_after = 1s;  // without one

/// Out of the way, to be looked at by somebody.
void put_aside(const store_settings& settings, const std::string& reason) {
  const auto file = database::file_in(settings.options.directory);
  const auto now = settings.now().time_since_epoch();
  auto aside = file;
  aside += fmt::format(".damaged-{}", std::chrono::duration_cast<std::chrono::seconds>(now).count());
  std::error_code why_not; // of what is not there
  std::filesystem::rename(file, aside, why_not);
  for (const char* part : {"-wal", "-journal"}) {
    auto from = file, to = aside;
    std::filesystem::rename(from += part, to += part, why_not);
  }
  settings.figures->damaged.add();
  settings.log->write(severity::error, "history_damaged", {{"reason", reason}, {"put_aside", aside.string()}});
}

} // namespace

std::unique_ptr<database> open_database(const store_settings& settings) {
  const auto& o = settings.options;
  std::unique_ptr<database> base;
  try {
    base = std::make_unique<database>(o, settings.now);
  } catch (const failure& why) {
    if (!why.is_damage()) throw;
    put_aside(settings, why.what());
    base = std::make_unique<database>(o, settings.now);
  }
  if (base->lost_epochs())
    settings.log->write(severity::warning, "history_epochs_lost",
                        {{"reason", "the machine went down, and history.sync is off: nobody recovers what came before"}});
  settings.figures->bytes.set(base->bytes());
  return base;
}

store_actor::behavior_type store_state::make_behavior(store_settings settings, std::shared_ptr<database> opened) {
  settings_ = std::move(settings);
  base_ = std::move(opened);
  sweep_in(sweep_interval);
  self_->set_exit_handler([this](const caf::exit_msg& m) {
    on_commit();
    self_->quit(m.reason);
  });
  return {
    [this](const open_stream& m) { return on_open(m); },
    [this](const keep_publications& m) {
      return on_change(m.channel, m.publications.size(), [m](database& base) { base.keep(m); });
    },
    [this](const drop_publications& m) {
      return on_change(m.channel, 0, [m](database& base) { base.drop(m.channel); });
    },
    [this](const commit_now&) { on_commit(); },
    [this](const sweep_now&) { on_sweep(); },
  };
}

database& store_state::begun() {
  if (!base_) base_ = open_database(settings_);
  if (!base_->is_begun()) {
    base_->begin();
    self_->send(self_, commit_now{}); // behind all that has come by now, which takes part
  }
  return *base_;
}

// That it was opened may be lost; what others have written to it must not be once somebody has read it.
stream_opened store_state::on_open(const open_stream& m) try {
  if (uncommitted_.contains(m.channel)) on_commit();
  database::opened opened;
  auto& base = begun();
  base.atomically([&] { opened = base.open(m); });
  settings_.figures->opened.add();
  if (!opened.damage.empty()) {
    settings_.figures->damaged.add();
    settings_.log->write(severity::error, "history_damaged", {{"reason", opened.damage}, {"channel", m.channel}});
  }
  return {std::move(opened.found)};
} catch (const std::exception& why) {
  on_failure(why);
  return {};
}

store_state::answer store_state::on_change(const std::string& channel, std::size_t publications,
                                           std::function<void(database&)> change) {
  const waiting who{self_->make_response_promise<store_answered>(), publications, std::move(change)};
  try {
    auto& base = begun();
    base.atomically([&] { who.change(base); });
    waiting_.push_back(who);
    uncommitted_.insert(channel);
  } catch (const std::exception& why) {
    finish(who, false);
    on_failure(why);
  }
  return who.to;
}

void store_state::on_commit() {
  if (!base_ || !base_->is_begun()) return; // it has failed
  try {
    const auto began = std::chrono::steady_clock::now();
    base_->commit();
    settings_.figures->times.add(std::chrono::steady_clock::now() - began);
    settings_.figures->bytes.set(base_->bytes());
  } catch (const std::exception& why) {
    base_->rollback();
    return on_failure(why);
  }
  settings_.figures->commits.add();
  uncommitted_.clear();
  for (const auto& who : std::exchange(waiting_, {})) finish(who, true);
  note_success();
}

void store_state::finish(const waiting& who, bool done) {
  (done ? settings_.figures->kept : settings_.figures->failed).add(who.publications);
  auto to = who.to;
  to.deliver(store_answered{done});
}

// When there is no room SQLite takes back all that was begun, not only what did not fit.
void store_state::on_failure(const std::exception& why) {
  note_failure(why);
  const auto* of_disk = dynamic_cast<const failure*>(&why);
  const bool is_damage = of_disk && of_disk->is_damage();
  if (base_ && is_damage) {
    base_->rollback();
    base_ = nullptr; // closes it
    put_aside(settings_, why.what());
  }
  if (base_ && base_->is_begun()) return;
  uncommitted_.clear();
  for (const auto& who : std::exchange(waiting_, {})) {
    if (base_) try_alone(who);
    else finish(who, false);
  }
}

void store_state::try_alone(const waiting& who) {
  bool done = false;
  try {
    base_->begin();
    who.change(*base_);
    base_->commit();
    done = true;
  } catch (const std::exception& why) {
    base_->rollback();
    note_failure(why);
  }
  finish(who, done);
}

void store_state::note_failure(const std::exception& why) {
  failed_ = std::chrono::steady_clock::now();
  if (settings_.figures->failing.value() != 0 && failed_ - told_ < tell_again) return;
  settings_.figures->failing.set(1);
  told_ = failed_;
  settings_.log->write(severity::error, "history_failed", {{"reason", why.what()}});
}

void store_state::note_success() {
  auto& figures = *settings_.figures;
  if (figures.failing.value() == 0 || std::chrono::steady_clock::now() - failed_ < well_after) return;
  figures.failing.set(0);
  settings_.log->write(severity::info, "history_written_again",
                       {{"failed_publications", fmt::to_string(figures.failed.value())}});
}

void store_state::on_sweep() {
  bool is_last = true;
  try {
    auto& base = begun();
    base.atomically([&] { is_last = base.sweep(sweep_step); });
  } catch (const std::exception& why) {
    on_failure(why);
  }
  sweep_in(is_last ? sweep_interval : sweep_pause);
}

void store_state::sweep_in(std::chrono::milliseconds pause) { self_->delayed_send(self_, pause, sweep_now{}); }

store_actor::behavior_type store(store_state::pointer self, store_settings settings, std::shared_ptr<database> opened) {
  return self->state.make_behavior(std::move(settings), std::move(opened));
}

} // namespace troupe::net::history
