// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "actors/node.hpp"

#include <troupe/hooks/birth.hpp>
#include <troupe/inspect/observatory.hpp>
#include <troupe/metered.hpp>

#include <optional>
#include <stdexcept>

using namespace troupe;
using namespace troupe::tests;

namespace {

struct worker_state {
  static constexpr const char* name = "worker";
};
using worker_actor = ledger_actor; // any interface does

worker_actor::behavior_type worker(worker_actor::stateful_pointer<worker_state> self) {
  self->set_exception_handler([](std::exception_ptr&) { return caf::error{}; });
  return {
    [](const connection_events&) -> noted { throw std::runtime_error{"told to"}; },
    [](const find_closed&) { return closed_page{}; },
    [](const count_closed&) { return closed_counts{}; },
  };
}

struct workshop : node {
  std::optional<inspection::row> row_of(std::uint64_t id) {
    std::optional<inspection::row> found;
    inspection::observatory{{host().figures()}, [this] { return host().real_now(); }}.visit(
      [&](const inspection::row& r) {
        if (r.id == id) found = r;
      });
    return found;
  }
};

} // namespace

TEST_CASE_METHOD(workshop, "metered: an actor on CAF's scheduler is seen as those on loops are", "[actors][meters]") {
  const auto who = spawn_metered(system(), host().figures(), worker);
  run();
  CHECK(ask<closed_page>(who, find_closed{}));
  caf::anon_send(who, count_closed{});
  const auto waiting = row_of(who.id());
  REQUIRE(waiting);
  CHECK(waiting->where == inspection::place::elsewhere);
  CHECK(waiting->kind == inspection::actor_kind::custom);
  CHECK(waiting->name == std::string{"worker"});
  CHECK(waiting->handled == 1);
  CHECK(waiting->mailbox == 1);
  CHECK(waiting->mailbox_peak == 1);
  run();
  CHECK(row_of(who.id())->handled == 2);
  CHECK(row_of(who.id())->mailbox == 0);
  CHECK(row_of(who.id())->busy.count() > 0);
  CHECK(row_of(who.id())->last_message_name() == "troupe::count_closed");
  caf::anon_send_exit(who, caf::exit_reason::kill);
  run();
  CHECK_FALSE(row_of(who.id()));
}

TEST_CASE_METHOD(workshop, "metered: what throws is counted, and what comes too late is a dead letter",
                 "[actors][meters]") {
  const auto who = spawn_metered(system(), host().figures(), worker);
  run();
  caf::anon_send(who, connection_events{});
  run();
  CHECK_FALSE(row_of(who.id())); // it has ended
  caf::anon_send(who, find_closed{});
  run();
  REQUIRE(host().figures()->elsewhere->lost().count() == 1);
  CHECK(host().figures()->elsewhere->lost().recent().at(0).name == std::string{"worker"});
}

TEST_CASE_METHOD(workshop, "metered: so are the actors of extensions, wherever they run", "[actors][meters]") {
  const auto who = hooks::on_scheduler(worker)(host(), {});
  run();
  REQUIRE(row_of(who.id()));
  CHECK(row_of(who.id())->where == inspection::place::elsewhere);
  caf::anon_send_exit(who, caf::exit_reason::kill);
  run();
}
