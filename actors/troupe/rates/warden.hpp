// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WARDEN: the rates of users and addresses. There is one for each loop; a name belongs to the one it hashes
// to, so that a limit holds over all loops, and no two threads ever look at one bucket.
// Thread: its loop. Owner: the server. Bounded by: rate_options::max_tracked names in all. Ends when: it is told
// to exit.
#pragma once
#include <troupe/counters.hpp>
#include <troupe/hosted.hpp>
#include <troupe/live_choice.hpp>
#include <troupe/rates/bucket_table.hpp>

#include <caf/typed_actor.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
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

/// What all connections of a server share. Immutable but for the mode and the counters; outlives them.
struct limits {
  rate_options options;
  live_choice<enforcement> mode;                   ///< In place of rate_options::what.
  address_reading address_counts_as = as_itself;
  std::vector<warden_actor> wardens;               ///< By loop.
  std::vector<std::shared_ptr<counters>> by_loop;

  /// The verdict on one that is over its rate.
  [[nodiscard]] verdict over() const noexcept {
    return mode == enforcement::refuse ? verdict::refused : verdict::granted;
  }
};

class warden_state {
public:
  static constexpr const char* name = "warden";
  using pointer = hosted_pointer<warden_actor, warden_state>;

  explicit warden_state(pointer self) : self_(self) {}

  warden_actor::behavior_type make_behavior(const rate_options& options, live_choice<enforcement> mode,
                                            std::size_t max_names, std::shared_ptr<counters> figures);

private:
  permit on_ask(const ask_permit& m);

  pointer self_;
  rate_options options_;
  live_choice<enforcement> mode_;
  std::optional<bucket_table> users_;
  std::optional<bucket_table> addresses_;
  std::shared_ptr<counters> figures_;
};

/// Spawn one per loop with spawn_on(loop, warden, options, mode, max_names, figures); `max_names` is of each kind.
warden_actor::behavior_type warden(warden_state::pointer self, rate_options options, live_choice<enforcement> mode,
                                   std::size_t max_names, std::shared_ptr<counters> figures);

/// Limits with a warden on each of `homes`; null if the options set none.
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
