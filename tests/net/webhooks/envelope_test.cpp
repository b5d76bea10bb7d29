// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/webhooks/internal/envelope.hpp>

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace troupe;
using namespace troupe::net::webhooks;
using namespace troupe::net::webhooks::internal;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

const std::chrono::system_clock::time_point now{1'700'000'000s};

asking_client ann(transport_kind over = transport_kind::centrifuge_json) {
  return {"c1", "ann", over, R"({"tier":3})", {}};
}

envelope enveloped(std::string_view body) {
  auto e = read_envelope(body);
  REQUIRE(e);
  return *e;
}

const webhook_options plain;
const webhook_options with_meta{.include_connection_meta = true};
const webhook_options binary{.binary_encoding = true};

} // namespace

TEST_CASE("webhook question: connect tells the client, its data and what it asks for", "[net][webhooks]") {
  ask_connect m{ann(), {R"({"a":1})", true}, "js", "1.2", {"news"}};
  m.who.user.clear();
  CHECK(json::parse(text_of(m, plain)) == json::parse(R"({"client":"c1","transport":"websocket","protocol":"json",
    "encoding":"json","data":{"a":1},"name":"js","version":"1.2","channels":["news"]})"));
}

TEST_CASE("webhook question: how a client without a WebSocket is connected is told", "[net][webhooks]") {
  const auto told = [](transport_kind over) {
    const auto question = json::parse(text_of(ask_refresh{ann(over)}, plain));
    return std::pair{question["transport"].get<std::string>(), question["protocol"].get<std::string>()};
  };
  CHECK(told(transport_kind::http_stream_json) == std::pair<std::string, std::string>{"http_stream", "json"});
  CHECK(told(transport_kind::http_stream_protobuf) == std::pair<std::string, std::string>{"http_stream", "protobuf"});
  CHECK(told(transport_kind::sse_json) == std::pair<std::string, std::string>{"sse", "json"});
}

TEST_CASE("webhook question: the others tell user, channel or method, and meta if they may", "[net][webhooks]") {
  const payload data{R"("x")", true};
  CHECK(json::parse(text_of(ask_refresh{ann()}, plain)) ==
        json::parse(R"({"client":"c1","transport":"websocket","protocol":"json","encoding":"json","user":"ann"})"));
  CHECK(json::parse(text_of(ask_refresh{ann()}, with_meta))["meta"] == json{{"tier", 3}});
  CHECK(json::parse(text_of(ask_subscribe{ann(), "news", data}, plain)) ==
        json::parse(R"({"client":"c1","transport":"websocket","protocol":"json","encoding":"json","user":"ann",
          "channel":"news","data":"x"})"));
  CHECK(json::parse(text_of(ask_publish{ann(transport_kind::centrifuge_protobuf), "news", data}, with_meta)) ==
        json::parse(R"({"client":"c1","transport":"websocket","protocol":"protobuf","encoding":"json","user":"ann",
          "channel":"news","data":"x","meta":{"tier":3}})"));
  CHECK(json::parse(text_of(ask_sub_refresh{ann(), "news"}, plain))["channel"] == "news");
  const hooks::call call{"add", data, {"ann", "c1", {}, {}}};
  CHECK(json::parse(text_of(call, plain)) ==
        json::parse(R"({"client":"c1","transport":"websocket","protocol":"json","encoding":"json","user":"ann",
          "method":"add","data":"x"})"));
}

TEST_CASE("webhook question: bytes that are no JSON travel in Base64, and all do if it is wanted", "[net][webhooks]") {
  const auto bytes = json::parse(text_of(ask_publish{ann(), "news", {"\x01\xff", false}}, plain));
  CHECK(bytes["encoding"] == "binary");
  CHECK(bytes["b64data"] == "Af8=");
  CHECK_FALSE(bytes.contains("data"));
  const auto wanted = json::parse(text_of(ask_publish{ann(), "news", {"{}", true}}, binary));
  CHECK(wanted["encoding"] == "binary");
  CHECK(wanted["b64data"] == "e30=");
}

TEST_CASE("webhook question: payloads keep their bytes", "[net][webhooks]") {
  const auto text = text_of(ask_publish{ann(), "news", {"123456789012345678901234567890.10", true}}, plain);
  CHECK(text.find(R"("data":123456789012345678901234567890.10)") != text.npos);
}

TEST_CASE("webhook answer: a result, an error or a disconnect, which wins", "[net][webhooks]") {
  CHECK(enveloped(R"({"result":{}})").result);
  CHECK_FALSE(enveloped("{}").result);
  CHECK_FALSE(enveloped(R"({"result":null})").result);
  const auto error = enveloped(R"({"error":{"code":1000,"message":"no","temporary":true}})");
  REQUIRE(error.denied);
  CHECK(error.denied->error.code == 1000);
  CHECK(error.denied->error.message == "no");
  CHECK(error.denied->error.temporary);
  CHECK(error.denied->close.reason == close_reason::none);
  const auto both = enveloped(R"({"error":{"code":1000},"disconnect":{"code":4501,"reason":"bye"},"result":{}})");
  CHECK(both.denied->close.code == 4501);
  CHECK(both.denied->close.text == "bye");
  CHECK_FALSE(both.result);
}

TEST_CASE("webhook answer: what is none is refused", "[net][webhooks]") {
  for (const auto* body : {"", "x", "[]", "1", R"({"error":{"code":399}})", R"({"error":{"code":2000}})", R"({"error":1})",
                           R"({"disconnect":{"code":3999}})", R"({"disconnect":{"code":5000}})", R"({"error":{"code":"400"}})"}) {
    CAPTURE(body);
    CHECK_FALSE(read_envelope(body));
  }
  for (const auto* body : {R"({"error":{"code":400}})", R"({"error":{"code":1999}})", R"({"disconnect":{"code":4000}})",
                           R"({"disconnect":{"code":4999}})"}) {
    CAPTURE(body);
    CHECK(read_envelope(body));
  }
}

TEST_CASE("webhook answer: connect says who it is, until when, and where it is subscribed", "[net][webhooks]") {
  const auto ruling = as_connect(enveloped(R"({"result":{"user":"42","expire_at":1700000600,"info":{"name":"Ann"},
    "data":{"hello":1},"channels":["ignored"],"subs":{"news":{"info":"x","override":{"presence":{"value":true}}}},
    "meta":{"tier":3},"labels":["vip"]}})"), now);
  REQUIRE(ruling);
  const auto& yes = std::get<admittance>(ruling->value);
  CHECK(yes.grant.user == "42");
  CHECK(yes.grant.expires_in == 600s);
  CHECK(yes.grant.info.bytes == R"({"name":"Ann"})");
  CHECK(yes.data.bytes == R"({"hello":1})");
  REQUIRE(yes.grant.subs.size() == 1);
  CHECK(yes.grant.subs.at("news").overrides.presence == true);
  CHECK(json::parse(yes.grant.meta) == json{{"tier", 3}});
  CHECK(yes.grant.labels == std::vector<std::string>{"vip"});
  const auto channels = as_connect(enveloped(R"({"result":{"channels":["a","b"]}})"), now);
  CHECK(std::get<admittance>(channels->value).grant.subs.size() == 2);
}

TEST_CASE("webhook answer: connect without a result has no opinion, and one that is over is expired", "[net][webhooks]") {
  CHECK(std::holds_alternative<no_opinion>(as_connect(enveloped("{}"), now)->value));
  const auto over = as_connect(enveloped(R"({"result":{"user":"42","expire_at":1699999999}})"), now);
  CHECK(std::get<denial>(over->value).error.code == 110);
  CHECK_FALSE(as_connect(enveloped(R"({"result":{"user":42}})"), now));
  CHECK_FALSE(as_connect(enveloped(R"({"result":{"user":"a","user":"b"}})"), now));
}

TEST_CASE("webhook answer: refresh renews, or ends", "[net][webhooks]") {
  const auto renewed = as_refresh(enveloped(R"({"result":{"expire_at":1700000060,"info":"i","meta":1}})"), now);
  const auto& yes = std::get<renewal>(renewed->value);
  CHECK(yes.expires_in == 60s);
  CHECK(yes.info.bytes == R"("i")");
  CHECK_FALSE(std::get<renewal>(as_refresh(enveloped(R"({"result":{}})"), now)->value).expires_in);
  for (const auto* body : {"{}", R"({"result":{"expired":true}})", R"({"result":{"expire_at":1700000000}})"}) {
    CAPTURE(body);
    CHECK(std::holds_alternative<time_is_over>(as_refresh(enveloped(body), now)->value));
  }
  CHECK(std::holds_alternative<denial>(as_refresh(enveloped(R"({"disconnect":{"code":4000}})"), now)->value));
  CHECK_FALSE(as_refresh(enveloped(R"({"result":{"expired":1}})"), now));
}

TEST_CASE("webhook answer: subscribe brings terms, without a result it is none", "[net][webhooks]") {
  const auto ruling = as_subscribe(enveloped(R"({"result":{"expire_at":1700000060,"b64info":"e30=","data":2,
    "override":{"join_leave":{"value":false}}}})"), now);
  const auto& yes = std::get<subscription_admittance>(ruling->value);
  CHECK(yes.expires_in == 60s);
  CHECK(yes.terms.info.bytes == "{}");
  CHECK(yes.terms.data.bytes == "2");
  CHECK(yes.terms.overrides.join_leave == false);
  CHECK_FALSE(as_subscribe(enveloped("{}"), now));
  CHECK(std::get<denial>(as_subscribe(enveloped(R"({"result":{"expire_at":1}})"), now)->value).error.code == 110);
}

TEST_CASE("webhook answer: publish may change everything about a publication", "[net][webhooks]") {
  const auto ruling = as_publish(enveloped(R"({"result":{"data":12345678901234567890123,"skip_history":true,
    "tags":{"k":"v"},"idempotency_key":"i","delta":true,"version":7,"version_epoch":"e"}})"));
  const auto& terms = std::get<publication_terms>(ruling->value);
  CHECK(terms.data.bytes == "12345678901234567890123");
  CHECK(terms.skip_history);
  CHECK(terms.tags == tag_map{{"k", "v"}});
  CHECK(terms.idempotency_key == "i");
  CHECK(terms.delta);
  CHECK(terms.version == 7);
  CHECK(terms.version_epoch == "e");
  CHECK(std::get<publication_terms>(as_publish(enveloped(R"({"result":{}})"))->value).data.empty());
  CHECK_FALSE(as_publish(enveloped("{}")));
  CHECK_FALSE(as_publish(enveloped(R"({"result":{"b64data":"?"}})")));
}

TEST_CASE("webhook answer: a call returns data, an error or the end", "[net][webhooks]") {
  CHECK(as_call(enveloped(R"({"result":{"data":{"b":2}}})"))->data.bytes == R"({"b":2})");
  CHECK(as_call(enveloped(R"({"result":{"b64data":"Af8="}})"))->data.bytes == "\x01\xff");
  CHECK(as_call(enveloped(R"({"error":{"code":400,"message":"m"}})"))->error.code == 400);
  CHECK(as_call(enveloped(R"({"disconnect":{"code":4000,"reason":"r"}})"))->close.code == 4000);
  CHECK_FALSE(as_call(enveloped("{}")));
}
