// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/events/courier.hpp>

#include <troupe/net/events/signature.hpp>

#include <caf/send.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::net::events {

namespace {

using namespace std::chrono_literals;

constexpr auto write_again = 1s;
constexpr unsigned too_large = 413;
constexpr troupe::centrifuge::event_order::bounds order_bounds;

/// Of the events that were missed, those that would have been told.
std::uint64_t told_of(std::uint64_t missed, const connection_events& m) { return missed - m.missed_refusals; }
std::uint64_t told_of(std::uint64_t missed, const troupe::centrifuge::channel_changes&) { return missed; }

} // namespace

courier_state::courier_state(pointer self) : self_(self), order_(order_bounds) {}

courier_actor::behavior_type courier_state::make_behavior(courier_settings settings) {
  settings_ = std::move(settings);
  const auto& o = settings_.options;
  retries_.emplace(o.retry_first, o.retry_max, settings_.seed);
  most_ = o.batch_events;
  const auto is_about = [&](const char* subject) {
    return o.about.empty() || std::ranges::find(o.about, subject) != o.about.end();
  };
  about_connections_ = is_about("connections");
  about_channels_ = is_about("channels");
  about_members_ = is_about("members");
  next_ = settings_.book->next_sequence();
  report_lost();
  deliver();
  return {
    [this](const connection_events& m) { return on_events(m); },
    [this](const troupe::centrifuge::channel_changes& m) { return on_events(m); },
    [this](const delivery_ended& m) { on_ended(m); },
    [this](const alarm_rang& m) { on_alarm(m); },
    [this](const change_receiver& m) { on_change(m); },
    [this](const finish& m) { on_finish(m); },
  };
}

// -- events come ---

event_number courier_state::next_number() const { return {settings_.run, next_}; }

void courier_state::report_lost() {
  const auto& lost = settings_.book->open();
  if (lost.empty()) return;
  std::vector<journal::entry> downs;
  for (const auto& [connection, up] : lost) {
    downs.push_back(lost_entry(connection, up, settings_.now(), next_number()));
    ++next_;
  }
  settings_.figures->recovered.add(downs.size());
  settings_.log->write(severity::warning, "connections_lost", {{"count", fmt::to_string(downs.size())}});
  keep(std::move(downs), [] {});
}

template <class Events>
courier_state::answer courier_state::on_events(const Events& m) {
  auto promise = self_->make_response_promise<noted>();
  settings_.figures->missed.add(told_of(m.missed, m));
  keep_ordered(order_.add(m, self_->clock().now()), [promise]() mutable { promise.deliver(noted{}); });
  see_to_order();
  return promise;
}

void courier_state::number(const event_order::event& what, std::vector<journal::entry>& to) {
  std::optional<journal::entry> told;
  if (const auto* of_connection = std::get_if<connection_event>(&what)) {
    if (about_connections_) told = entry_of(*of_connection, next_number());
  } else if (const auto& of_channel = std::get<troupe::centrifuge::channel_change>(what); is_told(of_channel)) {
    told = entry_of(of_channel, next_number());
  }
  if (!told) return;
  to.push_back(*std::move(told));
  ++next_;
}

void courier_state::keep_ordered(const std::vector<event_order::event>& events, std::function<void()> done) {
  std::vector<journal::entry> entries;
  for (const auto& each : events) number(each, entries);
  keep(std::move(entries), std::move(done));
}

void courier_state::see_to_order() {
  if (order_.waiting() != 0 && !std::exchange(order_alarm_set_, true)) ring(alarm::order, order_bounds.patience);
  if (!order_.wants_sync()) return;
  order_.begin_sync();
  settings_.sources.sync(self_, [this] {
    keep_ordered(order_.end_sync());
    see_to_order();
  });
}

void courier_state::on_order_alarm() {
  order_alarm_set_ = false;
  // While the disk takes nothing, what they wait for may not have been sent.
  if (unwritten_.empty()) keep_ordered(order_.expire(self_->clock().now()));
  see_to_order();
}

bool courier_state::is_told(const troupe::centrifuge::channel_change& what) const {
  const bool is_of_member = std::holds_alternative<troupe::centrifuge::member_joined>(what) ||
                            std::holds_alternative<troupe::centrifuge::member_left>(what);
  return is_of_member ? about_members_ : about_channels_;
}

void courier_state::keep(std::vector<journal::entry> events, std::function<void()> done) {
  unwritten_.push_back({std::move(events), std::move(done)});
  if (!write_fails_) write();
}

// -- the disk ---

void courier_state::write() {
  while (!unwritten_.empty()) {
    auto& first = unwritten_.front();
    auto why = settings_.book->append(first.events);
    if (why.empty() && settings_.options.sync_interval.count() == 0 && !first.events.empty())
      why = settings_.book->sync();
    if (!why.empty()) {
      settings_.figures->write_errors.add();
      if (!std::exchange(write_fails_, true))
        settings_.log->write(severity::error, "events_not_written", {{"reason", why}});
      return ring(alarm::write, write_again);
    }
    settings_.figures->journaled.add(first.events.size());
    if (!first.events.empty() && settings_.options.sync_interval.count() != 0 &&
        !std::exchange(sync_pending_, true))
      ring(alarm::sync, settings_.options.sync_interval);
    const auto done = std::move(first.done);
    unwritten_.pop_front();
    done();
  }
  if (std::exchange(write_fails_, false))
    settings_.log->write(severity::info, "events_written_again", {});
  show();
  deliver();
}

void courier_state::sync() {
  sync_pending_ = false;
  if (const auto why = settings_.book->sync(); !why.empty())
    settings_.log->write(severity::error, "events_not_synced", {{"reason", why}});
}

void courier_state::show() {
  auto& figures = *settings_.figures;
  const auto& book = *settings_.book;
  figures.waiting.set(book.waiting());
  figures.journal_bytes.set(book.bytes());
  if (const auto more = book.lost() - std::exchange(lost_, book.lost()); more != 0) {
    figures.lost.add(more);
    settings_.log->write(severity::error, "events_lost",
                         {{"count", fmt::to_string(more)}, {"reason", "the journal is full"}});
  }
}

// -- the receiver ---

void courier_state::deliver() {
  if (under_way_ || pausing_) return;
  const auto& o = settings_.options;
  const auto batch = settings_.book->oldest(most_, o.batch_bytes);
  if (batch.events.empty()) return;
  under_way_ = batch.last;
  settings_.figures->deliveries.add();
  web::request what{.to = web::parse_address(o.endpoint).value(), .how = web::method::post, .timeout = o.timeout};
  what.body = delivery_body(settings_.node, batch.events);
  what.headers = {{"Content-Type", "application/json"},
                  {signature_header, sign(o.secret, o.previous_secret, settings_.now(), what.body)}};
  sent_ = self_->clock().now();
  settings_.send(std::move(what), [to = courier_actor{self_}](web::outcome got) {
    caf::anon_send(to, delivery_ended{std::move(got)});
  });
}

// A delivery under way ends as it began.
void courier_state::on_change(const change_receiver& m) {
  auto& o = settings_.options;
  o.endpoint = m.endpoint;
  o.secret = m.secret;
  o.previous_secret = m.previous_secret;
}

void courier_state::on_ended(const delivery_ended& m) {
  if (const auto* failed = std::get_if<web::failure>(&m.what)) return on_failed(failed->why);
  const auto status = std::get<web::response>(m.what).status;
  if (status < 200 || status > 299) {
    if (status == too_large) most_ = std::max<std::size_t>(1, most_ / 2);
    return on_failed(fmt::format("the status is {}", status));
  }
  auto& figures = *settings_.figures;
  const auto before = settings_.book->waiting();
  settings_.book->acknowledge(*std::exchange(under_way_, std::nullopt));
  figures.delivered.add(before - settings_.book->waiting());
  figures.times.add(self_->clock().now() - sent_);
  most_ = std::min(settings_.options.batch_events, most_ * 2);
  if (retries_->failures() != 0)
    settings_.log->write(severity::info, "events_delivered_again", {});
  retries_->succeed();
  show();
  deliver();
  if (finishing_ && !under_way_) leave();
}

void courier_state::on_failed(const std::string& why) {
  under_way_.reset();
  settings_.figures->failures.add();
  if (retries_->failures() == 0)
    settings_.log->write(severity::warning, "events_not_delivered", {{"reason", why}});
  if (finishing_) return leave();
  pausing_ = true;
  ring(alarm::retry, retries_->fail());
}

// -- time, and the end ---

void courier_state::ring(alarm what, std::chrono::milliseconds in) {
  self_->delayed_send(self_, in, alarm_rang{what});
}

void courier_state::on_alarm(const alarm_rang& m) {
  switch (m.what) {
    case alarm::retry:
      pausing_ = false;
      return deliver();
    case alarm::write: return write();
    case alarm::sync: return sync();
    case alarm::leave: return leave();
    case alarm::order: return on_order_alarm();
  }
}

void courier_state::on_finish(const finish& m) {
  finishing_ = true;
  keep_ordered(order_.release()); // nobody is left who could tell what they wait for
  if (!under_way_) return leave(); // all is delivered, or the receiver does not take it
  ring(alarm::leave, m.patience);
}

void courier_state::leave() {
  sync();
  self_->quit();
}

courier_actor::behavior_type courier(courier_state::pointer self, courier_settings settings) {
  return self->state.make_behavior(std::move(settings));
}

} // namespace troupe::net::events
