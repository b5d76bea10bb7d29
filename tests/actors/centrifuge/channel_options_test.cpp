// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/centrifuge/namespaces.hpp>

#include <fmt/format.h>

#include <functional>
#include <set>
#include <type_traits>

using namespace troupe::centrifuge;
using namespace std::chrono_literals;

namespace {

channel_options with_history() {
  channel_options options;
  options.history_size = 10;
  options.history_ttl = 60s;
  return options;
}

} // namespace

TEST_CASE("channel options: everything is off by default and that is valid",
          "[actors][centrifuge][options]") {
  const channel_options options;
  CHECK(validate(options).empty());
  CHECK_FALSE(options.has_history());
}

TEST_CASE("channel options: each contradiction names the option at fault",
          "[actors][centrifuge][options]") {
  struct row {
    std::string option;
    std::function<void(channel_options&)> change;
  };
  for (const auto& [option, change] : {
           row{"history_size", [](auto& o) { o.history_ttl = 0s; }},
           row{"history_ttl", [](auto& o) { o.history_size = 0; }},
           row{"history_ttl", [](auto& o) { o.history_ttl = -1s; }},
           row{"history_ttl", [](auto& o) { o.history_meta_ttl = 59s; }},
           row{"history_ttl", [](auto& o) { o.history_ttl = 721h; }},
           row{"history_meta_ttl", [](auto& o) { o.history_meta_ttl = -1s; }},
           row{"history_persistent", [](auto& o) { o = {}, o.history_persistent = true; }},
           row{"force_recovery", [](auto& o) { o = {}, o.force_recovery = true; }},
           row{"force_positioning", [](auto& o) { o = {}, o.force_positioning = true; }},
           row{"auto_cache_recover", [](auto& o) { o.auto_cache_recover = true; }},
           row{"auto_cache_recover",
               [](auto& o) { o.auto_cache_recover = o.force_recovery = true; }},
           row{"allowed_delta_types",
               [](auto& o) {
                 o.allowed_delta_types = {"fossil", "xdelta"};
               }},
           row{"delta_publish", [](auto& o) { o.delta_publish = true; }},
           row{"delta_publish",
               [](auto& o) {
                 o.allowed_delta_types = {"fossil"};
                 o.delta_publish = true;
                 o.slow_consumer = troupe::overflow::latest_per_key;
               }},
           row{"force_push_join_leave", [](auto& o) { o.force_push_join_leave = true; }},
           row{"channel_regex", [](auto& o) { o.channel_regex += '['; }},
       }) {
    CAPTURE(option);
    auto options = with_history();
    change(options);
    const auto wrong = validate(options);
    REQUIRE(wrong.size() == 1);
    CAPTURE(wrong.front());
    CHECK(wrong.front().starts_with(fmt::format("{} ", option)));
  }
}

TEST_CASE("channel options: sound combinations are valid", "[actors][centrifuge][options]") {
  auto options = with_history();
  options.force_recovery = options.auto_cache_recover = true;
  options.force_recovery_mode = recovery_mode::cache;
  options.allowed_delta_types = {"fossil"};
  options.delta_publish = true;
  options.join_leave = options.force_push_join_leave = true;
  options.history_meta_ttl = 60s;
  options.channel_regex = "^[a-z]+$";
  CHECK(validate(options).empty());
}

TEST_CASE("channel options: the stream's position outlives 720 hours unless told otherwise",
          "[actors][centrifuge][options]") {
  auto options = with_history();
  CHECK(options.history().meta_ttl == 720h);
  options.history_meta_ttl = 2h;
  CHECK(options.history().meta_ttl == 2h);
  CHECK(options.history().size == 10);
  CHECK(options.history().ttl == 60s);
}

TEST_CASE("channel options: each is visited once, by its own name",
          "[actors][centrifuge][options]") {
  channel_options options;
  std::set<std::string> names;
  std::set<const void*> members;
  visit_options(options, [&](std::string name, auto& member) {
    names.insert(name);
    members.insert(&member);
  });
  CHECK(names.size() == 36);
  CHECK(members.size() == names.size());
  visit_options(options, [&](std::string_view name, auto& member) {
    if constexpr (std::is_same_v<std::decay_t<decltype(member)>, std::size_t>)
      if (name == "history_size") member = 7;
  });
  CHECK(options.history_size == 7);
}

TEST_CASE("channel options: spellings of values", "[actors][centrifuge][options]") {
  CHECK(parse_recovery_mode("stream") == recovery_mode::stream);
  CHECK(parse_recovery_mode("cache") == recovery_mode::cache);
  CHECK_FALSE(parse_recovery_mode("Stream"));
  CHECK(parse_data_format("") == data_format::not_empty);
  CHECK(parse_data_format("json") == data_format::json);
  CHECK(parse_data_format("json_object") == data_format::json_object);
  CHECK(parse_data_format("binary") == data_format::binary);
  CHECK_FALSE(parse_data_format("xml"));
}

TEST_CASE("channel options: the data format decides what may be published",
          "[actors][centrifuge][options]") {
  struct row {
    payload data;
    bool not_empty, json, json_object, binary;
  };
  for (const auto& [data, not_empty, json, json_object, binary] : {
           row{{"", false}, false, false, false, true},
           row{{"\xff", false}, true, false, false, true},
           row{{"{", false}, true, false, false, true},
           row{{"1", true}, true, true, false, true},
           row{{" \n{}", true}, true, true, true, true},
       }) {
    CAPTURE(data.bytes);
    CHECK(accepts(data_format::not_empty, data) == not_empty);
    CHECK(accepts(data_format::json, data) == json);
    CHECK(accepts(data_format::json_object, data) == json_object);
    CHECK(accepts(data_format::binary, data) == binary);
  }
}

TEST_CASE("namespaces: found by the channel's name", "[actors][centrifuge][options]") {
  channels_config config;
  config.without_namespace.presence = true;
  config.namespaces = {{"hist", with_history()}, {"priv", {}}};
  config.namespaces.back().options.channel_regex = "^x";
  REQUIRE(validate(config).empty());
  const namespaces all(config);
  CHECK(all.find("news")->options.presence);
  CHECK(all.find("hist:a")->options.history_size == 10);
  CHECK(all.find("$hist:a")->options.history_size == 10);
  CHECK(all.find("nons:a") == nullptr);
  CHECK(all.find("priv:xy")->rule.accepts("priv:xy", all.syntax()));
  CHECK_FALSE(all.find("priv:y")->rule.accepts("priv:y", all.syntax()));
}

TEST_CASE("namespaces: names that are patterns are something else where they are allowed",
          "[actors][centrifuge][options]") {
  channels_config config;
  config.namespaces = {{"chat", with_history()}, {"off", {}}};
  auto& chat = config.namespaces.front().options;
  chat.allow_wildcards = chat.presence = chat.force_recovery = chat.allow_subscribe_for_client = true;
  chat.allowed_delta_types = {"fossil"};
  chat.channel_regex = "^[a-z.]+$";
  REQUIRE(validate(config).empty());
  const namespaces all(config);
  const auto& syntax = all.syntax();
  const auto accepts = [&](std::string_view name) { return all.find(name)->accepts(name, syntax); };

  CHECK_FALSE(all.find("chat:a.b")->is_of_patterns);
  CHECK_FALSE(all.find("off:a.*")->is_of_patterns);
  CHECK_FALSE(all.find("a.*")->is_of_patterns);
  CHECK(all.find("off:a.*")->patterns == nullptr);
  const auto& patterns = *all.find("chat:a.*");
  CHECK(patterns.is_of_patterns);
  CHECK(&patterns == all.find("chat:>"));
  CHECK(patterns.options.allow_subscribe_for_client);
  CHECK_FALSE(patterns.options.has_history());
  CHECK_FALSE(patterns.options.presence);
  CHECK(patterns.options.allowed_delta_types.empty());
  CHECK(validate(patterns.options).empty());

  for (const auto* good : {"chat:>", "chat:*", "chat:a.*.B", "chat:a.b", "off:a.*"}) {
    CAPTURE(good);
    CHECK(accepts(good));
  }
  for (const auto* bad : {"chat:>.a", "chat:a..*", "chat:*.1.2.3.4.5.6.7.8", "$chat:>", "chat:*.#42",
                          "chat:*.\u00e9", "chat:a.B"}) {
    CAPTURE(bad);
    CHECK_FALSE(accepts(bad));
  }
}

TEST_CASE("namespaces: errors name the namespace and the option", "[actors][centrifuge][options]") {
  channels_config config;
  config.max_name_bytes = 0;
  config.without_namespace.delta_publish = true;
  config.namespaces = {{"a", {}}, {"chat", {}}, {"chat", {}}};
  config.namespaces.back().options.history_size = 1;
  CHECK(validate(config) ==
        std::vector<std::string>{
            "max_length must be above 0",
            "without_namespace: delta_publish needs allowed_delta_types",
            "namespace \"a\": name must be two or more of letters, digits, '-', '_' and '.'",
            "namespace \"chat\": name is used twice",
            "namespace \"chat\": history_size needs history_ttl",
        });
}
