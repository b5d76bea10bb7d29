// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// METRICS: everything /metrics shows, in the text format of Prometheus. Labels have few values: close
// reasons, loops, kinds of actors, stages.
// Thread: any but a loop's: it reads every actor's meters.
#pragma once
#include <troupe/inspect/observatory.hpp>
#include <troupe/net/auth/counters.hpp>
#include <troupe/net/events/counters.hpp>
#include <troupe/cluster/counters.hpp>
#include <troupe/net/history/counters.hpp>
#include <troupe/net/webhooks/counters.hpp>
#include <troupe/rates/warden.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::net {

/// What metrics tell of the server beside its figures.
struct server_facts {
  std::string version;
  bool draining = false;
  std::shared_ptr<const events::counters> events = std::make_shared<events::counters>();
  std::shared_ptr<const webhooks::counters> webhooks = std::make_shared<webhooks::counters>();
  std::shared_ptr<const auth::counters> tokens = {};
  std::shared_ptr<const rates::limits> limits = {}; ///< Null: there are no rates.
  std::shared_ptr<const history::counters> history = std::make_shared<history::counters>();
  std::shared_ptr<const troupe::cluster::counters> others = std::make_shared<troupe::cluster::counters>();
};

inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

std::string metrics_text(const inspection::observatory& of, const server_facts& facts);

/// Names of all of them, for the manual's test.
std::vector<std::string> metric_names();

} // namespace troupe::net
