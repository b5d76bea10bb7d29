// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Messages that programs handle can be written and read by CAF, for its log and for what it may bring.
#include <troupe/hooks/user_messages.hpp>

#include "support/catch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace troupe;
using namespace troupe::hooks;

/// What comes out after it has been written and read. It has to be written the same again.
template <class T>
T again(const T& what) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::vector<char> bytes, repeated;
  caf::binary_serializer write{system, bytes};
  REQUIRE_FALSE(write(const_cast<T&>(what)));
  T result{};
  caf::binary_deserializer read{system, bytes};
  REQUIRE_FALSE(read(result));
  caf::binary_serializer rewrite{system, repeated};
  REQUIRE_FALSE(rewrite(result));
  CHECK(bytes == repeated);
  return result;
}

const centrifuge::payload json{R"({"a":1})", true};
const centrifuge::client_info ann{"ann", "c1", json, {"binary\0", false}};

} // namespace

TEST_CASE("hook messages: what is asked of an actor survives being written and read", "[actors][hooks]") {
  CHECK(again(call{"m", json, ann}).from.conn_info.bytes == json.bytes);
  CHECK(again(subscribe{"a", ann, json}).from.user == "ann");
  CHECK(again(hooks::publish{"a", json, ann}).data.is_json);
  CHECK(again(read_channel{"a", read_channel::part::history, {-1, centrifuge::stream_position{7, "e"}, true}})
          .query.since->offset == 7);
  CHECK_FALSE(again(read_channel{"a"}).query.since);
  CHECK(again(entered{"a", ann}).who.client == "c1");
  CHECK(again(left{"a", ann}).channel == "a");
  CHECK(again(letter{"ann", json, "bob"}).from == "bob");
}

TEST_CASE("hook messages: what an actor answers survives being written and read", "[actors][hooks]") {
  CHECK(again(call_result::fail(404, "no")).error.code == 404);
  CHECK(again(call_result::bye(4500, "out")).close.code == 4500);
  CHECK_FALSE(again(admission::granted(json)).refused);
  CHECK(again(admission::refuse(centrifuge::error_code::permission_denied)).refused ==
        centrifuge::error_code::permission_denied);
  CHECK(again(ruling{.what = ruling::verdict::publish, .tags = {{"k", "v"}}, .key = "k"}).tags.at("k") == "v");
  CHECK(again(answer::text("hi")).replies.at(0).payload() == "hi");
  const auto one = std::make_shared<const centrifuge::publication>(centrifuge::publication{json, ann, 3, "e", {}});
  const auto v = again(view{.presence = centrifuge::presence_result{{{"c1", ann}}},
                            .history = centrifuge::history_page{{one}, {3, "e"}}});
  CHECK(v.presence->clients.at("c1").user == "ann");
  REQUIRE(v.history->publications.size() == 1);
  CHECK(v.history->publications[0]->info->user == "ann");
  CHECK_FALSE(v.refused);
}
