// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Readers beside loops whose actors come, work, change their names and go. Built with ThreadSanitizer,
// whatever the rest is built with: the slab has no lock that would make it right.
#include <troupe/inspect/observatory.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace troupe;
using namespace troupe::meters;
using inspection::actor_kind;

namespace {

// An actor whose figures all tell the same number, as do its ID and its name.
void work_as(actor_meter& m, std::uint64_t id) {
  m->become(actor_kind::connection);
  m.identify(caf::make_counted<actor_title>("actor " + std::to_string(id)));
  m->connection.bytes_in.set(id);
  m->connection.bytes_out.set(id);
  m->channel.offset.set(id);
  m.show(id, "stressed", 1);
  for (int i = 0; i < 20; ++i) {
    m->enqueued_here();
    m->handled(&typeid(int), id);
    if (i % 5 == 0) m.identify(caf::make_counted<actor_title>("actor " + std::to_string(id)));
  }
}

} // namespace

TEST_CASE("meter_slab: readers see each actor whole while thousands come and go",
          "[actors][meters][stress]") {
  constexpr int loops = 2;
  constexpr int rounds = 3000;
  std::vector<std::shared_ptr<loop_meters>> all;
  inspection::observatory::loop_list list;
  for (int i = 0; i < loops; ++i) {
    all.push_back(std::make_shared<loop_meters>(static_cast<std::size_t>(i), std::chrono::steady_clock::now()));
    list.push_back(all.back());
  }
  const inspection::observatory readers{list};
  std::atomic<int> working{loops};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> seen{0};
  std::atomic<std::uint64_t> next_id{1};
  std::vector<std::thread> threads;
  for (const auto& loop : all)
    threads.emplace_back([&, loop] {
      std::vector<std::unique_ptr<actor_meter>> alive(40);
      std::minstd_rand random{loop->index + 1U};
      for (int i = 0; i < rounds; ++i) {
        auto& slot = alive[random() % alive.size()];
        if (slot) slot->hide();
        slot = std::make_unique<actor_meter>(loop->actors);
        work_as(*slot, next_id++);
      }
      alive.clear();
      --working;
    });
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      while (working != 0)
        readers.visit([&](const inspection::row& r) {
          ++seen;
          const bool whole = r.connection.bytes_in == r.id && r.connection.bytes_out == r.id &&
                             r.channel.offset == r.id && r.handled <= 20 &&
                             r.title == "actor " + std::to_string(r.id);
          if (!whole) ++wrong;
        });
    });
  // Blocks are opened and closed by other threads than the loop's too.
  threads.emplace_back([&] {
    while (working != 0) actor_meter{all[0]->actors}->enqueued_elsewhere();
  });
  for (auto& t : threads) t.join();
  CHECK(seen > 0);
  CHECK(wrong == 0);
  CHECK(all[0]->actors->shown() == 0);
}
