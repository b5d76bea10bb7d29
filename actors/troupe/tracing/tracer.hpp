// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TRACER: the traces that are on, on one loop. Thread: its loop's. Owner: the host. Bounded by: max_traces.
#pragma once
#include <troupe/tracing/trace.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace caf {
class mailbox_element;
} // namespace caf

namespace troupe::tracing {

class tracer {
public:
  explicit tracer(std::size_t loop) : loop_{loop} {}

  void add(std::shared_ptr<trace> what) { traces_.push_back(std::move(what)); }
  /// @returns true if it was the last one.
  bool remove(const trace& what) {
    std::erase_if(traces_, [&](const auto& each) { return each.get() == &what; });
    return traces_.empty();
  }

  void see(const sighting& what) noexcept {
    for (const auto& each : traces_) each->see(loop_, what);
  }
  /// An actor is about to handle a message; `who` is all else that is known.
  void see(const caf::mailbox_element& message, sighting who) noexcept;

private:
  std::size_t loop_;
  std::vector<std::shared_ptr<trace>> traces_;
};

} // namespace troupe::tracing
