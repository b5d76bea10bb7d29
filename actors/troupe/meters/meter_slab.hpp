// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// METER SLAB: the meter blocks of one loop's actors. Blocks are reused and never freed while the slab
// lives, so that readers walk it at any time; they hold up nobody and nobody holds up them.
// Thread: any. Owner: the loop, its actors and its readers together. Bounded by: max_blocks; actors
// beyond are not to be seen, and counted (troupe_actors_unseen_total).
#pragma once
#include <troupe/meters/dead_letters.hpp>
#include <troupe/meters/meter_block.hpp>

#include <caf/intrusive_ptr.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace troupe::meters {

class meter_slab {
public:
  static constexpr std::size_t chunk_blocks = 256;
  static constexpr std::size_t max_chunks = 8192;
  static constexpr std::size_t max_blocks = chunk_blocks * max_chunks;

  /// @param most Blocks, at most max_blocks.
  explicit meter_slab(std::size_t most = max_blocks) noexcept : most_(most) {}
  ~meter_slab();
  meter_slab(const meter_slab&) = delete;
  meter_slab& operator=(const meter_slab&) = delete;

  /// A block for a new actor, not to be seen yet.
  meter_block& open();
  /// The actor is ready: readers see it from now on. `name` has to live for ever.
  void show(meter_block& block, std::uint64_t id, const char* name, std::int64_t born) noexcept;
  /// The actor has ended: readers no longer see it. Its figures stay for its owner until close().
  void hide(meter_block& block) noexcept;
  /// The actor is destroyed.
  void close(meter_block& block) noexcept;

  /// Who the actor of a block is. Readers may hold the old one for a while.
  void identify(meter_block& block, caf::intrusive_ptr<const identity> who) noexcept;

  /// Blocks that were ever in use; block(i) is valid below.
  [[nodiscard]] std::size_t extent() const noexcept;
  /// Null for a block that is just being made.
  [[nodiscard]] const meter_block* block(std::size_t i) const noexcept;
  /// Actors to be seen now.
  [[nodiscard]] std::size_t shown() const noexcept { return shown_.load(std::memory_order_relaxed); }
  /// Actors that got no block of their own.
  [[nodiscard]] std::uint64_t unseen() const noexcept { return unseen_.load(std::memory_order_relaxed); }

  /// To actors that had a block here and have ended. Thread: any.
  [[nodiscard]] dead_letters& lost() noexcept { return lost_; }
  [[nodiscard]] const dead_letters& lost() const noexcept { return lost_; }

  /// While one exists, no identity that could be read in this slab is freed.
  class reading {
  public:
    explicit reading(const meter_slab& slab) noexcept : slab_(slab) { slab_.readers_.fetch_add(1); }
    ~reading() {
      if (slab_.readers_.fetch_sub(1) == 1) slab_.free_retired();
    }
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;

  private:
    const meter_slab& slab_;
  };

private:
  using chunk = std::array<meter_block, chunk_blocks>;

  meter_block* take_free() noexcept;
  [[nodiscard]] meter_block& at(std::uint32_t i) noexcept;
  void retire(const identity* who) const noexcept;
  void free_retired() const noexcept;

  const std::size_t most_;
  std::array<std::atomic<chunk*>, max_chunks> chunks_{};
  std::atomic<std::uint32_t> extent_{0};
  // Free blocks as a list: number of the first + 1, and a tag that changes with every change.
  std::atomic<std::uint64_t> free_{0};
  std::atomic<std::size_t> shown_{0};
  std::atomic<std::uint64_t> unseen_{0};
  mutable std::atomic<std::uint32_t> readers_{0};
  mutable std::atomic<const identity*> retired_{nullptr};
  dead_letters lost_;
  meter_block spare_; // of the actors that are not to be seen
};

/// An actor's hold on its block.
class actor_meter {
public:
  explicit actor_meter(std::shared_ptr<meter_slab> slab) : slab_(std::move(slab)), block_(&slab_->open()) {}
  ~actor_meter() { slab_->close(*block_); }
  actor_meter(const actor_meter&) = delete;
  actor_meter& operator=(const actor_meter&) = delete;

  meter_block* operator->() noexcept { return block_; }
  meter_block& operator*() noexcept { return *block_; }
  const meter_block& operator*() const noexcept { return *block_; }

  void show(std::uint64_t id, const char* name, std::int64_t born) noexcept {
    slab_->show(*block_, id, name, born);
  }
  void hide() noexcept { slab_->hide(*block_); }
  void identify(caf::intrusive_ptr<const identity> who) noexcept {
    slab_->identify(*block_, std::move(who));
  }
  /// A message came for the actor, which has ended. Thread: any.
  void lost(const dead_letter& one) noexcept { slab_->lost().add(one); }

private:
  std::shared_ptr<meter_slab> slab_;
  meter_block* block_;
};

} // namespace troupe::meters
