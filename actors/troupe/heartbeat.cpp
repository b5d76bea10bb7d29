// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/heartbeat.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

using namespace std::chrono_literals;

constexpr bool on(std::chrono::milliseconds setting) noexcept { return setting.count() != 0; }

/// The first of an interval's `gatherings` moments, the same for all connections, that is not before `due`.
heartbeat::time_point gathered(heartbeat::time_point due, std::chrono::nanoseconds interval) {
  const auto past = due.time_since_epoch() % interval;
  const auto moment = (past * heartbeat::gatherings + interval - 1ns) / interval;
  return due - past + interval * moment / heartbeat::gatherings;
}

} // namespace

heartbeat::heartbeat(const heartbeat_settings& settings, time_point now, double spread) noexcept
  : next_ping_(now + std::chrono::duration_cast<std::chrono::nanoseconds>(
                       settings.ping_interval * (0.5 + spread / 2))),
    active_(now) {}

void heartbeat::message(time_point now) noexcept {
  active_ = now;
  pinged_ = {};
}

std::optional<std::chrono::nanoseconds> heartbeat::pong(time_point now) noexcept {
  if (!is_waiting()) return std::nullopt;
  return now - std::exchange(pinged_, time_point{});
}

heartbeat::verdict heartbeat::check(const heartbeat_settings& settings, time_point now) noexcept {
  if (on(settings.idle_timeout) && now - active_ >= settings.idle_timeout) return verdict::idle;
  if (!on(settings.ping_interval)) return verdict::wait;
  if (is_waiting() && on(settings.pong_timeout) && now - pinged_ >= settings.pong_timeout)
    return verdict::no_pong;
  if (is_waiting() && on(settings.pong_timeout)) return verdict::wait;
  if (now < next_ping_) return verdict::wait;
  pinged_ = now;
  next_ping_ = now + settings.ping_interval;
  return verdict::ping;
}

std::optional<heartbeat::time_point> heartbeat::next(
  const heartbeat_settings& settings) const noexcept {
  std::optional<time_point> soonest;
  const auto consider = [&](time_point t) { soonest = soonest ? std::min(*soonest, t) : t; };
  if (on(settings.idle_timeout)) consider(active_ + settings.idle_timeout);
  if (on(settings.ping_interval))
    consider(is_waiting() && on(settings.pong_timeout)
               ? pinged_ + settings.pong_timeout
               : gathered(next_ping_, settings.ping_interval));
  return soonest;
}

} // namespace troupe
