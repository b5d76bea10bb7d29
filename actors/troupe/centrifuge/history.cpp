// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/history.hpp>

#include <algorithm>
#include <iterator>
#include <random>
#include <string_view>
#include <utility>

namespace troupe::centrifuge {

std::string random_epoch() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::random_device entropy;
  std::uniform_int_distribution<std::size_t> pick(0, letters.size() - 1);
  std::string epoch(8, ' ');
  for (auto& letter : epoch) letter = letters[pick(entropy)];
  return epoch;
}

history::history(history_options options, epoch_source new_epoch, time_point now)
    : options_(options), new_epoch_(std::move(new_epoch)), epoch_(new_epoch_()), appended_(now),
      used_(now) {}

history::history(history_options options, epoch_source new_epoch, kept_stream kept, time_point now)
    : options_(options), new_epoch_(std::move(new_epoch)), epoch_(std::move(kept.top.epoch)),
      offset_(kept.top.offset), appended_(now - kept.age), used_(now) {
  auto& all = kept.publications;
  const auto skipped = all.size() - std::min(all.size(), options_.size); // it may have been longer then
  kept_.assign(std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(skipped)),
               std::make_move_iterator(all.end()));
}

publication_ptr history::append(publication next, time_point now) {
  expire(now);
  next.offset = offset_ + 1;
  next.epoch = epoch_;
  auto shared = std::make_shared<const publication>(std::move(next));
  keep(shared, now);
  return shared;
}

void history::take(publication_ptr next, time_point now) {
  expire(now);
  if (next->epoch != epoch_ || next->offset != offset_ + 1) { // begun anew since then
    kept_.clear();
    epoch_ = next->epoch;
  }
  keep(std::move(next), now);
}

void history::keep(publication_ptr next, time_point now) {
  offset_ = next->offset;
  if (kept_.size() == options_.size) kept_.pop_front();
  kept_.push_back(std::move(next));
  appended_ = used_ = now;
}

void history::change(history_options options) {
  options_ = options;
  while (kept_.size() > options_.size) kept_.pop_front();
}

stream_position history::top(time_point now) {
  expire(now);
  used_ = now;
  return {offset_, epoch_};
}

std::variant<history_page, error_code> history::read(const history_query& query, std::size_t cap,
                                                     time_point now) {
  history_page page{{}, top(now)};
  const auto& since = query.since;
  if (since && query.reverse && since->offset == 0) return error_code::bad_request;
  if (since && !since->epoch.empty() && since->epoch != epoch_)
    return error_code::unrecoverable_position;
  const auto limit = query.limit < 0 ? cap : std::min(cap, static_cast<std::size_t>(query.limit));
  if (query.reverse)
    page.publications = before(since ? since->offset : offset_ + 1, limit);
  else
    page.publications = after(since ? since->offset : 0, limit);
  return page;
}

recovery history::recover(const stream_position& seen, recovery_mode mode, std::size_t cap,
                          time_point now) {
  auto position = top(now);
  auto result = mode == recovery_mode::stream ? recover_stream(seen, cap) : recover_latest(seen);
  result.top = std::move(position);
  return result;
}

publication_ptr history::latest(time_point now) {
  expire(now);
  return kept_.empty() ? nullptr : kept_.back();
}

kept_stream history::exported(time_point now) {
  expire(now);
  return {.top = {offset_, epoch_},
          .publications = {kept_.begin(), kept_.end()},
          .age = std::chrono::duration_cast<std::chrono::milliseconds>(now - appended_),
          .version = {},
          .keys = {}};
}

std::optional<history::time_point> history::expires_at() const {
  if (kept_.empty()) return std::nullopt;
  return appended_ + options_.ttl;
}

void history::expire(time_point now) {
  if (now >= appended_ + options_.ttl) kept_.clear();
  if (now < forgotten_at()) return;
  kept_.clear();
  offset_ = 0;
  epoch_ = new_epoch_();
  used_ = now;
}

std::vector<publication_ptr> history::after(std::uint64_t offset, std::size_t limit) const {
  if (offset >= offset_ || kept_.empty()) return {};
  const auto skipped = offset < first_offset() ? 0 : offset - first_offset() + 1;
  const auto begin = kept_.begin() + static_cast<std::ptrdiff_t>(skipped);
  const auto count = std::min<std::size_t>(limit, kept_.size() - skipped);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

std::vector<publication_ptr> history::before(std::uint64_t offset, std::size_t limit) const {
  if (offset <= first_offset() || kept_.empty()) return {};
  const auto skipped = offset > offset_ ? 0 : offset_ - offset + 1;
  const auto begin = kept_.rbegin() + static_cast<std::ptrdiff_t>(skipped);
  const auto count = std::min<std::size_t>(limit, kept_.size() - skipped);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

recovery history::recover_stream(const stream_position& seen, std::size_t cap) const {
  recovery result;
  if (!seen.epoch.empty() && seen.epoch != epoch_) return result;
  auto missed = after(seen.offset, cap);
  if (missed.empty()) {
    result.recovered = seen.offset == offset_;
  } else if (missed.front()->offset == seen.offset + 1 && missed.back()->offset == offset_) {
    result.recovered = true;
    result.publications = std::move(missed);
  }
  return result;
}

recovery history::recover_latest(const stream_position& seen) const {
  recovery result;
  const bool is_current = seen.offset > 0 && seen.offset == offset_ && seen.epoch == epoch_;
  result.recovered = is_current || !kept_.empty();
  if (!is_current && !kept_.empty()) result.publications.push_back(kept_.back());
  return result;
}

} // namespace troupe::centrifuge
