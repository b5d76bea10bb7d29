// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A channel whose history outlives the process. What is published goes to the HISTORY STORE first, and to subscribers
// and into the stream once it is kept: nobody has seen a publication that a restart takes back.
#include <troupe/centrifuge/channel.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace troupe::centrifuge {

void channel_state::open_stored() {
  is_open_ = false;
  ++asked_;
  const auto epoch = random_epoch();
  const auto opened = [this, epoch](std::optional<kept_stream> found) {
    --asked_;
    open(found ? std::move(*found) : kept_stream{.top = {0, epoch}});
  };
  self_->request(settings_->store, caf::infinite, open_stream{channel_, epoch, options_->history()})
    .then([opened](const stream_opened& m) { opened(m.found); },
          [opened](const caf::error&) { opened(std::nullopt); }); // it is gone: nothing will be kept
}

void channel_state::publish_stored(publish_channel& m, const std::vector<watcher>& watchers,
                                   caf::typed_response_promise<publish_answered> promise) {
  const auto bytes = sizeof(publication) + m.data.bytes.size();
  if (settings_->store_budget->take(bytes) == acceptance::over_budget) {
    self_->home().counters().publications_refused.add();
    promise.deliver(publish_answered{error_code::too_many_requests});
    return;
  }
  fan_outs_->hold(bytes);
  unstored_.push_back({std::move(m), watchers, std::move(promise), bytes, nullptr});
  store_next();
}

void channel_state::store_next() {
  if (!is_open_ || storing_ != 0 || unstored_.empty()) return;
  auto batch = next_batch();
  if (batch.publications.empty()) return on_stored(true); // nothing of it is for the store
  ++asked_;
  const auto answered = [this](bool done) {
    --asked_;
    on_stored(done);
    arm();
  };
  self_->request(settings_->store, caf::infinite, std::move(batch))
    .then([answered](const store_answered& m) { answered(m.done); },
          [answered](const caf::error&) { answered(false); });
}

keep_publications channel_state::next_batch() {
  const auto now = self_->home().now();
  const auto top = stream().top(now);
  keep_publications batch{.channel = channel_, .publications = {}, .first = 0, .version = {}, .keep = options_->history()};
  if (version_stream_ == top.epoch) batch.version = {version_, version_epoch_};
  std::unordered_set<std::string_view> keys; // of the batch
  // What is there already, or is a repetition of one before it in the batch, is answered in its turn.
  const auto repeats = [&](const publish_channel& m) {
    if (answered_before(m) || keys.contains(m.idempotency_key)) return true;
    const auto& last = batch.version;
    return m.version != 0 && m.version <= last.number && (m.version_epoch.empty() || m.version_epoch == last.epoch);
  };
  const auto most = std::min(unstored_.size(), settings_->max_stored_at_once);
  for (; storing_ < most; ++storing_) {
    auto& next = unstored_[storing_];
    auto& m = next.what;
    if (!goes_to_history(m) || repeats(m)) continue;
    const auto offset = top.offset + batch.publications.size() + 1;
    if (!m.idempotency_key.empty()) {
      keys.insert(m.idempotency_key);
      batch.keys.push_back({m.idempotency_key, offset});
    }
    if (m.version != 0) batch.version = {m.version, m.version_epoch};
    next.made = std::make_shared<const publication>(
      publication{std::move(m.data), std::move(m.info), offset, top.epoch, std::move(m.tags)});
    batch.publications.push_back(next.made);
  }
  const auto last = top.offset + batch.publications.size();
  const auto size = options_->history_size;
  batch.first = std::max<std::uint64_t>(stream().first_offset(), last >= size ? last - size + 1 : 1);
  return batch;
}

void channel_state::on_stored(bool done) {
  std::deque<unstored> again;
  for (auto left = std::exchange(storing_, 0); left != 0; --left) {
    auto next = std::move(unstored_.front());
    unstored_.pop_front();
    auto& m = next.what;
    const bool is_repetition = !next.made && goes_to_history(m);
    auto before = is_repetition ? answered_before(m) : std::nullopt;
    if (is_repetition && !before) { // what it repeats was not kept
      again.push_back(std::move(next));
      continue;
    }
    fan_outs_->let_go(next.bytes);
    settings_->store_budget->give_back(next.bytes);
    if (before) {
      next.answer.deliver(publish_answered{*std::move(before)});
    } else if (!next.made) {
      publish(m, next.watchers, std::move(next.answer));
    } else if (!done) {
      self_->home().counters().publications_refused.add();
      next.answer.deliver(publish_answered{error_code::internal});
    } else {
      count(next.made->data);
      const auto previous = base_of_delta(m);
      stream().take(next.made, self_->home().now());
      release(m, std::move(next.made), previous, next.watchers, std::move(next.answer));
    }
  }
  unstored_.insert(unstored_.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
  store_next();
}

void channel_state::remove_stored(caf::typed_response_promise<remove_history_answered> promise) {
  ++asked_;
  auto answered = [this, promise](bool done) mutable {
    --asked_;
    if (done) {
      stream().clear();
      promise.deliver(remove_history_answered{history_removed{}});
    } else {
      promise.deliver(remove_history_answered{error_code::internal});
    }
    arm();
  };
  self_->request(settings_->store, caf::infinite, drop_publications{channel_})
    .then([answered](const store_answered& m) mutable { answered(m.done); },
          [answered](const caf::error&) mutable { answered(false); });
}

void channel_state::give_up_storing() noexcept {
  for (auto& act : before_open_) act(false);
  for (auto& next : unstored_) {
    settings_->store_budget->give_back(next.bytes);
    next.answer.deliver(publish_answered{error_code::internal});
  }
}

} // namespace troupe::centrifuge
