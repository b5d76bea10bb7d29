// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/centrifuge/namespaces.hpp>
#include <troupe/centrifuge/permissions.hpp>

using namespace troupe::centrifuge;

namespace {

using flag = bool channel_options::*;
using question = bool (*)(const channel_options&, const requester&);

channel_options with(std::initializer_list<flag> flags) {
  channel_options options;
  options.history_size = 1;
  options.history_ttl = std::chrono::seconds{1};
  for (const auto on : flags) options.*on = true;
  return options;
}

} // namespace

TEST_CASE("permissions: clients, subscribers and anonymous users",
          "[actors][centrifuge][permissions]") {
  struct row {
    question may;
    flag for_client, for_subscriber, for_anonymous;
  };
  for (const auto& [may, client, subscriber, anonymous] : {
           row{may_publish, &channel_options::allow_publish_for_client,
               &channel_options::allow_publish_for_subscriber,
               &channel_options::allow_publish_for_anonymous},
           row{may_see_presence, &channel_options::allow_presence_for_client,
               &channel_options::allow_presence_for_subscriber,
               &channel_options::allow_presence_for_anonymous},
           row{may_read_history, &channel_options::allow_history_for_client,
               &channel_options::allow_history_for_subscriber,
               &channel_options::allow_history_for_anonymous},
       }) {
    CHECK_FALSE(may(with({}), {"42", true}));
    CHECK(may(with({client}), {"42", false}));
    CHECK_FALSE(may(with({client}), {"", true}));
    CHECK(may(with({client, anonymous}), {"", false}));
    CHECK(may(with({subscriber}), {"42", true}));
    CHECK_FALSE(may(with({subscriber}), {"42", false}));
    CHECK_FALSE(may(with({subscriber}), {"", true}));
    CHECK(may(with({subscriber, anonymous}), {"", true}));
    CHECK_FALSE(may(with({anonymous}), {"", true}));
    CHECK_FALSE(may(with({anonymous}), {"42", true}));
  }
}

TEST_CASE("permissions: who may subscribe without a token", "[actors][centrifuge][permissions]") {
  using o = channel_options;
  const channel_syntax syntax;
  struct row {
    channel_options options;
    std::string_view channel, user;
    bool allowed;
  };
  const auto open = with({&o::allow_subscribe_for_client});
  const auto open_to_all =
      with({&o::allow_subscribe_for_client, &o::allow_subscribe_for_anonymous});
  const auto limited = with({&o::allow_user_limited_channels});
  const auto both = with({&o::allow_subscribe_for_client, &o::allow_user_limited_channels});
  for (const auto& [options, channel, user, allowed] : {
           row{with({}), "a", "42", false},
           row{open, "a", "42", true},
           row{open, "a", "", false},
           row{open_to_all, "a", "", true},
           row{open_to_all, "$a", "42", false},
           row{open, "a#43", "42", true}, // "#" means nothing where user-limited channels are off
           row{limited, "a#42", "42", true},
           row{limited, "a#43", "42", false},
           row{limited, "a", "42", false},
           row{both, "a#43", "42", false}, // the list decides alone
           row{both, "a#42", "42", true},
           row{both, "a", "42", true},
           row{limited, "$a#42", "42", false},
       }) {
    CAPTURE(channel, user);
    CHECK(may_subscribe(options, syntax, channel, user) == allowed);
  }
}

TEST_CASE("permissions: forced features need no wish", "[actors][centrifuge][permissions]") {
  using o = channel_options;
  CHECK_FALSE(granted(with({}), {true, true, true}, "42").positioned);
  CHECK_FALSE(granted(with({}), {true, true, true}, "42").recoverable);
  CHECK_FALSE(granted(with({}), {true, true, true}, "42").join_leave);
  CHECK(granted(with({&o::force_positioning}), {}, "42").positioned);
  CHECK_FALSE(granted(with({&o::force_positioning}), {}, "42").recoverable);
  CHECK(granted(with({&o::force_recovery}), {}, "42").recoverable);
  CHECK(granted(with({&o::force_recovery}), {}, "42").positioned);
  CHECK(granted(with({&o::join_leave, &o::force_push_join_leave}), {}, "42").join_leave);
}

TEST_CASE("permissions: wishes are granted where allowed, or to those who may look anyway",
          "[actors][centrifuge][permissions]") {
  using o = channel_options;
  const subscription_features all{true, true, true};
  CHECK(granted(with({&o::allow_positioning}), all, "42").positioned);
  CHECK_FALSE(granted(with({&o::allow_positioning}), {}, "42").positioned);
  CHECK_FALSE(granted(with({&o::allow_positioning}), all, "42").recoverable);
  CHECK(granted(with({&o::allow_recovery}), all, "42").recoverable);
  CHECK(granted(with({&o::allow_recovery}), {false, true, false}, "42").positioned);
  CHECK(granted(with({&o::allow_history_for_subscriber}), all, "42").recoverable);
  CHECK_FALSE(granted(with({&o::allow_history_for_subscriber}), all, "").recoverable);
  CHECK(granted(with({&o::join_leave, &o::allow_presence_for_subscriber}), all, "42").join_leave);
  CHECK_FALSE(granted(with({&o::join_leave}), all, "42").join_leave);
  CHECK_FALSE(granted(with({&o::allow_presence_for_subscriber}), all, "42").join_leave);
}

TEST_CASE("permissions: without history nothing is positioned",
          "[actors][centrifuge][permissions]") {
  channel_options options;
  options.allow_recovery = options.allow_positioning = true;
  CHECK_FALSE(granted(options, {true, true, true}, "42").positioned);
  CHECK_FALSE(granted(options, {true, true, true}, "42").recoverable);
}

TEST_CASE("permissions: without them all is allowed but private channels",
          "[actors][centrifuge][permissions]") {
  channels_config config;
  config.namespaces = {{"chat", {}}};
  config.namespaces[0].options.allow_user_limited_channels = true;
  REQUIRE(validate(without_permissions(config)).empty());
  const namespaces all(without_permissions(config));
  for (const std::string_view channel : {"a", "chat:a", "chat:a#42"}) {
    CAPTURE(channel);
    const auto& options = all.find(channel)->options;
    CHECK(may_subscribe(options, all.syntax(), channel, ""));
    CHECK(may_publish(options, {"", false}));
    CHECK(may_see_presence(options, {"", false}));
    CHECK(may_read_history(options, {"", false}));
  }
  CHECK_FALSE(may_subscribe(all.find("$chat:a")->options, all.syntax(), "$chat:a", "42"));
}
