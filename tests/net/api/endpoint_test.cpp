// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/api/endpoint.hpp>

#include "support/catch.hpp"

#include <string>

using namespace troupe::net;
using namespace troupe::net::api;

namespace {

endpoint with_key(std::string key = "k") {
  api_options o;
  o.key = std::move(key);
  return endpoint{o, {}};
}

request_head post(std::string_view target) {
  return {.method = "POST", .target = target, .x_api_key = "k", .authorization = {}, .error_mode = {}};
}

/// The status a request is refused with; 0 if it is not.
unsigned refusal(const endpoint& at, const request_head& head) {
  const auto refused = at.refuse(head);
  return refused ? refused->status : 0;
}

} // namespace

TEST_CASE("api endpoint: it serves what lies below /api but for its description", "[net][api][endpoint]") {
  for (const auto* ours : {"/api", "/api?x=1", "/api/", "/api/publish", "/api/publish?a=/b", "/api/nothing"})
    CHECK(endpoint::serves(ours));
  for (const auto* others : {"/", "/apis", "/ap", "/api/openapi.json", "/api/openapi.json?x", "/v1/api"})
    CHECK_FALSE(endpoint::serves(others));
}

TEST_CASE("api endpoint: only POST, only methods that are there", "[net][api][endpoint]") {
  const auto at = with_key();
  CHECK(refusal(at, post("/api/publish")) == 0);
  CHECK(refusal(at, post("/api")) == 0);
  CHECK(refusal(at, post("/api/")) == 0);
  CHECK(refusal(at, post("/api/nothing")) == 404);
  CHECK(refusal(at, post("/api/publish/")) == 404);
  auto get = post("/api/publish");
  get.method = "GET";
  CHECK(refusal(at, get) == 405);
}

TEST_CASE("api endpoint: the key comes in either header or the query", "[net][api][endpoint]") {
  const auto at = with_key("k&");
  auto head = post("/api/info");
  head.x_api_key.reset();
  CHECK(refusal(at, head) == 401);
  head.x_api_key = "k&";
  CHECK(refusal(at, head) == 0);
  head.x_api_key.reset();
  for (const auto* authorization : {"apikey k&", "APIKEY k&", "ApiKey k&"}) {
    head.authorization = authorization;
    CHECK(refusal(at, head) == 0);
  }
  for (const auto* authorization : {"apikey", "apikey ", "apikey  k&", "apikey k", "Bearer k&", "k&"}) {
    head.authorization = authorization;
    CHECK(refusal(at, head) == 401);
  }
  head.target = "/api/info?x=1&api_key=k%26";
  CHECK(refusal(at, head) == 0);
  head.target = "/api/info?api_key=k";
  CHECK(refusal(at, head) == 401);
}

TEST_CASE("api endpoint: another key takes the place of the one before, and none refuses all", "[net][api][endpoint]") {
  auto at = with_key("k");
  auto head = post("/api/info");
  CHECK(refusal(at, head) == 0);
  at.change_key("l");
  CHECK(refusal(at, head) == 401);
  head.x_api_key = "l";
  CHECK(refusal(at, head) == 0);
  at.change_key("");
  CHECK(refusal(at, head) == 401);
}

TEST_CASE("api endpoint: a wrong X-API-Key hides Authorization but not the query", "[net][api][endpoint]") {
  const auto at = with_key();
  auto head = post("/api/info");
  head.x_api_key = "wrong";
  head.authorization = "apikey k";
  CHECK(refusal(at, head) == 401);
  head.target = "/api/info?api_key=k";
  CHECK(refusal(at, head) == 0);
}

TEST_CASE("api endpoint: a method that is not there is told only to those with the key",
          "[net][api][endpoint]") {
  auto head = post("/api/nothing");
  head.x_api_key = "wrong";
  CHECK(refusal(with_key(), head) == 401);
}

TEST_CASE("api endpoint: without a configured key nobody gets in, unless it is insecure",
          "[net][api][endpoint]") {
  auto head = post("/api/info");
  for (const auto* key : {"", "k"}) {
    head.x_api_key = key;
    CHECK(refusal(with_key(""), head) == 401);
  }
  api_options open;
  open.insecure = true;
  CHECK(refusal(endpoint{open, {}}, head) == 0);
}
