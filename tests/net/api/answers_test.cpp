// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/api/answers.hpp>

#include "support/catch.hpp"

#include <memory>
#include <string>

using namespace troupe::net::api;
using namespace troupe::centrifuge;

TEST_CASE("api answers: a publication tells its position, if it has one", "[net][api][answers]") {
  CHECK(to_json(troupe::net::api::publish_result{{12, "ep"}}) == R"({"offset":12,"epoch":"ep"})");
  CHECK(to_json(troupe::net::api::publish_result{}) == "{}");
}

TEST_CASE("api answers: history always tells publications, epoch and offset", "[net][api][answers]") {
  CHECK(to_json(history_page{{}, {0, "ep"}}) == R"({"publications":[],"epoch":"ep","offset":0})");
  const auto p = std::make_shared<const publication>(
    publication{{"{\"a\":\n1}", true}, client_info{"42", "c1", {}, {}}, 3, "ep", {{"k", "v"}}});
  const auto b = std::make_shared<const publication>(publication{{"\xff\xfe", false}, {}, 4, "ep", {}});
  CHECK(to_json(history_page{{p, b}, {4, "ep"}}) ==
        R"({"publications":[{"data":{"a":1},"info":{"user":"42","client":"c1"},"offset":3,"tags":{"k":"v"}},)"
        R"({"b64data":"//4=","offset":4}],"epoch":"ep","offset":4})");
}

TEST_CASE("api answers: presence", "[net][api][answers]") {
  presence_result all;
  CHECK(to_json(all) == R"({"presence":{}})");
  all.clients["c1"] = {"", "c1", {"{\"n\":1}", true}, {"2", true}};
  CHECK(to_json(all) ==
        R"({"presence":{"c1":{"user":"","client":"c1","conn_info":{"n":1},"chan_info":2}}})");
  CHECK(to_json(presence_stats_result{}) == R"({"num_clients":0,"num_users":0})");
}

TEST_CASE("api answers: channels and nodes", "[net][api][answers]") {
  CHECK(to_json(channels_result{}) == R"({"channels":{}})");
  CHECK(to_json(channels_result{{{"a\"b", {3}}}}) == R"({"channels":{"a\"b":{"num_clients":3}}})");
  CHECK(to_json(info_result{{{"u", "n", "1", 1, 2, 3, 0, 4}}}) ==
        R"({"nodes":[{"uid":"u","name":"n","version":"1","num_clients":1,"num_users":2,"num_channels":3,)"
        R"("num_subs":4}]})");
}

TEST_CASE("api answers: envelopes", "[net][api][answers]") {
  const answer good{std::string{"{}"}};
  const answer bad{error_code::unknown_channel};
  CHECK(enveloped(good) == R"({"result":{}})");
  CHECK(enveloped(bad) == R"({"error":{"code":102,"message":"unknown channel"}})");
  CHECK(enveloped(answer{error_code::method_not_found}) == R"({"error":{"code":104,"message":"not found"}})");
  CHECK(broadcast_json({good, bad}) ==
        R"({"responses":[{"result":{}},{"error":{"code":102,"message":"unknown channel"}}]})");
  CHECK(batch_json({good, bad}, {"publish", "presence"}) ==
        R"({"replies":[{"publish":{}},{"error":{"code":102,"message":"unknown channel"}}]})");
  CHECK(batch_json({}, {}) == R"({"replies":[]})");
  CHECK(legacy_json({"7", true}, good) == R"({"id":7,"result":{}})");
  CHECK(legacy_json({}, bad) == R"({"error":{"code":102,"message":"unknown channel"}})");
}

TEST_CASE("api answers: every error has a status", "[net][api][answers]") {
  CHECK(http_status(error_code::internal) == 500);
  CHECK(http_status(error_code::unknown_channel) == 404);
  CHECK(http_status(error_code::method_not_found) == 404);
  CHECK(http_status(error_code::bad_request) == 400);
  CHECK(http_status(error_code::not_available) == 400);
  CHECK(http_status(error_code::unrecoverable_position) == 416);
  CHECK(http_status(error_code::limit_exceeded) == 503);
  CHECK(http_status(error_code::too_many_requests) == 429);
}
