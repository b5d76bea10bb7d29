// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WARDEN: the rates of users and addresses. There is one for each loop; a name belongs to the one it hashes
// to, so that a limit holds over all loops, and no two threads ever look at one bucket.
// Thread: its loop. Owner: the server. Bounded by: rate_options::max_tracked names in all. Ends when: it is told
// to exit.
#pragma once
#include <troupe/counters.hpp>
#include <troupe/hosted.hpp>
#include <troupe/live.hpp>
#include <troupe/rates/bucket_table.hpp>

#include <caf/typed_actor.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::rates {

enum class verdict : std::uint8_t { granted, refused };

/// Whether it may happen once more.
struct ask_permit {
  operation what = operation::connect;
  scope by = scope::user;
  std::string whose; ///< Name of the user, or the address.
};
struct permit {
  verdict decision = verdict::granted;
};

using warden_actor = caf::typed_actor<caf::replies_to<ask_permit>::with<permit>>;

/// What one loop has seen. One writer, the loop's thread.
struct counters {
  /// Beyond their rate, refused or not.
  std::array<std::array<counter, operation_names.size()>, scope_names.size()> over;
  counter tracked;   ///< Users and addresses now.
  counter forgotten; ///< Of those: while they were not idle, for lack of room.

  counter& of(scope s, operation o) noexcept {
    return over[static_cast<std::size_t>(s)][static_cast<std::size_t>(o)];
  }
};

/// Whom an address counts as: addresses that belong to one party share their rates.
using address_reading = std::string (*)(std::string_view);
inline std::string as_itself(std::string_view address) { return std::string{address}; }

/// Rates that may be changed while they are used. Those who look keep what they have got for one decision.
using live_rates = shared_live<rate_options>;

/// What all connections of a server share. Immutable but for the rates and the counters; outlives them.
struct limits {
  live_rates options;
  address_reading address_counts_as = as_itself;
  std::vector<warden_actor> wardens;               ///< By loop.
  std::vector<std::shared_ptr<counters>> by_loop;
};

/// The verdict on one that is over its rate.
[[nodiscard]] inline verdict over(const rate_options& options) noexcept {
  return options.what == enforcement::refuse ? verdict::refused : verdict::granted;
}

class warden_state {
public:
  static constexpr const char* name = "warden";
  using pointer = hosted_pointer<warden_actor, warden_state>;

  explicit warden_state(pointer self) : self_(self) {}

  warden_actor::behavior_type make_behavior(live_rates options, std::size_t wardens,
                                            std::shared_ptr<counters> figures);

private:
  permit on_ask(const ask_permit& m);

  pointer self_;
  live_rates options_;
  std::size_t wardens_ = 1; // of the server: they share its names
  bucket_table users_{1};
  bucket_table addresses_{1};
  std::shared_ptr<counters> figures_;
};

/// Spawn one per loop with spawn_on(loop, warden, options, number of loops, figures).
warden_actor::behavior_type warden(warden_state::pointer self, live_rates options,
                                   std::size_t wardens, std::shared_ptr<counters> figures);

/// Limits with a warden on each of `homes`.
std::shared_ptr<const limits> spawn_wardens(const std::vector<host*>& homes, const rate_options& options,
                                            address_reading address_counts_as = as_itself);

} // namespace troupe::rates

// Far behind the blocks that programs continue.
CAF_BEGIN_TYPE_ID_BLOCK(troupe_rates, 29500)
  CAF_ADD_TYPE_ID(troupe_rates, (troupe::rates::ask_permit))
  CAF_ADD_TYPE_ID(troupe_rates, (troupe::rates::permit))
CAF_END_TYPE_ID_BLOCK(troupe_rates)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::rates::ask_permit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::rates::permit)
