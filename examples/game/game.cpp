// GAME: a world that ticks 30 times a second. Players move on a plane; each is sent only the players near it,
// and a slow one skips pictures rather than lag behind.
//
//   game [PORT]
#include <troupe/server.hpp>
#include <troupe/type_ids.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <string>

#include "game_page.hpp"

// snippet: ids
struct tick {};

CAF_BEGIN_TYPE_ID_BLOCK(game, ::troupe::first_type_id)
  CAF_ADD_TYPE_ID(game, (tick))
CAF_END_TYPE_ID_BLOCK(game)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tick)
// end

namespace {

using namespace troupe;

constexpr auto frame_time = std::chrono::milliseconds{1000} / 30;
constexpr double sight = 300;

struct player {
  connection_actor who;
  int number = 0;
  double x = 0, y = 0, dx = 0, dy = 0;
};

struct world_state {
  std::map<client_id, player> players;
  int last_number = 0;

  /// What `me` can see.
  [[nodiscard]] std::string picture_for(const player& me) const {
    auto seen = nlohmann::json::array();
    for (const auto& [id, p] : players)
      if (std::hypot(p.x - me.x, p.y - me.y) <= sight)
        seen.push_back({{"n", p.number}, {"x", std::lround(p.x)}, {"y", std::lround(p.y)}});
    return nlohmann::json{{"you", me.number}, {"seen", std::move(seen)}}.dump();
  }
};

// snippet: world
using world_actor = hooks::route_actor::extend<caf::reacts_to<tick>>;

world_actor::behavior_type world(world_actor::stateful_pointer<world_state> self) {
  self->delayed_send(self, frame_time, tick{});
  auto& players = self->state.players;
  return {
    [self, &players](const hooks::opened& m) {
      players[m.what.id] = {m.what.who, ++self->state.last_number};
      return hooks::answer{};
    },
    [&players](const hooks::message& m) { // {"dx":1,"dy":0}, pixels a picture
      const auto wish = nlohmann::json::parse(m.what.payload(), nullptr, false);
      if (!wish.is_object()) return hooks::answer::bye(4400, "not a move");
      auto& p = players[m.from];
      p.dx = std::clamp(wish.value("dx", 0.0), -10.0, 10.0);
      p.dy = std::clamp(wish.value("dy", 0.0), -10.0, 10.0);
      return hooks::answer{};
    },
    [&players](const hooks::closed& m) { players.erase(m.id); },
    [self, &players](const tick&) {
      self->delayed_send(self, frame_time, tick{});
      for (auto& [id, p] : players) p.x += p.dx, p.y += p.dy;
      for (auto& [id, p] : players)
        hooks::send_to(self, p.who, frame::encode(opcode::text, self->state.picture_for(p)),
                       overflow::latest_per_key, "picture");
    },
  };
}
// end

} // namespace

int main(int argc, char** argv) {
  return serve({.listen = {.port = port_argument(argc, argv)}},
               {.routes = {{.path = "/game", .actor = hooks::on_scheduler(world)}}},
               {{"/", "text/html; charset=utf-8", game_page}});
}
