// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/board.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

namespace troupe::app::bench {

namespace {

constexpr std::size_t workers_offset =
    (sizeof(board) + alignof(worker_board) - 1) / alignof(worker_board) * alignof(worker_board);

constexpr std::size_t size_for(std::size_t workers) {
  return workers_offset + workers * sizeof(worker_board);
}

} // namespace

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "needed across processes");

void worker_board::fail(std::string_view text) {
  const auto size = std::min(text.size(), failure.size() - 1);
  std::copy_n(text.data(), size, failure.data());
  failure[size] = '\0';
  has_failed.store(true, std::memory_order_release);
}

board::board(std::size_t workers) : worker_count_{workers} {
  ::clock_gettime(CLOCK_MONOTONIC, &began_);
  for (auto& worker : this->workers())
    new (&worker) worker_board;
}

std::unique_ptr<board, void (*)(board*)> board::map(std::size_t workers) {
  void* const memory =
      ::mmap(nullptr, size_for(workers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::system_error{errno, std::generic_category(),
                            "cannot map memory shared by the workers"};
  return {new (memory) board{workers},
          [](board* mapped) { ::munmap(mapped, size_for(mapped->worker_count_)); }};
}

std::span<worker_board> board::workers() {
  auto* const first = reinterpret_cast<std::byte*>(this) + workers_offset;
  return {reinterpret_cast<worker_board*>(first), worker_count_};
}

std::uint64_t board::now() const {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  return static_cast<std::uint64_t>((time.tv_sec - began_.tv_sec) * ns_per_s + time.tv_nsec -
                                    began_.tv_nsec);
}

std::uint64_t board::complete() {
  auto result = ~std::uint64_t{0};
  for (auto& worker : workers())
    result = std::min(result, worker.complete.load(std::memory_order_acquire));
  return std::max(result, skip_to.load(std::memory_order_relaxed));
}

std::uint64_t board::deliveries() {
  std::uint64_t result = 0;
  for (auto& worker : workers())
    result += worker.deliveries.load(std::memory_order_acquire);
  return result;
}

} // namespace troupe::app::bench
