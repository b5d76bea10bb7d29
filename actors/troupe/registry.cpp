// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/registry.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace troupe {

namespace {

constexpr std::chrono::seconds shard_timeout{15};

delivery_ptr make_delivery(const broadcast& m, delivery::clock::time_point born) {
  return delivery_ptr{new delivery(m.to, m.message, m.exclude, m.policy, m.key, born), false};
}

bool joinable(const delivery& a, const delivery& b) {
  return a.policy == b.policy && !a.exclude && !b.exclude &&
         a.policy != overflow::latest_per_key && a.to == b.to;
}

/// Neighbours for the same target become one delivery of at most `max_bytes`; order is kept.
std::vector<delivery_ptr> join_neighbours(std::vector<delivery_ptr> in, std::size_t max_bytes) {
  std::vector<delivery_ptr> out;
  std::vector<frame> frames;
  for (std::size_t first = 0; first < in.size();) {
    auto bytes = in[first]->message.bytes().size();
    auto last = first + 1;
    while (last < in.size() && joinable(*in[first], *in[last]) &&
           bytes + in[last]->message.bytes().size() <= max_bytes)
      bytes += in[last++]->message.bytes().size();
    if (last == first + 1) {
      out.push_back(std::move(in[first]));
    } else {
      frames.clear();
      for (auto i = first; i < last; ++i) frames.push_back(in[i]->message);
      out.emplace_back(new delivery(in[first]->to, frame::join(frames), {}, in[first]->policy, {},
                                    in[first]->born),
                       false);
    }
    first = last;
  }
  return out;
}

} // namespace

registry_state::registry_state(pointer self) : self_(self) {}

registry_actor::behavior_type registry_state::make_behavior(std::vector<shard_actor> shards,
                                                            const registry_options& options) {
  options_ = options;
  budget_ = options.budget ? options.budget : std::make_shared<send_budget>(options.max_pending_bytes);
  self_->meter()->become(inspection::actor_kind::registry);
  self_->set_error_handler([](caf::error&) {}); // of one who did not expect our answer
  self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  self_->expects(express_lanes<&registry_state::on_submit, &registry_state::on_go_on, &registry_state::on_fanned_out>::of<pointer>);
  for (auto& who : shards) {
    self_->monitor(who);
    shards_.push_back({std::move(who)});
  }
  return {
    // CAF tries one handler after the other: what is frequent comes first.
    [this](const broadcast& m) { on_broadcast(m); },
    [this](const submit& m) { on_submit(m); },
    [this](const go_on& m) { on_go_on(m); },
    [this](const fanned_out& m) { on_fanned_out(m); },
    [this](const admitted& m) { on_admitted(m); },
    [this](const confirm_broadcast& m) { return on_confirm(m); },
    [this](const change_membership& m) { return ask_shards(m, m.here_only); },
    [this](const close_connections& m) { return ask_shards(m, m.here_only); },
    [this](const drain& m) { on_drain(m); },
    [this](const observe& m) { return ask_shards(m, true); },
    [this](const unobserve& m) { return ask_shards(m, true); },
    [this](const sync_connections& m) { return on_sync(m); },
  };
}

// -- taking in -------------------------------------------------------------------------------------

void registry_state::stage(const broadcast& m, delivery::clock::time_point born) {
  pending_bytes_ += m.message.bytes().size();
  pending_.push_back(make_delivery(m, born));
  if (options_.others && !m.here_only) relayed_.push_back(pending_.back());
  // Behind everything that is queued already, so that it can be joined.
  if (!std::exchange(flushing_, true)) send_express(self_, go_on{});
}

void registry_state::on_broadcast(const broadcast& m) {
  if (budget_->take(m.message.bytes().size()) == acceptance::over_budget) return count_refusals();
  stage(m, self_->home().now());
}

void registry_state::on_admitted(const admitted& m) {
  stage(m.what, self_->home().now());
}

void registry_state::count_refusals() {
  if (const auto n = budget_->take_refusals()) self_->home().counters().broadcasts_refused.add(n);
}

void registry_state::on_submit(const submit& m) {
  pending_credits_.push_back({self_->current_sender(), m.cost});
  budget_->take_always(m.what.message.bytes().size());
  stage(m.what, m.read_at);
}

caf::typed_response_promise<receipt> registry_state::on_confirm(const confirm_broadcast& m) {
  const auto bytes = m.what.message.bytes().size();
  if (budget_->take(bytes) == acceptance::over_budget) {
    count_refusals();
    return self_->make_response_promise<receipt>().deliver(receipt{.was = acceptance::over_budget});
  }
  return ask_shards(confirm_fan_out{make_delivery(m.what, self_->home().now())}, m.what.here_only, bytes);
}

// -- sending out -----------------------------------------------------------------------------------

void registry_state::on_go_on(const go_on&) {
  flushing_ = false;
  flush();
}

void registry_state::flush() {
  if (sent_ - slowest() < options_.window) send_pending();
}

void registry_state::send_pending() {
  if (pending_.empty()) return;
  if (!relayed_.empty()) send_relayed();
  fan_out m{++sent_, join_neighbours(std::exchange(pending_, {}), options_.max_joined_bytes)};
  budget_->give_back(std::exchange(pending_bytes_, 0));
  count_refusals();
  if (auto& sampler = self_->home().sampler(); sampler.due(self_->home().now()))
    sampler.fanned_out(*m.deliveries.front());
  owed_.push_back({sent_, std::exchange(pending_credits_, {})});
  for (const auto& s : shards_) send_express(self_, s.who, &s == &shards_.back() ? std::move(m) : m);
  settle(); // without shards nobody acknowledges
}

void registry_state::send_relayed() {
  relay m{join_neighbours(std::exchange(relayed_, {}), options_.max_joined_bytes)};
  for (const auto& d : m.deliveries) m.bytes += d->message.bytes().size();
  if (options_.relay_budget->take(m.bytes) == acceptance::accepted) self_->send(options_.others, std::move(m));
  else self_->home().counters().relays_dropped.add(m.deliveries.size());
}

void registry_state::on_fanned_out(const fanned_out& m) {
  for (auto& s : shards_)
    if (s.who == self_->current_sender()) s.acknowledged = m.number;
  settle();
  flush();
}

std::uint64_t registry_state::slowest() const noexcept {
  auto number = sent_;
  for (const auto& s : shards_) number = std::min(number, s.acknowledged);
  return number;
}

void registry_state::settle() {
  for (const auto done = slowest(); !owed_.empty() && owed_.front().number <= done;
       owed_.pop_front())
    for (const auto& owed : owed_.front().credits)
      if (owed.to) send_express<connection_actor>(self_, owed.to, credit{owed.bytes});
}

template <class Message>
caf::typed_response_promise<receipt> registry_state::ask_shards(const Message& m, bool here_only, std::size_t held) {
  struct sum {
    receipt total;
    std::size_t missing;
    caf::typed_response_promise<receipt> promise;
    std::size_t held;
  };
  send_pending(); // what came before leaves before
  auto promise = self_->make_response_promise<receipt>();
  constexpr bool is_for_others = !std::is_same_v<Message, observe> && !std::is_same_v<Message, unobserve>;
  const bool asks_others = is_for_others && options_.others && !here_only;
  auto answers = std::make_shared<sum>(sum{{}, shards_.size() + (asks_others ? 1 : 0), promise, held});
  const auto arrived = [answers, budget = budget_](const receipt& r) {
    answers->total.matched += r.matched;
    answers->total.queued += r.queued;
    answers->total.dropped += r.dropped;
    if (--answers->missing != 0) return;
    budget->give_back(answers->held);
    answers->promise.deliver(answers->total);
  };
  if (answers->missing == 0) {
    budget_->give_back(held);
    promise.deliver(receipt{});
  }
  if constexpr (is_for_others)
    if (asks_others)
      self_->request(options_.others, shard_timeout, m).then(arrived, [arrived](const caf::error&) { arrived({}); });
  for (const auto& s : shards_)
    self_->request(s.who, shard_timeout, m)
      .then(arrived, [arrived](const caf::error&) { arrived({}); }); // gone, with its connections
  return promise;
}

caf::typed_response_promise<noted> registry_state::on_sync(const sync_connections& m) {
  auto promise = self_->make_response_promise<noted>();
  if (shards_.empty()) return promise.deliver(noted{});
  auto one = [left = std::make_shared<std::size_t>(shards_.size()), promise]() mutable {
    if (--*left == 0) promise.deliver(noted{});
  };
  for (const auto& s : shards_) // without a deadline: it is the observer that takes its time
    self_->request(s.who, caf::infinite, m)
      .then([one](const noted&) mutable { one(); }, [one](const caf::error&) mutable { one(); });
  return promise;
}

// -- the end ---------------------------------------------------------------------------------------

void registry_state::on_drain(const drain& m) {
  send_pending();
  const auto share = m.rate == 0 ? 0 : std::max<std::size_t>(1, m.rate / std::max<std::size_t>(1, shards_.size()));
  for (const auto& s : shards_) self_->send(s.who, drain{share, m.retry_window});
  if (shards_.empty()) self_->quit();
}

void registry_state::on_down(const caf::down_msg& m) {
  std::erase_if(shards_, [&](const member& s) { return s.who.address() == m.source; });
  if (m.reason && m.reason != caf::exit_reason::normal)
    options_.log->write(severity::error, "shard_failed", {{"reason", self_->system().render(m.reason)}});
  settle();
  flush(); // it may have been the one the window waited for
  if (shards_.empty()) self_->quit(); // last: it ends this handler
}

registry_actor::behavior_type registry(registry_state::pointer self,
                                       std::vector<shard_actor> shards, registry_options options) {
  return self->state.make_behavior(std::move(shards), options);
}

} // namespace troupe
