// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/tracing/trace.hpp>

#include <troupe/connection_profile.hpp>

#include <algorithm>

namespace troupe::tracing {

namespace {

const connection_profile* profile_of(const sighting& what) noexcept {
  return what.kind == inspection::actor_kind::connection ? static_cast<const connection_profile*>(what.who) : nullptr;
}

} // namespace

void trace::stop(trace_end why) noexcept {
  auto before = trace_end::none;
  end_.compare_exchange_strong(before, why, std::memory_order_acq_rel);
}

bool trace::is_asked_for(const sighting& what) const noexcept {
  if (options_.only && *options_.only != what.to) return false;
  using enum trace_options::subject;
  // Of connections and users what the client sees, of others what their actors do.
  if ((options_.of == connection || options_.of == user) && what.message) return false;
  const auto* profile = profile_of(what);
  switch (options_.of) {
    case connection:
      if (!profile || profile->id != options_.connection) return false;
      break;
    case user:
      if (!profile || profile->user != options_.name) return false;
      break;
    case channel:
      if (what.kind != inspection::actor_kind::channel || !what.who ||
          static_cast<const meters::actor_title*>(what.who)->text != options_.name)
        return false;
      break;
    case actor:
      if (what.actor != options_.actor) return false;
      break;
  }
  return options_.match.empty() || what.payload.find(options_.match) != std::string_view::npos;
}

bool trace::is_too_fast(std::chrono::steady_clock::time_point now) noexcept {
  if (options_.max_per_second == 0) return false;
  const auto second = static_cast<std::uint64_t>(now.time_since_epoch() / std::chrono::seconds{1}) << 32;
  auto before = pace_.load(std::memory_order_relaxed);
  std::uint64_t after = 0;
  do after = before >= second ? before + 1 : second + 1;
  while (!pace_.compare_exchange_weak(before, after, std::memory_order_relaxed));
  return (after & 0xffff'ffff) > options_.max_per_second;
}

void trace::see(std::size_t loop, const sighting& what) noexcept {
  if (ended() != trace_end::none || loop >= rings_.size() || !is_asked_for(what)) return;
  const auto now = std::chrono::steady_clock::now();
  if (now >= options_.until) return stop(trace_end::time_over);
  if (is_too_fast(now)) return stop(trace_end::too_fast);
  const auto number = seen_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (number > options_.max_events) return;
  if (auto* to = rings_[loop].begin_write()) {
    const auto* profile = profile_of(what);
    to->when = std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count();
    to->actor = what.actor;
    to->connection = profile ? profile->id : client_id{};
    to->to = what.to;
    to->message = what.message;
    to->what = what.what;
    to->note = what.note;
    to->bytes = what.payload.size();
    to->shown = options_.payload ? std::min(what.payload.size(), event::max_shown) : 0;
    std::copy_n(what.payload.data(), to->shown, to->payload.data());
    rings_[loop].end_write();
  } else {
    dropped_.fetch_add(1, std::memory_order_relaxed);
  }
  if (number == options_.max_events) stop(trace_end::enough); // after the last is there
}

} // namespace troupe::tracing
