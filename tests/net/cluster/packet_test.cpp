// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "packets.hpp"

#include <troupe/net/cluster/packet_codec.hpp>

#include "support/catch.hpp"

#include <set>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::cluster;
using namespace troupe::net::cluster;

namespace {

packet holding(content what) { return {"9ea1f2ae", 1, 2, 3, 4, std::move(what)}; }

template <class T>
T again(const T& what) {
  auto read = decode_packet(encode(holding(what)));
  REQUIRE(read);
  REQUIRE(std::holds_alternative<T>(read->what));
  return std::get<T>(std::move(read->what));
}

} // namespace

TEST_CASE("packet: one of each kind comes back as it was", "[net][cluster]") {
  std::set<std::size_t> kinds;
  for (const auto& what : test::one_of_each()) {
    INFO("kind " << what.index());
    kinds.insert(what.index());
    const auto written = encode(holding(what));
    const auto read = decode_packet(written);
    REQUIRE(read);
    CHECK(read->what.index() == what.index());
    CHECK((read->from == "9ea1f2ae" && read->session == 1 && read->heard == 2 && read->number == 3 && read->question == 4));
    CHECK(encode(*read) == written);
    CHECK(bytes_of(read->what) == bytes_of(what));
    CHECK(bytes_of(what) + 64 >= written.size() / 2); // budgets are about that
  }
  CHECK(kinds.size() == std::variant_size_v<content> - 1); // all but what is unheard of
}

TEST_CASE("packet: what subscribers get is whole after the way", "[net][cluster]") {
  const client_info who{"u", "c", {"1", true}, {"\xff", false}};
  const auto p = std::make_shared<const publication>(publication{{"\xff", false}, who, 7, "e", {{"k", "v"}}});
  const auto event = again(distant_event{"c", channel_event::kind::published, p, {{}, "key", true, {1, 2, 3}}});
  CHECK(event.publication->data.bytes == "\xff");
  CHECK_FALSE(event.publication->data.is_json);
  CHECK((event.publication->offset == 7 && event.publication->epoch == "e"));
  CHECK(event.publication->info->conn_info.is_json);
  CHECK(event.publication->tags == p->tags);
  CHECK((event.origin.key == "key" && event.origin.delta && event.origin.exclude == connection_handle{1, 2, 3}));
  CHECK(again(distant_event{"c", channel_event::kind::lost, nullptr, {}, unsubscribe_code::server_unsubscribe}).why ==
        unsubscribe_code::server_unsubscribe);
}

TEST_CASE("packet: frames are the same bytes on the other node", "[net][cluster]") {
  const auto text = frame::encode(opcode::text, "a"), binary = frame::encode(opcode::binary, "b");
  for (const auto& what : {text, binary, frame::join(std::vector{text, binary}), frame::raw("\x81\x01x"), frame::encode(opcode::text, "")}) {
    const auto read = again(distant_confirm{{target::everyone(), what, {}, overflow::drop_oldest, "k"}});
    CHECK(read.what.message.bytes() == what.bytes());
    CHECK(read.what.message.count() == what.count());
    CHECK(read.what.message.type() == what.type());
    CHECK(read.what.policy == overflow::drop_oldest);
  }
}

TEST_CASE("packet: an error that this version does not know is an internal one", "[net][cluster]") {
  const auto read = again(publish_answered{static_cast<error_code>(999)});
  CHECK(std::get<error_code>(read.value) == error_code::internal);
}

TEST_CASE("packet: what is of a newer version is let be", "[net][cluster]") {
  const auto read = decode_packet(encode(holding(unheard_of{})));
  REQUIRE(read);
  CHECK(std::holds_alternative<unheard_of>(read->what));
}

TEST_CASE("packet: other bytes are none", "[net][cluster]") {
  CHECK_FALSE(decode_packet(""));
  CHECK_FALSE(decode_packet("hello"));
  CHECK_FALSE(decode_packet("\xff\xff"));
  auto nobody = holding(watching{});
  nobody.from.clear();
  CHECK_FALSE(decode_packet(encode(nobody)));
  auto no_session = holding(watching{});
  no_session.session = 0;
  CHECK_FALSE(decode_packet(encode(no_session)));
}

TEST_CASE("packet: values that no node of this version sends keep their place in the session", "[net][cluster]") {
  using of = decltype(change_membership::in);
  for (const content& what : {content{change_membership{.of = target::everyone(), .in = of::channel, .name = "c"}},
                              content{change_membership{.of = {static_cast<target::kind>(77), {}, {}}, .name = "c"}},
                              content{close_connections{target::everyone(), {static_cast<close_reason>(250), 1, {}}}},
                              content{distant_confirm{}}}) { // no frame
    const auto read = decode_packet(encode(holding(what)));
    REQUIRE(read);
    CHECK(std::holds_alternative<unheard_of>(read->what));
    CHECK(read->number == 3);
  }
}

TEST_CASE("beat: it comes back as it was, and other bytes are none", "[net][cluster]") {
  const auto read = decode_beat(encode(beat{"uid", "host_1", "1.0", true, true}));
  REQUIRE(read);
  CHECK((read->from == "uid" && read->name == "host_1" && read->version == "1.0" && read->leaving && read->gone));
  CHECK_FALSE(decode_beat(""));
  CHECK_FALSE(decode_beat("\xff\xff"));
}
