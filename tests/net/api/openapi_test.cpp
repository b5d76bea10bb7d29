// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// openapi.json against the code: every method and field is described, and nothing else.
#include <troupe/net/api/answers.hpp>
#include <troupe/net/api/api_pages.hpp>
#include <troupe/net/api/requests.hpp>

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <memory>
#include <set>
#include <string>

using namespace troupe::net::api;
using namespace troupe::centrifuge;
using nlohmann::json;
using names = std::set<std::string>;

namespace {

const json& document() {
  static const json parsed = [] {
    std::ifstream file{TROUPE_OPENAPI};
    return json::parse(file);
  }();
  return parsed;
}

const json& schemas() { return document()["components"]["schemas"]; }

/// The schema itself, where one refers to it.
const json& resolved(const json& schema) {
  if (!schema.contains("$ref")) return schema;
  const auto ref = schema["$ref"].get<std::string>();
  const std::string prefix = "#/components/schemas/";
  REQUIRE(ref.starts_with(prefix));
  return schemas().at(ref.substr(prefix.size()));
}

names keys_of(const json& object) {
  names found;
  for (const auto& [key, value] : object.items()) found.insert(key);
  return found;
}

// What JSON type the API reads into a member.
std::string type_of(const std::string&) { return "string"; }
std::string type_of(const std::optional<std::string>&) { return "string"; }
std::string type_of(bool) { return "boolean"; }
template <std::integral Integer>
std::string type_of(const Integer&) {
  return "integer";
}
std::string type_of(const payload&) { return ""; }
std::string type_of(const tag_map&) { return "object"; }
std::string type_of(const std::optional<stream_position>&) { return "object"; }
std::string type_of(const option_overrides&) { return "object"; }
std::string type_of(const std::optional<disconnect_notice>&) { return "object"; }
template <class T>
std::string type_of(const std::vector<T>&) {
  return "array";
}

template <class Request>
void check_request() {
  const auto& properties = schemas().at(std::string{Request::method} + "_request").at("properties");
  Request r;
  names fields;
  Request::fields(r, [&](std::string_view name, const auto& member) {
    const std::string key{name};
    CAPTURE(key);
    fields.insert(key);
    REQUIRE(properties.contains(key));
    CHECK(resolved(properties[key]).value("type", "") == type_of(member));
  });
  CHECK(keys_of(properties) == fields);
}

/// `sample` is an answer in which nothing is left out: its members are those that are described.
void check_sample(const json& sample, const json& by) {
  const auto& schema = resolved(by);
  CAPTURE(sample.dump(), schema.dump());
  if (schema.contains("oneOf")) {
    for (const auto& one : schema["oneOf"])
      if (keys_of(resolved(one)["properties"]) == keys_of(sample)) return check_sample(sample, one);
    FAIL("none of them");
  }
  const auto type = schema.value("type", "");
  if (type == "array")
    for (const auto& each : sample) check_sample(each, schema["items"]);
  if (type == "object" && schema.contains("additionalProperties"))
    for (const auto& [key, each] : sample.items()) check_sample(each, schema["additionalProperties"]);
  if (type == "object" && schema.contains("properties")) {
    CHECK(keys_of(sample) == keys_of(schema["properties"]));
    for (const auto& [key, each] : sample.items()) check_sample(each, schema["properties"][key]);
    for (const auto& key : schema.value("required", json::array())) CHECK(sample.contains(key));
  }
  if (type == "boolean") CHECK(sample.is_boolean());
  if (type == "string") CHECK(sample.is_string());
  if (type == "integer") CHECK(sample.is_number_integer());
  if (schema.contains("enum"))
    CHECK(std::ranges::any_of(schema["enum"], [&](const json& one) { return one == sample; }));
}

/// An answer of each method with every member.
json samples() {
  const payload some{"1", true};
  const client_info who{"42", "c1", some, some};
  presence_result there;
  there.clients["c1"] = who;
  const auto p = std::make_shared<const publication>(publication{some, who, 1, "ep", {{"k", "v"}}});
  const answer published{to_json(troupe::net::api::publish_result{{1, "ep"}})};
  const troupe::listed_connection connection{
    {}, {}, {troupe::transport_kind::centrifuge_json, true, "127.0.0.1"}, "42", {"g"}, {"l"}, {"c"},
    std::chrono::seconds{1}, std::chrono::seconds{1}};
  json all;
  const auto put = [&](const char* method, const std::string& text) { all[method] = json::parse(text); };
  put("publish", std::get<std::string>(published));
  put("broadcast", broadcast_json({published, error_code::unknown_channel}));
  for (const auto* method : {"subscribe", "unsubscribe", "disconnect", "refresh"})
    put(method, to_json(empty_result{}));
  put("presence", to_json(there));
  put("presence_stats", to_json(presence_stats_result{1, 1}));
  put("history", to_json(history_page{{p}, {1, "ep"}}));
  put("history_remove", to_json(empty_result{}));
  put("channels", to_json(channels_result{{{"c", {1}}}}));
  put("info", to_json(info_result{{{"u", "n", "v", 1, 1, 1, 1, 1}}}));
  put("rpc", to_json(troupe::net::api::rpc_result{some}));
  put("connections", to_json(connections_result{{connection}, "0-1"}));
  put("send", to_json(troupe::receipt{1, 1, 0}));
  return all;
}

} // namespace

TEST_CASE("openapi: each method is a path, and each path a method", "[net][api][openapi]") {
  names expected{"/api/batch"};
  visit_methods([&]<class Request>(std::type_identity<Request>) {
    expected.insert("/api/" + std::string{Request::method});
  });
  CHECK(keys_of(document()["paths"]) == expected);
}

TEST_CASE("openapi: each field of a request is described with its type, and no other",
          "[net][api][openapi]") {
  visit_methods([]<class Request>(std::type_identity<Request>) {
    CAPTURE(Request::method);
    check_request<Request>();
  });
}

TEST_CASE("openapi: each member of a result is described, and no other", "[net][api][openapi]") {
  auto all = samples();
  // A publication has its payload in one of two members.
  all["history"]["publications"][0]["b64data"] = "eA==";
  all["rpc"]["b64data"] = "eA==";
  visit_methods([&]<class Request>(std::type_identity<Request>) {
    const std::string method{Request::method};
    CAPTURE(method);
    REQUIRE(all.contains(method));
    check_sample(all[method], schemas().at(method + "_result"));
  });
}

TEST_CASE("openapi: a batch takes and gives what each method does", "[net][api][openapi]") {
  names methods;
  visit_methods([&]<class Request>(std::type_identity<Request>) {
    methods.insert(std::string{Request::method});
  });
  const auto& asked = schemas()["batch_request"]["properties"];
  CHECK(keys_of(asked) == names{"commands", "parallel"});
  CHECK(keys_of(asked["commands"]["items"]["properties"]) == methods);
  methods.insert("error");
  CHECK(keys_of(schemas()["batch_result"]["properties"]["replies"]["items"]["properties"]) == methods);
}

TEST_CASE("openapi: what it refers to is there", "[net][api][openapi]") {
  std::function<void(const json&)> walk = [&](const json& at) {
    if (at.is_object() && at.contains("$ref")) {
      const auto ref = at["$ref"].get<std::string>();
      CAPTURE(ref);
      CHECK(document().contains(json::json_pointer(ref.substr(1))));
    }
    if (at.is_structured())
      for (const auto& each : at) walk(each);
  };
  walk(document());
}

TEST_CASE("openapi: the program serves this file", "[net][api][openapi]") {
  const auto pages = api_pages();
  REQUIRE(pages.size() == 1);
  CHECK(pages[0].path == "/api/openapi.json");
  CHECK(pages[0].content_type == "application/json");
  CHECK(json::parse(pages[0].body) == document());
}
