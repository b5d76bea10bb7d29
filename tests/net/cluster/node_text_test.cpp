// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/api/node_text.hpp>
#include <troupe/net/api/reader.hpp>

#include "support/catch.hpp"

using namespace troupe::centrifuge;
using namespace troupe::net::api;

namespace {

template <class Request>
Request again(const Request& r) {
  const auto read = read_request(Request::method, request_text(r));
  REQUIRE(read);
  return std::get<Request>(std::get<command>(*read));
}

} // namespace

TEST_CASE("node text: a request of the API is the same on another node", "[net][cluster]") {
  subscribe_request s;
  s.user = "ann \"\\";
  s.client = "c";
  s.channel = "news:a";
  s.info = {R"({"x": [1, 2]})", true};
  s.b64data = "AP8=";
  s.expire_at = 1'900'000'000;
  s.recover_since = stream_position{7, "epoch"};
  s.overrides.presence = true;
  s.overrides.force_recovery = false;
  const auto read = again(s);
  CHECK((read.user == s.user && read.client == "c" && read.channel == s.channel && read.b64data == s.b64data));
  CHECK(read.info.bytes == s.info.bytes);
  CHECK((read.expire_at == s.expire_at && read.recover_since == s.recover_since));
  CHECK((read.overrides.presence == true && read.overrides.force_recovery == false && !read.overrides.join_leave));

  disconnect_request d;
  d.user = "ann";
  d.whitelist = {"a", "b"};
  d.disconnect = disconnect_notice{4000, "out"};
  const auto out = again(d);
  CHECK((out.whitelist == d.whitelist && out.disconnect->code == 4000 && out.disconnect->reason == "out"));

  refresh_request r;
  r.user = "ann";
  r.expired = true;
  r.info = {"1", true};
  CHECK((again(r).expired && again(r).info.bytes == "1"));
  unsubscribe_request u;
  u.channel = "c";
  CHECK(again(u).channel == "c");
  channels_request c;
  c.pattern = "a*";
  CHECK(again(c).pattern == "a*");
  connections_request all;
  all.limit = 7;
  all.cursor = "1-2";
  CHECK((again(all).limit == 7 && again(all).cursor == "1-2"));
  CHECK(request_text(info_request{}) == "{}");
}

TEST_CASE("node text: an answer of another node says what it said", "[net][cluster]") {
  CHECK(std::get<std::string>(answer_of(enveloped(answer{R"({"a":1})"}))) == R"({"a":1})");
  CHECK(std::get<failure>(answer_of(enveloped(answer{error_code::bad_request}))).code == 107);
  for (const auto* wrong : {"", "x", "[]", "{}", R"({"error":1})"}) CHECK(std::get<failure>(answer_of(wrong)).code == 100);
}

TEST_CASE("node text: one answer is made of those of all nodes", "[net][cluster]") {
  const answer here{R"({"channels":{"a":{"num_clients":2},"b":{"num_clients":1}}})"}, there{R"({"channels":{"a":{"num_clients":3}}})"};
  CHECK(std::get<std::string>(merged("channels", {here, there})) == R"({"channels":{"a":{"num_clients":5},"b":{"num_clients":1}}})");
  CHECK(std::get<std::string>(merged("info", {answer{R"({"nodes":[{"uid":"1"}]})"}, answer{R"({"nodes":[{"uid":"2"}]})"}})) ==
        R"({"nodes":[{"uid":"1"},{"uid":"2"}]})");
  CHECK(std::get<std::string>(merged("disconnect", {answer{"{}"}, answer{"{}"}})) == "{}");
  CHECK(std::get<failure>(merged("disconnect", {answer{"{}"}, answer{error_code::internal}})).code == 100);
}

TEST_CASE("node text: a page goes on with the same node, then with the next one, then not", "[net][cluster]") {
  CHECK(with_cursor_of_node(R"({"connections":[],"cursor":"1-2"})", "a", "b") == R"({"connections":[],"cursor":"a/1-2"})");
  CHECK(with_cursor_of_node(R"({"connections":[]})", "a", "b") == R"({"connections":[],"cursor":"b/"})");
  CHECK(with_cursor_of_node(R"({"connections":[]})", "a", "") == R"({"connections":[]})");
}
