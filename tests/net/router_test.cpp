// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/router.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace {

using namespace troupe::net;

constexpr page home{"/", "text/html; charset=utf-8", "<p>home"};
constexpr page script{"/client.js", "text/javascript", "1;"};
constexpr page guarded{.path = "/guarded", .content_type = "text/html", .body = "<p>", .policy = "default-src 'none'"};
constexpr page hashed{.path = "/a-1f.js", .content_type = "text/javascript", .body = "1;",
                      .keep = page_keeping::forever};

router with_pages(const websocket_options& options = {}) {
  router routes;
  routes.add("/", serve(home));
  routes.add("/client.js", serve(script));
  routes.add_websocket(options);
  return routes;
}

request_view get(std::string_view target) {
  return {.method = "GET", .target = target, .host = "service.test"};
}

request_view upgrade(std::string_view target) {
  auto request = get(target);
  request.wants_websocket = true;
  return request;
}

request_view upgrade_from(std::string_view origin) {
  auto request = upgrade("/ws");
  request.origin = origin;
  request.has_origin = true;
  return request;
}

} // namespace

TEST_CASE("router: what is posted reaches its handler, other methods do not", "[net][router]") {
  router routes;
  routes.add("/act", [](const request_view& r) { return decision{.body = std::string{r.authorization} + '|' + std::string{r.body}}; },
             router::method::post);
  auto request = get("/act?a=b");
  CHECK(routes.route(request).status == 405);
  CHECK(routes.route(request).extra_value == "POST");
  request.method = "POST";
  request.authorization = "Bearer x";
  request.body = "{}";
  CHECK(routes.route(request).body == "Bearer x|{}");
}

TEST_CASE("router: a page is kept by nobody unless it says so, and brings its policy", "[net][router]") {
  router routes;
  for (const auto& one : {home, guarded, hashed}) routes.add(std::string{one.path}, serve(one));
  CHECK(routes.route(get("/")).cache_control == "no-store");
  CHECK(routes.route(get("/")).policy.empty());
  CHECK(routes.route(get("/guarded")).cache_control == "no-store");
  CHECK(routes.route(get("/guarded")).policy == guarded.policy);
  CHECK(routes.route(get("/a-1f.js")).cache_control == "max-age=31536000, immutable");
  CHECK(routes.route(get("/x")).cache_control == "no-store");
}

TEST_CASE("router: a page is served under its exact path, whatever the query", "[net][router]") {
  const auto routes = with_pages();
  for (const std::string_view target : {"/", "/?", "/?a=b", "/?/client.js"}) {
    const auto d = routes.route(get(target));
    CHECK(d.status == 200);
    CHECK(d.content_type == home.content_type);
    CHECK(d.body == home.body);
  }
  CHECK(routes.route(get("/client.js")).body == script.body);
  for (const std::string_view target : {"", "//", "/x", "/client.jsx", "/client.js/", "/CLIENT.JS",
                                        "/../", "*", "http://service.test/"}) {
    CAPTURE(target);
    CHECK(routes.route(get(target)).status == 404);
  }
}

TEST_CASE("router: a later page of the same path replaces the former", "[net][router]") {
  auto routes = with_pages();
  routes.add("/", serve(script));
  CHECK(routes.route(get("/")).body == script.body);
}

TEST_CASE("router: pages take GET and HEAD and name them to others", "[net][router]") {
  const auto routes = with_pages();
  auto request = get("/");
  request.method = "HEAD";
  CHECK(routes.route(request).status == 200);
  for (const std::string_view method : {"POST", "PUT", "DELETE", "OPTIONS", "get", "BREW", ""}) {
    CAPTURE(method);
    request.method = method;
    const auto d = routes.route(request);
    CHECK(d.status == 405);
    CHECK(d.extra_header == "Allow");
    CHECK(d.extra_value == "GET, HEAD");
  }
}

TEST_CASE("router: an upgrade of a WebSocket path gets 101, with the group it names",
          "[net][router]") {
  const auto routes = with_pages();
  CHECK(routes.route(upgrade("/ws")).status == 101);
  CHECK(routes.route(upgrade("/ws")).group.empty());
  CHECK(routes.route(upgrade("/ws?token=x")).group.empty());
  const struct {
    std::string_view target;
    std::string_view group;
  } table[] = {
      {"/ws/lobby", "lobby"},
      {"/ws/lobby?x=/y", "lobby"},
      {"/ws/a%20b", "a b"},
      {"/ws/a+b", "a+b"},
      {"/ws/a/b", "a/b"},
      {"/ws/a%2Fb", "a/b"},
      {"/ws/a%2fb", "a/b"},
      {"/ws/%41", "A"},
      {"/ws/%25", "%"},
      {"/ws/%2541", "%41"}, // decoded once
      {"/ws/%3F", "?"},
      {"/ws/gr%C3%BC%C3%9Fe", "gr\xc3\xbc\xc3\x9f"
                              "e"},
      {"/ws/gr\xc3\xbc\xc3\x9f"
       "e",
       "gr\xc3\xbc\xc3\x9f"
       "e"},
      {"/ws/%80", "\x80"},
  };
  for (const auto& row : table) {
    CAPTURE(row.target);
    const auto d = routes.route(upgrade(row.target));
    CHECK(d.status == 101);
    CHECK(d.group == row.group);
  }
}

TEST_CASE("router: a route is upgraded under its exact path", "[net][router]") {
  auto routes = with_pages();
  routes.add_route("/game/1");
  CHECK(routes.route(upgrade("/game/1")).status == 101);
  CHECK(routes.route(upgrade("/game/1?token=x")).route == "/game/1");
  CHECK(routes.route(upgrade("/ws")).route.empty());
  CHECK(routes.route(get("/game/1")).status == 426);
  for (const std::string_view target : {"/game", "/game/", "/game/12", "/game/1/", "/GAME/1"}) {
    CAPTURE(target);
    CHECK(routes.route(upgrade(target)).status == 404);
  }
  auto foreign = upgrade("/game/1");
  foreign.origin = "http://other.test";
  foreign.has_origin = true;
  CHECK(routes.route(foreign).status == 403);
}

TEST_CASE("router: a group name that is empty, too long, malformed or unprintable gets 400",
          "[net][router]") {
  const auto routes = with_pages();
  for (const std::string_view target :
       {"/ws/", "/ws/?x", "/ws/%", "/ws/%4", "/ws/a%", "/ws/a%4", "/ws/%zz", "/ws/%4g", "/ws/%-1",
        "/ws/%00", "/ws/a%0d%0aSet-Cookie:x", "/ws/%1b[2J", "/ws/%7f", "/ws/\x01"}) {
    CAPTURE(target);
    const auto d = routes.route(upgrade(target));
    CHECK(d.status == 400);
    CHECK(d.body == "invalid group name\n"); // nothing of the client's text
  }
  CHECK(routes.route(upgrade("/ws/" + std::string(128, 'g'))).status == 101);
  CHECK(routes.route(upgrade("/ws/" + std::string(129, 'g'))).status == 400);
  std::string encoded = "/ws/";
  for (int i = 0; i < 128; ++i)
    encoded += "%67"; // what counts is the name, not how it is spelled
  CHECK(routes.route(upgrade(encoded)).status == 101);
}

TEST_CASE("router: what only begins like the WebSocket path is not found", "[net][router]") {
  const auto routes = with_pages();
  for (const std::string_view target : {"/wsx", "/w", "/WS", "//ws", "/ws%2Flobby"}) {
    CAPTURE(target);
    CHECK(routes.route(upgrade(target)).status == 404);
  }
}

TEST_CASE("router: without WebSocket routes their path is not found", "[net][router]") {
  router routes;
  routes.add("/", serve(home));
  CHECK(routes.route(upgrade("/ws")).status == 404);
  CHECK(routes.route(get("/")).status == 200);
}

TEST_CASE("router: the WebSocket path asks for an upgrade with 426 and takes only GET",
          "[net][router]") {
  const auto routes = with_pages();
  for (const std::string_view target : {"/ws", "/ws/lobby"}) {
    const auto d = routes.route(get(target));
    CHECK(d.status == 426);
    CHECK(d.extra_header == "Upgrade");
    CHECK(d.extra_value == "websocket");
  }
  for (const std::string_view method : {"HEAD", "POST", "OPTIONS"}) {
    auto request = upgrade("/ws");
    request.method = method;
    const auto d = routes.route(request);
    CHECK(d.status == 405);
    CHECK(d.extra_value == "GET");
  }
}

TEST_CASE("router: a page is upgraded by nobody", "[net][router]") {
  CHECK(with_pages().route(upgrade("/")).status == 200);
}

TEST_CASE("router: other origins may connect from when they are told", "[net][router]") {
  auto routes = with_pages({.allowed_origins = {"http://one.test"}});
  CHECK(routes.route(upgrade_from("http://two.test")).status == 403);
  CHECK(routes.route(upgrade("/ws")).status == 101);
  routes.change_origins({.allowed_origins = {"http://two.test"}, .allow_missing_origin = false});
  CHECK(routes.route(upgrade_from("http://two.test")).status == 101);
  CHECK(routes.route(upgrade_from("http://one.test")).status == 403);
  CHECK(routes.route(upgrade("/ws")).status == 403);
}

TEST_CASE("router: an upgrade from a foreign page gets 403", "[net][router]") {
  const auto same_origin = with_pages();
  CHECK(same_origin.route(upgrade_from("http://service.test")).status == 101);
  CHECK(same_origin.route(upgrade_from("http://evil.test")).status == 403);
  CHECK(same_origin.route(upgrade_from("null")).status == 403);
  CHECK(same_origin.route(upgrade_from("")).status == 403); // present and empty is not missing

  const auto listed = with_pages({.allowed_origins = {"https://app.test"}});
  CHECK(listed.route(upgrade_from("https://app.test")).status == 101);
  CHECK(listed.route(upgrade_from("http://service.test")).status == 403);
}

TEST_CASE("router: a request without an origin passes unless one is required", "[net][router]") {
  CHECK(with_pages().route(upgrade("/ws")).status == 101);
  const auto strict = with_pages({.allow_missing_origin = false});
  CHECK(strict.route(upgrade("/ws")).status == 403);
  CHECK(strict.route(upgrade_from("http://service.test")).status == 101);
  CHECK(strict.route(get("/")).status == 200);
}

TEST_CASE("router: the Centrifuge protocol has a path of its own", "[net][router]") {
  const auto routes = with_pages();
  CHECK_FALSE(routes.route(upgrade("/ws")).centrifuge);
  const auto d = routes.route(upgrade("/connection/websocket"));
  CHECK(d.status == 101);
  REQUIRE(d.centrifuge);
  CHECK(d.centrifuge->format == troupe::centrifuge::encoding::json);
  CHECK(d.centrifuge->subprotocol.empty());
  CHECK_FALSE(d.centrifuge->frame_pings);
  CHECK(routes.route(upgrade("/connection/websocket/")).status == 404);
  CHECK(routes.route(upgrade("/connection")).status == 404);
  CHECK(routes.route(get("/connection/websocket")).status == 426);
  auto foreign = upgrade_from("http://evil.test");
  foreign.target = "/connection/websocket";
  CHECK(routes.route(foreign).status == 403);
}

TEST_CASE("router: the first sub-protocol that is known is confirmed", "[net][router]") {
  const auto routes = with_pages();
  const auto offering = [&](std::string_view offers) {
    auto request = upgrade("/connection/websocket");
    request.subprotocols = offers;
    return routes.route(request).centrifuge.value();
  };
  using troupe::centrifuge::encoding;
  CHECK(offering("centrifuge-protobuf").format == encoding::protobuf);
  CHECK(offering("centrifuge-protobuf").subprotocol == "centrifuge-protobuf");
  CHECK(offering("foo,\tcentrifuge-json , centrifuge-protobuf").subprotocol == "centrifuge-json");
  CHECK(offering("foo, centrifuge-json").format == encoding::json);
  for (const std::string_view offers : {"foo", "", ",", " , ", "centrifuge-jso", "CENTRIFUGE-JSON"}) {
    CAPTURE(offers);
    CHECK(offering(offers).subprotocol.empty());
    CHECK(offering(offers).format == encoding::json);
  }
}

TEST_CASE("router: the query chooses Protobuf and WebSocket's pings", "[net][router]") {
  const auto routes = with_pages();
  const auto with = [&](std::string query) {
    return routes.route(upgrade("/connection/websocket?" + query)).centrifuge.value();
  };
  using troupe::centrifuge::encoding;
  CHECK(with("format=protobuf").format == encoding::protobuf);
  CHECK(with("a=b&cf_protocol=protobuf").format == encoding::protobuf);
  CHECK(with("format=json&cf_ws_frame_ping_pong=true").frame_pings);
  for (const auto* query : {"", "&&", "format=protobuff", "xformat=protobuf",
                            "cf_ws_frame_ping_pong=false", "cf_protocol_version=v2"}) {
    CAPTURE(query);
    CHECK(with(query).format == encoding::json);
    CHECK_FALSE(with(query).frame_pings);
  }
}

// -- streams ----------------------------------------------------------------------------------------

namespace {

router with_streams(const websocket_options& options = {}) {
  auto routes = with_pages(options);
  routes.add_streams({.http_stream = true, .sse = true}, [](const request_view& r) { return decision{.body = std::string{r.body}}; });
  return routes;
}

request_view post(std::string_view target, std::string_view body, std::string_view content_type = "application/json") {
  return {.method = "POST", .target = target, .host = "service.test", .content_type = content_type, .body = body};
}

} // namespace

TEST_CASE("router: a stream begins with the commands of its request, in the format it asks for", "[net][router]") {
  using troupe::centrifuge::encoding;
  using troupe::net::emulation::stream_format;
  const auto routes = with_streams();
  const auto lines = routes.route(post("/connection/http_stream", "{}"));
  REQUIRE(lines.stream);
  CHECK(lines.status == 101);
  CHECK(lines.stream->commands == "{}");
  CHECK(lines.stream->format == stream_format::lines);
  CHECK(lines.centrifuge->format == encoding::json);
  const auto binary = routes.route(post("/connection/http_stream", "x", "application/octet-stream"));
  CHECK(binary.stream->format == stream_format::protobuf);
  CHECK(binary.centrifuge->format == encoding::protobuf);
  const auto events = routes.route(get("/connection/sse?cf_connect=%7B%22id%22%3A1%7D"));
  CHECK(events.stream->format == stream_format::sse);
  CHECK(events.stream->commands == R"({"id":1})");
  CHECK(routes.route(post("/connection/sse", "{}")).stream->commands == "{}");
}

TEST_CASE("router: a stream without a command, and one by another method, are refused", "[net][router]") {
  const auto routes = with_streams();
  CHECK(routes.route(get("/connection/sse")).status == 400);
  CHECK(routes.route(get("/connection/sse?cf_connect=%zz")).status == 400);
  CHECK(routes.route(post("/connection/http_stream", "")).status == 400);
  CHECK(routes.route(get("/connection/http_stream")).status == 405);
  CHECK(routes.route(get("/connection/http_stream")).extra_value == "POST, OPTIONS");
  CHECK(routes.route(get("/emulation")).status == 405);
}

TEST_CASE("router: an image or a link of another site opens no stream, and does nothing but connect where it does",
          "[net][router]") {
  const auto routes = with_streams();
  auto request = get("/connection/sse?cf_connect=%7B%7D");
  for (const auto* site : {"cross-site", "same-site"}) {
    request.fetch_site = site;
    CHECK(routes.route(request).status == 403);
  }
  for (const auto* site : {"", "none", "same-origin"}) {
    request.fetch_site = site;
    CHECK(routes.route(request).status == 101);
  }
  CHECK(routes.route(get("/connection/sse?cf_connect=%7B%7D%0A%7B%7D")).status == 400);
}

TEST_CASE("router: streams that are not wanted are not there", "[net][router]") {
  CHECK(with_pages().route(post("/connection/http_stream", "{}")).status == 404);
  CHECK(with_pages().route(post("/emulation", "{}")).status == 404);
  auto routes = with_pages();
  routes.add_streams({.http_stream = true}, [](const request_view&) { return decision{}; });
  CHECK(routes.route(post("/connection/sse", "{}")).status == 404);
  CHECK(routes.route(post("/connection/http_stream", "{}")).status == 101);
}

TEST_CASE("router: streams have the origins of WebSockets, and their pages are told so", "[net][router]") {
  const auto routes = with_streams({.allowed_origins = {"https://a.example"}});
  for (const auto* path : {"/connection/http_stream", "/connection/sse", "/emulation"}) {
    auto request = post(path, "{}");
    request.has_origin = true;
    request.origin = "https://a.example";
    CHECK(routes.route(request).sharing.origin == "https://a.example");
    request.method = "OPTIONS";
    request.wanted_headers = "content-type, x-mine";
    const auto preflight = routes.route(request);
    CHECK(preflight.status == 204);
    CHECK(preflight.sharing.headers == "content-type, x-mine");
    request.origin = "https://b.example";
    CHECK(routes.route(request).status == 403);
    CHECK(routes.route(request).sharing.origin.empty());
  }
  CHECK(routes.route(post("/emulation", "said")).body == "said");
}
