// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Namespaces whose actor has a say, with real hubs, channels and shards.
#include <troupe/hooks/directory.hpp>

#include "actors/centrifuge/channel_world.hpp"

#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <stdexcept>

using namespace std::chrono_literals;
using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;

namespace {

// What the actor saw and says.
struct diary {
  strings seen;
  std::size_t members_at_birth = 0;
  hooks::admission admission;
  hooks::ruling ruling;
  hooks::view view;
  bool crashes = false;
};

hooks::namespace_actor::behavior_type
scripted(hooks::namespace_actor::pointer, const hooks::birth& born,
         const std::shared_ptr<diary>& book) {
  book->members_at_birth = born.members.size();
  const auto note = [book](std::string what) {
    book->seen.push_back(std::move(what));
    if (book->crashes) throw std::runtime_error{"told to"};
  };
  return {
    [=](const hooks::subscribe& m) {
      note("subscribe " + m.channel + " " + m.from.client + " " + m.data.bytes);
      return book->admission;
    },
    [=](const hooks::publish& m) {
      note("publish " + m.channel + " " + m.from.client + " " + m.data.bytes);
      if (m.data.bytes == "say it yourself")
        caf::anon_send(born.channels.of(m.channel),
                       publish_channel{.channel = m.channel, .data = {"by the actor", true}});
      return book->ruling;
    },
    [=](const hooks::read_channel& m) {
      note("read " + m.channel);
      return book->view;
    },
    [=](const hooks::entered& m) { note("entered " + m.channel + " " + m.who.client); },
    [=](const hooks::left& m) { note("left " + m.channel + " " + m.who.client); },
  };
}

channel_options presence_and_history() {
  auto o = with_history();
  o.presence = true;
  o.allow_wildcards = true;
  return o;
}

struct hooked : world {
  explicit hooked(hooks::keeper_options keeping = {}) : world({.channels = presence_and_history()}) {
    for (const auto& h : hubs) caf::anon_send_exit(h, caf::exit_reason::kill);
    channel_settings settings{.names = names = std::make_shared<namespaces>(
                                channels_config{.without_namespace = presence_and_history(),
                                                .namespaces = {{"free", presence_and_history()}}}),
                              .extensions = made,
                              .shards = shards,
                              .codecs = {&json, &protobuf},
                              .log = &log};
    hubs = {spawn_on(host(), hub, std::make_shared<const channel_settings>(std::move(settings)))};
    const std::vector<std::reference_wrapper<troupe::host>> homes{host()};
    *made = {{.namespaces = {{.name = "", .actor = hooks::on_loop(scripted, book), .keeping = keeping}}},
             homes, {}, channels{hubs}, log};
    run();
  }
  ~hooked() {
    for (const auto& k : made->keepers()) caf::anon_send_exit(k, caf::exit_reason::user_shutdown);
    run();
  }

  publish_answer publish_as(const fan& f, const std::string& channel, std::string bytes) {
    auto m = text(channel, std::move(bytes));
    m.info = f->info;
    const auto answer = ask<publish_answered>(of(channel), std::move(m));
    REQUIRE(answer);
    return answer->value;
  }

  std::shared_ptr<diary> book = std::make_shared<diary>();
  std::shared_ptr<hooks::directory> made = std::make_shared<hooks::directory>();
};

} // namespace

TEST_CASE_METHOD(hooked, "namespace hook: it hears of a subscription from its wish to its end",
                 "[actors][hooks]") {
  const auto ann = subscribed("ann", "a");
  CHECK(book->seen == strings{"subscribe a ann ", "entered a ann"});
  unsubscribe(ann, "a");
  CHECK(book->seen.back() == "left a ann");
  const auto bob = subscribed("bob", "a");
  caf::anon_send_exit(bob.who, caf::exit_reason::kill);
  run();
  CHECK(book->seen.back() == "left a bob");
  CHECK(book->seen.size() == 6);
}

TEST_CASE_METHOD(hooked, "namespace hook: other namespaces do not know it", "[actors][hooks]") {
  const auto ann = subscribed("ann", "free:a");
  publish_as(ann, "free:a", "hello");
  unsubscribe(ann, "free:a");
  CHECK(book->seen.empty());
}

TEST_CASE_METHOD(hooked, "namespace hook: it refuses a subscription with an error",
                 "[actors][hooks]") {
  book->admission = hooks::admission::refuse(error_code::permission_denied);
  const auto ann = comes("ann");
  subscribe(ann, "a");
  CHECK(ann.error() == error_code::permission_denied);
  CHECK(stats("a").clients == 0);
  CHECK(book->seen == strings{"subscribe a ann ", "read a"});
}

TEST_CASE_METHOD(hooked, "namespace hook: it may give a subscriber data, and its subscription info",
                 "[actors][hooks]") {
  book->admission = {.data = {"welcome", true}, .info = {"moderator", true}};
  const auto ann = subscribed("ann", "a");
  CHECK(ann.result().data.bytes == "welcome");
  const auto present = ask<presence_answered>(of("a"), get_presence{"a"});
  REQUIRE(present);
  CHECK(std::get<presence_result>(present->value).clients.at("ann").chan_info.bytes == "moderator");
}

TEST_CASE_METHOD(hooked, "namespace hook: a publication goes out as it is, changed, or not at all",
                 "[actors][hooks]") {
  const auto ann = subscribed("ann", "a");
  CHECK(std::get<stream_position>(publish_as(ann, "a", "hello")).offset == 1);
  book->ruling = hooks::ruling::changed({"changed", true});
  CHECK(std::get<stream_position>(publish_as(ann, "a", "hello")).offset == 2);
  book->ruling = hooks::ruling::done();
  CHECK(std::get<stream_position>(publish_as(ann, "a", "a command")).offset == 0);
  book->ruling = hooks::ruling::refuse(error_code::limit_exceeded);
  CHECK(std::get<error_code>(publish_as(ann, "a", "hello")) == error_code::limit_exceeded);
  CHECK(ann->seen == strings{"answer", "plain:hello", "plain:changed"});
}

TEST_CASE_METHOD(hooked, "namespace hook: what is published by the program is not asked about",
                 "[actors][hooks]") {
  const auto ann = subscribed("ann", "a");
  book->seen.clear();
  publish("a", "from inside");
  CHECK(book->seen.empty());
  book->ruling = hooks::ruling::done();
  publish_as(ann, "a", "say it yourself");
  CHECK(book->seen.size() == 1);
  CHECK(ann->seen == strings{"answer", "plain:from inside", "plain:by the actor"});
}

TEST_CASE_METHOD(hooked, "namespace hook: it decides what presence and history show",
                 "[actors][hooks]") {
  const auto ann = subscribed("ann", "a");
  publish("a", "one");
  CHECK(stats("a").clients == 1);
  CHECK(position("a").offset == 1);
  presence_result crowd;
  crowd.clients = {{"x", {"u", "x", {}, {}}}, {"y", {"u", "y", {}, {}}}};
  book->view = {.presence = crowd, .history = history_page{{}, {7, "e"}}};
  CHECK(stats("a").clients == 2);
  CHECK(stats("a").users == 1);
  CHECK(position("a").offset == 7);
  book->view = hooks::view::refuse(error_code::permission_denied);
  const auto answer = ask<presence_answered>(of("a"), get_presence{"a"});
  REQUIRE(answer);
  CHECK(std::get<error_code>(answer->value) == error_code::permission_denied);
}

TEST_CASE_METHOD(hooked, "namespace hook: it may close the client that asks", "[actors][hooks]") {
  book->admission = {.refused = error_code::permission_denied,
                     .close = {close_reason::kicked, 4500, "out"}};
  const auto ann = comes("ann");
  subscribe(ann, "a");
  bool gone = false; // the stand-in quits when it is told to close
  caf::actor_cast<caf::abstract_actor*>(ann.who)->attach_functor([&] { gone = true; });
  CHECK(gone);
}

TEST_CASE_METHOD(hooked, "namespace hook: while it has failed clients get an error, then its successor",
                 "[actors][hooks]") {
  const auto ann = subscribed("ann", "a");
  book->crashes = true;
  CHECK(std::get<error_code>(publish_as(ann, "a", "hello")) == error_code::internal);
  book->crashes = false;
  advance(100ms + timing_wheel::tick);
  CHECK(book->members_at_birth == 1);
  publish_as(ann, "a", "again");
  CHECK(ann->seen == strings{"answer", "plain:again"});
  unsubscribe(ann, "a");
  CHECK(book->seen.back() == "left a ann");
}

TEST_CASE_METHOD(hooked, "namespace hook: it is asked about patterns too, and what it changes reaches them changed",
                 "[actors][hooks]") {
  const auto all = subscribed("ann", "room.*"), one = subscribed("bob", "room.tea");
  CHECK(book->seen == strings{"subscribe room.* ann ", "entered room.* ann", "subscribe room.tea bob ",
                              "entered room.tea bob"});
  book->seen.clear();
  book->ruling = hooks::ruling::changed({"changed", true});
  publish_as(one, "room.tea", "hello");
  CHECK(book->seen == strings{"publish room.tea bob hello"}); // once, not once more for the pattern
  CHECK(all->seen == strings{"answer", "plain:changed in room.tea"});
  CHECK(one->seen == strings{"answer", "plain:changed"});
  book->ruling = hooks::ruling::refuse(error_code::permission_denied);
  publish_as(one, "room.tea", "no");
  CHECK(all->seen.size() == 2);
  publish("room.cake", "from inside"); // not asked about
  CHECK(all->seen.back() == "plain:from inside in room.cake");
  unsubscribe(all, "room.*");
  CHECK(book->seen.back() == "left room.* ann");
  book->admission = hooks::admission::refuse(error_code::permission_denied);
  const auto refused = comes("cyd");
  subscribe(refused, "room.>");
  CHECK(refused.error() == error_code::permission_denied);
}

TEST_CASE("namespace hook: when a keeper gives up, patterns of its namespace end too", "[actors][hooks]") {
  hooked w{{.restart = hooks::restart_strategy::give_up_after(1, 60s)}};
  const auto all = w.subscribed("ann", "room.*"), free = w.subscribed("bob", "free:room.*");
  w.book->crashes = true;
  for (int i = 0; i < 2; ++i) w.publish_as(all, "room.tea", "hello");
  CHECK(all->seen == strings{"answer", "lost"});
  w.publish("room.tea", "1");
  w.publish("free:room.tea", "2");
  CHECK(all->seen.size() == 2);
  CHECK(free->seen == strings{"answer", "plain:2 in free:room.tea"});
}

TEST_CASE("namespace hook: when its keeper gives up, subscriptions end for good", "[actors][hooks]") {
  hooked w{{.restart = hooks::restart_strategy::give_up_after(1, 60s)}};
  const auto ann = w.subscribed("ann", "a"), bob = w.subscribed("bob", "b");
  const auto free = w.subscribed("cyd", "free:c");
  w.book->crashes = true;
  for (int i = 0; i < 2; ++i) w.publish_as(ann, "a", "hello");
  w.book->crashes = false;
  CHECK(w.log.named("extension_gave_up").size() == 1);
  for (const auto& each : {ann, bob}) {
    CHECK(each->seen == strings{"answer", "lost"});
    CHECK(each->events.back()->why == unsubscribe_code::server_unsubscribe);
  }
  CHECK(free->seen == strings{"answer"});
  CHECK(w.host().counters().channels.value() == 1);
  CHECK(w.host().counters().subscriptions.value() == 1);
  CHECK(w.log.named("channel_failed").empty());
  const auto late = w.comes("dan");
  w.subscribe(late, "a");
  CHECK(late.error() == error_code::not_available);
}

TEST_CASE_METHOD(hooked, "namespace hook: subscriptions that end with their channel end for it too",
                 "[actors][hooks]") {
  const auto ann = subscribed("ann", "a");
  sends("a", "crash"); // the codec throws
  run();
  CHECK(ann->seen.back() == "lost");
  CHECK(book->seen.back() == "left a ann");
  subscribe(ann, "a");
  CHECK(book->seen.back() == "entered a ann");
}

TEST_CASE_METHOD(hooked, "channel: a publisher that does not expect the answer does it no harm",
                 "[actors][hooks]") {
  const auto ann = subscribed("ann", "free:a");
  const auto careless = system().spawn([](caf::event_based_actor* self, const channel_actor& to) {
    self->send(caf::actor_cast<caf::actor>(to), text("free:a", "hello")); // nobody handles what comes back
    return caf::behavior{[](int) {}};
  }, of("free:a"));
  run();
  CHECK(ann->seen == strings{"answer", "plain:hello"});
  CHECK(log.named("channel_failed").empty());
  caf::anon_send_exit(careless, caf::exit_reason::kill);
}

TEST_CASE_METHOD(hooked, "namespace hook: it is still asked when its namespace was renewed, and hears of what ended for that",
                 "[actors][hooks]") {
  const auto ann = subscribed("ann", "a");
  auto o = presence_and_history();
  o.history_size = 3;
  renew(o, {{"free", o}});
  tell_hubs();
  subscribed("bob", "a");
  CHECK(book->seen == strings{"subscribe a ann ", "entered a ann", "subscribe a bob ", "entered a bob"});
  book->seen.clear();
  renew({}, {{"free", o}}); // no history: it cannot go on
  tell_hubs();
  std::sort(book->seen.begin(), book->seen.end());
  CHECK(book->seen == strings{"left a ann", "left a bob"});
}
