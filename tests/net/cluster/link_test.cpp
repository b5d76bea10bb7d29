// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The link without a NATS server; with one: tests/system/cluster_test.mjs.
#include <troupe/net/cluster/link.hpp>

#include "support/catch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <memory>

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::net::cluster;

TEST_CASE("link: without a broker what is sent is lost and counted, and its bytes are given back", "[net][cluster]") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  const auto figures = std::make_shared<counters>();
  const auto budget = std::make_shared<send_budget>(1000);
  {
    const auto silent = system.spawn(engine, engine_settings{.uid = "A",
                                                             .budget = budget,
                                                             .relay_budget = budget,
                                                             .figures = figures,
                                                             .new_session = [] { return std::uint64_t{1}; }});
    nats_options nowhere;
    nowhere.servers = {"nats://127.0.0.1:1"};
    const auto to = system.spawn<caf::detached>(
      net::cluster::link, link_settings{.uid = "A",
                                        .prefix = "troupe",
                                        .options = std::make_shared<library_options>(nowhere),
                                        .engine = silent,
                                        .budget = budget,
                                        .received_budget = budget,
                                        .figures = figures});
    REQUIRE(budget->take(100) == acceptance::accepted);
    caf::anon_send(to, transmit{"B", std::make_shared<const packet>(packet{"A", 1, 0, 1, 0, greeting{}}), 100});
    caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(silent, caf::exit_reason::user_shutdown);
  }
  system.await_all_actors_done();
  CHECK(budget->used() == 0);
  CHECK(figures->dropped.value() == 1);
  CHECK(figures->connected.value() == 0);
}
