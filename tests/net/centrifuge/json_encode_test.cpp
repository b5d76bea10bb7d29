// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "samples.hpp"
#include "support/catch.hpp"

using namespace troupe::net::centrifuge;
using namespace troupe::net::centrifuge::test;
using namespace std::chrono_literals;

namespace {

std::string encoded(const reply& message) { return json().encode(message).value(); }
std::string encoded(const push& message) { return json().encode(message).value(); }

const client_info ann{"42", "c1", json_payload(R"({"name":"Ann"})"),
                      json_payload(R"({"role":"x"})")};

} // namespace

TEST_CASE("json: results without content are empty objects", "[net][centrifuge][json]") {
  CHECK(encoded(reply{2, subscribe_result{}}) == R"({"id":2,"subscribe":{}})");
  CHECK(encoded(reply{3, publish_result{}}) == R"({"id":3,"publish":{}})");
  CHECK(encoded(reply{3, unsubscribe_result{}}) == R"({"id":3,"unsubscribe":{}})");
  CHECK(encoded(reply{3, rpc_result{}}) == R"({"id":3,"rpc":{}})");
  CHECK(encoded(reply{3, refresh_result{}}) == R"({"id":3,"refresh":{}})");
  CHECK(encoded(reply{3, sub_refresh_result{}}) == R"({"id":3,"sub_refresh":{}})");
}

TEST_CASE("json: some zero values are written all the same", "[net][centrifuge][json]") {
  CHECK(encoded(reply{5, presence_result{}}) == R"({"id":5,"presence":{"presence":{}}})");
  CHECK(encoded(reply{5, presence_stats_result{}}) ==
        R"({"id":5,"presence_stats":{"num_clients":0,"num_users":0}})");
  CHECK(encoded(reply{5, history_result{}}) ==
        R"({"id":5,"history":{"publications":[],"epoch":"","offset":0}})");
  CHECK(encoded(push{"c", join_push{}}) ==
        R"({"push":{"channel":"c","join":{"info":{"user":"","client":""}}}})");
}

TEST_CASE("json: a publication for a pattern tells its channel and has no offset",
          "[net][centrifuge][json]") {
  publication p{json_payload("1"), client_info{"42", "c1", {}, {}}, 7, "e", {{"t", "x"}}};
  const auto text = [&] {
    return encoded(push{"a.*", rendition{std::make_shared<const publication>(p),
                                         payload_form::plain, {}, "a.b"}});
  };
  CHECK(text() == R"({"push":{"channel":"a.*","pub":{"data":1,"info":{"user":"42","client":"c1"},)"
                  R"("tags":{"channel":"a.b","t":"x"},"channel":"a.b"}}})");
  p.tags["channel"] = "published";
  CHECK(text().find(R"("tags":{"channel":"published","t":"x"},"channel":"a.b")") !=
        std::string::npos);
}

TEST_CASE("json: errors", "[net][centrifuge][json]") {
  CHECK(encoded(reply{1, error_result(error_code::token_expired)}) ==
        R"({"id":1,"error":{"code":109,"message":"token expired"}})");
  CHECK(encoded(reply{1, error_result(error_code::internal)}) ==
        R"({"id":1,"error":{"code":100,"message":"internal server error","temporary":true}})");
}

TEST_CASE("json: connect", "[net][centrifuge][json]") {
  connect_result result;
  result.client = "c1";
  result.version = "1.4.0";
  result.ping = 25s;
  result.pong = true;
  CHECK(encoded(reply{1, result}) ==
        R"({"id":1,"connect":{"client":"c1","version":"1.4.0","ping":25,"pong":true}})");
  result.expires_in = 600s;
  result.data = json_payload(R"({"hello":1})");
  result.time = 1700000000123ms;
  auto& sub = result.subs["#42"];
  sub.recoverable = sub.positioned = true;
  sub.position = {17, "e"};
  CHECK(
      encoded(reply{1, result}) ==
      R"({"id":1,"connect":{"client":"c1","version":"1.4.0","expires":true,"ttl":600,"data":{"hello":1},)"
      R"("subs":{"#42":{"recoverable":true,"epoch":"e","offset":17,"positioned":true}},)"
      R"("ping":25,"pong":true,"time":1700000000123}})");
}

TEST_CASE("json: subscribe with everything", "[net][centrifuge][json]") {
  subscribe_result result;
  result.expires_in = 60s;
  result.positioned = result.recoverable = result.recovered = result.was_recovering = result.delta =
      true;
  result.position = {6, "e"};
  result.publications = {plain(published(R"({"n":7})", 7)), plain(published(R"({"n":8})", 8))};
  result.data = json_payload("1");
  CHECK(
      encoded(reply{2, result}) ==
      R"({"id":2,"subscribe":{"expires":true,"ttl":60,"recoverable":true,"epoch":"e","publications":)"
      R"([{"data":{"n":7},"offset":7},{"data":{"n":8},"offset":8}],"recovered":true,"offset":6,)"
      R"("positioned":true,"data":1,"was_recovering":true,"delta":true}})");
}

TEST_CASE("json: presence, history and rpc", "[net][centrifuge][json]") {
  CHECK(encoded(reply{5, presence_result{{{"c1", ann}}}}) ==
        R"({"id":5,"presence":{"presence":{"c1":{"user":"42","client":"c1",)"
        R"("conn_info":{"name":"Ann"},"chan_info":{"role":"x"}}}}})");
  CHECK(
      encoded(reply{7, history_result{{published(R"({"n":3})", 3)}, {3, "e"}}}) ==
      R"({"id":7,"history":{"publications":[{"data":{"n":3},"offset":3}],"epoch":"e","offset":3}})");
  CHECK(encoded(reply{8, rpc_result{json_payload(R"({"b":2})")}}) ==
        R"({"id":8,"rpc":{"data":{"b":2}}})");
}

TEST_CASE("json: a time to live is never left out and never too long", "[net][centrifuge][json]") {
  const auto with = [](std::chrono::seconds left) {
    return encoded(reply{9, refresh_result{left}});
  };
  CHECK(with(600s) == R"({"id":9,"refresh":{"expires":true,"ttl":600}})");
  CHECK(with(0s) == R"({"id":9,"refresh":{"expires":true,"ttl":1}})");
  CHECK(with(-5s) == R"({"id":9,"refresh":{"expires":true,"ttl":1}})");
  CHECK(with(24h * 366) == R"({"id":9,"refresh":{"expires":true,"ttl":31536000}})");
}

TEST_CASE("json: publications", "[net][centrifuge][json]") {
  publication full;
  full.data = json_payload(R"({"t":"x"})");
  full.offset = 9;
  full.epoch = "e"; // not written
  full.info = ann;
  full.tags = {{"k", "v"}};
  const auto what = std::make_shared<const publication>(full);
  CHECK(encoded(push{"chat:1", plain(what)}) ==
        R"({"push":{"channel":"chat:1","pub":{"data":{"t":"x"},"info":{"user":"42","client":"c1",)"
        R"("conn_info":{"name":"Ann"},"chan_info":{"role":"x"}},"offset":9,"tags":{"k":"v"}}}})");
  CHECK(encoded(push{"c", plain(published("1"))}) ==
        R"({"push":{"channel":"c","pub":{"data":1}}})");
}

TEST_CASE("json: subscribers with deltas get strings", "[net][centrifuge][json]") {
  const auto what = published("{\"a\":\n1}", 1);
  CHECK(encoded(push{"d", rendition{what, payload_form::full, {}}}) ==
        R"({"push":{"channel":"d","pub":{"data":"{\"a\":\n1}","offset":1}}})");
  CHECK(
      encoded(push{"d", rendition{what, payload_form::delta, "13\nB@0,1:1s@C,2~LGwe;"}}) ==
      R"({"push":{"channel":"d","pub":{"data":"13\nB@0,1:1s@C,2~LGwe;","delta":true,"offset":1}}})");
}

TEST_CASE("json: other pushes", "[net][centrifuge][json]") {
  CHECK(encoded(push{"c", leave_push{{"42", "c1", {}, {}}}}) ==
        R"({"push":{"channel":"c","leave":{"info":{"user":"42","client":"c1"}}}})");
  CHECK(encoded(push{"c", unsubscribe_push{unsubscribe_code::server_unsubscribe}}) ==
        R"({"push":{"channel":"c","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})");
  subscribe_push subscribe;
  subscribe.positioned = subscribe.recoverable = true;
  subscribe.position = {5, "e"};
  subscribe.data = json_payload("{}");
  CHECK(
      encoded(push{"c", subscribe}) ==
      R"({"push":{"channel":"c","subscribe":{"recoverable":true,"epoch":"e","offset":5,"positioned":true,"data":{}}}})");
  CHECK(encoded(push{"", message_push{json_payload("{}")}}) ==
        R"({"push":{"message":{"data":{}}}})");
  CHECK(encoded(push{"", refresh_push{60s}}) ==
        R"({"push":{"refresh":{"expires":true,"ttl":60}}})");
}

TEST_CASE("json: clients without a WebSocket are told where to send their commands, and why they have to go",
          "[net][centrifuge][json]") {
  connect_result connect;
  connect.client = "c1";
  connect.where = {"0.s", "n"};
  CHECK(encoded(reply{1, connect}) ==
        R"({"id":1,"connect":{"client":"c1","session":"0.s","node":"n"}})");
  CHECK(encoded(push{"", disconnect_push{3000, "a \"reason\""}}) ==
        R"({"push":{"disconnect":{"code":3000,"reason":"a \"reason\""}}})");
}

TEST_CASE("json: payloads are written as they are but on one line", "[net][centrifuge][json]") {
  CHECK(encoded(push{"c", plain(published("\n{\"a\":\n\n1 }\n"))}) ==
        R"({"push":{"channel":"c","pub":{"data":{"a":1 }}}})");
}

TEST_CASE("json: texts are escaped", "[net][centrifuge][json]") {
  publication tagged;
  tagged.data = json_payload("1");
  tagged.tags = {{"quote\"", "back\\slash"},
                 {"line\n", std::string("\0\x1f\x7f", 3)},
                 {"\u20ac", "</script>"}};
  const auto text = encoded(push{"a\"b\n", plain(std::make_shared<const publication>(tagged))});
  CHECK(text == R"({"push":{"channel":"a\"b\n","pub":{"data":1,"tags":{"line\n":"\u0000\u001f)"
                "\x7f"
                R"(","quote\"":"back\\slash","€":"</script>"}}}})");
  CHECK(is_json(text));
  // Longer than any buffer on the way.
  const std::string channel = std::string(2000, '"') + std::string(2000, 'x');
  CHECK(is_json(encoded(push{channel, join_push{}})));
}

TEST_CASE("json: a payload that is not JSON cannot be written", "[net][centrifuge][json]") {
  const payload binary{"\xff\xfe", false};
  publication raw;
  raw.data = binary;
  const auto what = std::make_shared<const publication>(raw);
  const client_info with_binary_info{"42", "c1", binary, {}};
  for (const auto form : {payload_form::plain, payload_form::full, payload_form::delta})
    CHECK_FALSE(json().encode(push{"c", rendition{what, form, "x"}}));
  CHECK_FALSE(json().encode(push{"c", join_push{with_binary_info}}));
  CHECK_FALSE(json().encode(reply{1, rpc_result{binary}}));
  CHECK_FALSE(json().encode(reply{1, history_result{{what}, {}}}));
  CHECK_FALSE(json().encode(reply{1, presence_result{{{"c1", with_binary_info}}}}));
}

TEST_CASE("json: messages in one frame are separated by single newlines",
          "[net][centrifuge][json]") {
  std::string frame;
  json().join(frame, "{}");
  json().join(frame, R"({"id":1,"publish":{}})");
  CHECK(frame == "{}\n{\"id\":1,\"publish\":{}}");
  CHECK(json().ping() == "{}");
}
