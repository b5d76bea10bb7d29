// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/hooks/directory.hpp>
#include <troupe/hooks/echo.hpp>
#include <troupe/type_ids.hpp>

#include "actors/node.hpp"

#include <stdexcept>
#include <string>

using namespace troupe;
using namespace troupe::hooks;

namespace {

struct hosts : tests::node {
  hosts() : node({.hosts = 3}) {}
  ~hosts() {
    for (const auto& k : made.keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
    made = {};
    run();
  }

  const directory& make(extensions from) {
    const std::vector<std::reference_wrapper<troupe::host>> homes{host(0), host(1), host(2)};
    made = {from, homes, registry, {}, log};
    run();
    return made;
  }

  directory made;
};

route to(std::string path, instances count = instances::one) {
  return {.path = std::move(path), .actor = on_loop(echo), .count = count};
}

} // namespace

TEST_CASE_METHOD(hosts, "directory: a path has one keeper, or one for each loop",
                 "[actors][hooks]") {
  const auto before = running();
  const auto& d = make({.routes = {to("/one"), to("/each", instances::per_loop)}});
  CHECK(running() == before + 8); // each has its actor
  CHECK(d.route("/one", 0));
  CHECK(d.route("/one", 0) == d.route("/one", 2));
  CHECK(d.route("/each", 0) != d.route("/each", 1));
  CHECK_FALSE(d.route("/other", 0));
  CHECK(d.route_paths() == std::vector<std::string>{"/each", "/one"});
  CHECK(d.keepers().size() == 4);
}

TEST_CASE_METHOD(hosts, "directory: what cannot be is refused before anything is spawned",
                 "[actors][hooks]") {
  const auto before = running();
  CHECK_THROWS_WITH(make({.routes = {to("/a"), to("/a")}}), "route \"/a\": given twice");
  CHECK_THROWS_WITH(make({.routes = {to("/ws/a")}}), "route \"/ws/a\": not a path for a route");
  CHECK_THROWS_WITH(make({.routes = {{.path = "/a"}}}), "route \"/a\": has no actor");
  CHECK(running() == before);
}

TEST_CASE("directory: the server's own paths are none for routes", "[actors][hooks]") {
  for (const char* path : {"/a", "/game/1", "/wsx", "/A-z_0.9~", "/connections"}) {
    CAPTURE(path);
    CHECK(is_route_path(path));
  }
  for (const char* path : {"", "/", "a", "/ws", "/ws/", "/ws/a", "/health", "/connection",
                           "/connection/websocket", "/a b", "/a?b", "/%61", "/\xc3\xa4"}) {
    CAPTURE(path);
    CHECK_FALSE(is_route_path(path));
  }
  CHECK(is_route_path('/' + std::string(127, 'a')));
  CHECK_FALSE(is_route_path('/' + std::string(128, 'a')));
}

TEST_CASE("type IDs: each block begins where the one before it ends", "[actors][hooks]") {
  STATIC_REQUIRE(caf::id_block::troupe::begin == caf::first_custom_type_id);
  STATIC_REQUIRE(caf::id_block::troupe_channels::begin == caf::id_block::troupe::end);
  STATIC_REQUIRE(caf::id_block::troupe_hooks::begin == caf::id_block::troupe_channels::end);
  STATIC_REQUIRE(caf::id_block::troupe_users::begin == caf::id_block::troupe_hooks::end);
  STATIC_REQUIRE(first_type_id == caf::id_block::troupe_users::end);
}
