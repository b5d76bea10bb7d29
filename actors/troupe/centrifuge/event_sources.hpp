// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// EVENT SOURCES: all that tell of connections and channels, the shards behind the registry and the hubs.
// Thread: any. A value: copies share the handles.
#pragma once
#include <troupe/centrifuge/channels.hpp>
#include <troupe/interfaces.hpp>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <cstddef>
#include <memory>

namespace troupe::centrifuge {

struct event_sources {
  registry_actor connections;  ///< None: only channels.
  centrifuge::channels channels; ///< None: only connections.

  /// Reports to `who` what happens from now on. Of what is there already it tells nothing.
  /// @param who An actor that is a connection_observer and a channel_observer.
  template <class Observer>
  void observe(const Observer& who) const {
    if (connections) caf::anon_send(connections, troupe::observe{who});
    channels.observe(who);
  }

  /// Calls `done()` when `self`, which observes, has noted all that the sources could tell when this was called; at
  /// once if there is none. Thread: that of `self`.
  template <class Self, class F>
  void sync(Self* self, F done) const {
    const auto left = std::make_shared<std::size_t>(1 + channels.hubs().size());
    const auto one = [left, done] {
      if (--*left == 0) done();
    };
    const auto ask = [&](const auto& source, auto what) {
      self->request(source, caf::infinite, std::move(what))
        .then([one](const noted&) { one(); }, [one](const caf::error&) { one(); }); // it has ended
    };
    for (const auto& h : channels.hubs())
      ask(caf::actor_cast<hub_actor>(h), sync_changes{caf::actor_cast<channel_observer>(self)});
    if (connections) ask(connections, sync_connections{caf::actor_cast<connection_observer>(self)});
    else one();
  }
};

} // namespace troupe::centrifuge
