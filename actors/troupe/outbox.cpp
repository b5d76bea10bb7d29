// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/outbox.hpp>

#include <algorithm>

namespace troupe {

namespace {

bool droppable(const delivery& d) noexcept {
  return d.policy == overflow::drop_oldest || d.policy == overflow::latest_per_key;
}

} // namespace

// -- lane ------------------------------------------------------------------------------------------

template <class T>
void outbox::lane<T>::pop() noexcept {
  if (--size_ == 0) {
    front_ = T{};
    if (rest_.capacity() != 0) rest_ = std::vector<T>{};
    head_ = 0;
    return;
  }
  front_ = std::move(rest_[head_++]);
  // A lane that never runs empty has to give back its popped entries too: once they are the majority, so
  // that each pop pays for at most one move.
  if (head_ < compacted_at || head_ < size_) return;
  rest_.erase(rest_.begin(), rest_.begin() + head_);
  head_ = 0;
}

template <class T>
void outbox::lane<T>::erase(std::size_t i) {
  // Closing the hole from the front is cheap where it matters: what is dropped is oldest.
  for (; i != 0; --i) (*this)[i] = std::move((*this)[i - 1]);
  pop();
}

template <class T>
void outbox::lane<T>::truncate(std::size_t n) {
  if (n >= size_) return;
  size_ = static_cast<std::uint32_t>(n);
  if (size_ == 0) *this = {};
  else rest_.resize(head_ + (n - 1));
}

// -- queueing --------------------------------------------------------------------------------------

bool outbox::fits(std::size_t more_bytes, const outbox_bounds& bounds) const noexcept {
  return bytes_ + more_bytes + (data_.size() + 1) * entry_bytes <= bounds.max_bytes;
}

void outbox::lose(const delivery& what) noexcept {
  gap_ += what.message.count();
  forget_sample(what);
}

bool outbox::evict_oldest() {
  for (auto i = first_droppable(); i < data_.size(); ++i) {
    if (!droppable(*data_[i])) continue;
    lose(*data_[i]);
    bytes_ -= data_[i]->message.bytes().size();
    data_.erase(i);
    return true;
  }
  return false;
}

bool outbox::conflate(const delivery_ptr& what, const outbox_bounds& bounds) {
  const auto size = what->message.bytes().size();
  for (auto i = data_.size(); i-- > first_droppable();) {
    auto& queued = data_[i];
    if (queued->policy != overflow::latest_per_key || queued->key != what->key) continue;
    const auto without = bytes_ - queued->message.bytes().size();
    if (without + size + data_.size() * entry_bytes > bounds.max_bytes) return false;
    bytes_ = without + size;
    forget_sample(*queued);
    queued = what;
    return true;
  }
  return false;
}

outbox::result outbox::push(const delivery_ptr& what, const outbox_bounds& bounds) {
  result r;
  const auto size = what->message.bytes().size();
  if (what->policy == overflow::latest_per_key && conflate(what, bounds)) {
    r.status = send_status::conflated;
    publish();
    return r;
  }
  if (!fits(size, bounds)) {
    if (what->policy == overflow::disconnect) {
      r.status = send_status::full;
      return r;
    }
    const auto gap_before = gap_;
    if (droppable(*what) && size + entry_bytes <= bounds.max_bytes)
      while (!fits(size, bounds) && evict_oldest()) {}
    r.evicted = gap_ - gap_before;
    if (!fits(size, bounds)) {
      lose(*what);
      r.status = send_status::dropped;
      publish();
      return r;
    }
  }
  data_.push(what);
  bytes_ += size;
  if (what->is_sample() && sampler_)
    if (const auto at = sampler_->queued(*what); at != delivery::clock::time_point{}) {
      sample_ = what.get();
      sampled_at_ = at;
    }
  if (published_ || data_.size() > 1) publish(); // else it is about to leave
  return r;
}

bool outbox::push_control(frame what, const outbox_bounds& bounds) {
  const auto size = what.bytes().size();
  if (control_bytes_ + size > bounds.max_control_bytes) return false;
  control_bytes_ += size;
  control_.push(std::move(what));
  if (published_ || control_.size() > 1) publish();
  return true;
}

// -- sending ---------------------------------------------------------------------------------------

std::size_t outbox::fill(std::span<std::string_view> slices) {
  std::size_t used = 0;
  const auto add = [&](std::string_view bytes) {
    if (used == 0) bytes.remove_prefix(offset_);
    slices[used++] = bytes;
  };
  // A delivery on its way goes first, then control, then the rest: consume() walks the same order.
  if (sending_ == part::none && !empty()) sending_ = control_.empty() ? part::data : part::control;
  std::size_t data_next = 0;
  if (sending_ == part::data) add(data_[data_next++]->message.bytes());
  for (std::size_t i = 0; i < control_.size() && used < slices.size(); ++i) add(control_[i].bytes());
  while (data_next < data_.size() && used < slices.size()) add(data_[data_next++]->message.bytes());
  return used;
}

void outbox::consume(std::size_t n) {
  if (meter_) {
    meter_->bytes_out.add(n);
    meter_->queue_peak_bytes.raise_to(bytes_ + control_bytes_);
  }
  while (n != 0) {
    const bool from_data = sending_ == part::data;
    const auto size = from_data ? data_[0]->message.bytes().size() : control_[0].bytes().size();
    const auto taken = std::min(n, size - offset_);
    (from_data ? bytes_ : control_bytes_) -= taken;
    n -= taken;
    offset_ += taken;
    if (offset_ != size) break;
    offset_ = 0;
    if (from_data) {
      if (data_[0].get() == sample_ && sampler_) {
        sampler_->left(sampled_at_);
        sample_ = nullptr;
      }
      data_.pop();
    } else {
      control_.pop();
    }
    sending_ = !control_.empty() ? part::control : !data_.empty() ? part::data : part::none;
  }
  if (offset_ == 0) sending_ = part::none;
  if (published_ || !empty()) publish();
}

std::uint32_t outbox::drop_data() {
  const bool keep_first = sending_ == part::data && offset_ != 0;
  const std::size_t kept = keep_first ? 1 : 0;
  std::uint32_t lost = 0;
  for (auto i = kept; i < data_.size(); ++i) lost += data_[i]->message.count();
  count_unsent(kept);
  bytes_ = keep_first ? data_[0]->message.bytes().size() - offset_ : 0;
  data_.truncate(kept);
  if (!keep_first && sending_ == part::data) sending_ = part::none;
  if (meter_) meter_->dropped.add(lost);
  publish();
  return lost;
}

std::uint32_t outbox::withdraw(std::string_view name) {
  std::uint32_t withdrawn = 0;
  data_lane kept; // rather than erase() one by one, which is quadratic
  for (std::size_t i = 0; i < data_.size(); ++i) {
    auto& queued = data_[i];
    if (i < first_droppable() || queued->to.name != name) {
      kept.push(std::move(queued));
      continue;
    }
    withdrawn += queued->message.count();
    forget_sample(*queued);
    bytes_ -= queued->message.bytes().size();
  }
  data_ = std::move(kept);
  publish();
  return withdrawn;
}

void outbox::clear() {
  count_unsent(0);
  control_ = {};
  data_ = {};
  bytes_ = control_bytes_ = offset_ = 0;
  sending_ = part::none;
  publish();
}

// -- figures ---------------------------------------------------------------------------------------

void outbox::attach(meters::connection_meter* meter, meters::way_sampler* sampler) noexcept {
  meter_ = meter;
  sampler_ = sampler;
  publish();
}

void outbox::count_unsent(std::size_t kept) noexcept {
  if (data_.size() <= kept) return;
  sample_ = nullptr;
  if (!meter_) return;
  auto bytes = bytes_;
  if (kept != 0) bytes -= data_[0]->message.bytes().size() - offset_;
  meter_->unsent_bytes.add(bytes);
  meter_->unsent_messages.add(static_cast<std::uint32_t>(data_.size() - kept));
}

void outbox::publish() noexcept {
  if constexpr (!meters::enabled) return;
  if (!meter_) return;
  const auto bytes = bytes_ + control_bytes_;
  published_ = bytes != 0;
  meter_->queue_bytes.set(bytes);
  meter_->queue_messages.set(static_cast<std::uint32_t>(data_.size() + control_.size()));
  meter_->oldest_queued_at.set(data_.empty() ? 0 : data_[0]->born.time_since_epoch().count());
  meter_->queue_peak_bytes.raise_to(bytes);
}

} // namespace troupe
