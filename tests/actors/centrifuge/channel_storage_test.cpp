// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Channels whose history outlives them, with a store that does what the test says.
#include "channel_world.hpp"

#include <deque>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::centrifuge::test;
using namespace std::chrono_literals;

namespace {

/// What a store has, and how it behaves. Outlives worlds, as a disk does.
struct shelf {
  std::map<std::string, kept_stream> streams;
  std::vector<keep_publications> asked;
  std::deque<std::function<void()>> held; // requests, while it is slow
  bool is_slow = false;
  bool is_broken = false;

  void go_on() {
    is_slow = false;
    for (auto& each : std::exchange(held, {})) each();
  }
};

struct shelf_state {
  static constexpr const char* name = "shelf";
};
using shelf_pointer = hosted_pointer<history_store_actor, shelf_state>;

history_store_actor::behavior_type shelf_keeper(shelf_pointer self, std::shared_ptr<shelf> of) {
  // In their order, now or later.
  const auto in_turn = [of](auto promise, auto act) {
    auto answer = [promise, act]() mutable { promise.deliver(act()); };
    if (of->is_slow) of->held.push_back(answer);
    else answer();
    return promise;
  };
  return {
    [=](const open_stream& m) {
      return in_turn(self->make_response_promise<stream_opened>(), [of, m] {
        const auto found = of->streams.find(m.channel);
        return found == of->streams.end() ? stream_opened{} : stream_opened{found->second};
      });
    },
    [=](const keep_publications& m) {
      of->asked.push_back(m);
      return in_turn(self->make_response_promise<store_answered>(), [of, m] {
        if (of->is_broken) return store_answered{false};
        auto& s = of->streams[m.channel];
        for (const auto& p : m.publications) s.publications.push_back(p);
        std::erase_if(s.publications, [&](const auto& p) { return p->offset < m.first; });
        s.top = {m.publications.back()->offset, m.publications.back()->epoch};
        s.version = m.version;
        s.keys.insert(s.keys.end(), m.keys.begin(), m.keys.end());
        return store_answered{true};
      });
    },
    [=](const drop_publications& m) {
      return in_turn(self->make_response_promise<store_answered>(), [of, m] {
        if (!of->is_broken) of->streams[m.channel].publications.clear();
        return store_answered{!of->is_broken};
      });
    },
  };
}

channel_options stored_history(std::size_t size = 10) {
  auto o = with_history(size);
  o.history_persistent = true;
  return o;
}

/// A world on a shelf.
world_options on(const std::shared_ptr<shelf>& disk, channel_options options = stored_history()) {
  return {.channels = std::move(options),
          .store = [disk](troupe::host& home) -> history_store_actor { return spawn_on(home, shelf_keeper, disk); }};
}

strings texts(const std::vector<publication_ptr>& all) {
  strings result;
  for (const auto& p : all) result.push_back(std::to_string(p->offset) + ":" + p->data.bytes);
  return result;
}

strings history_of(world& w, const std::string& channel) {
  const auto answer = w.ask<history_answered>(w.of(channel), get_history{channel, {.limit = -1}});
  REQUIRE(answer);
  return texts(std::get<history_page>(answer->value).publications);
}

/// Publications under way: what each was answered with.
class publisher {
public:
  explicit publisher(world& in) : in_(in), who_(in.comes("publisher")) {}

  void sends(publish_channel m) {
    const auto at = answers->size();
    answers->emplace_back("nothing");
    auto* self = caf::actor_cast<member_pointer>(who_.who);
    const auto to = in_.of(m.channel);
    self->request(to, caf::infinite, std::move(m))
      .then(
        [at, answers = answers](const publish_answered& a) {
          const auto* position = std::get_if<stream_position>(&a.value);
          (*answers)[at] = position ? std::to_string(position->offset)
                                    : "error " + std::to_string(static_cast<int>(std::get<error_code>(a.value)));
        },
        [at, answers = answers](const caf::error&) { (*answers)[at] = "failed"; });
    in_.run();
  }
  void sends(const std::string& text) { sends(world::text("c", text)); }

  std::shared_ptr<strings> answers = std::make_shared<strings>();

private:
  world& in_;
  fan who_;
};

publish_channel keyed(const std::string& text, const std::string& key) {
  auto m = world::text("c", text);
  m.idempotency_key = key;
  return m;
}

publish_channel versioned(const std::string& text, std::uint64_t version) {
  auto m = world::text("c", text);
  m.version = version;
  return m;
}

} // namespace

TEST_CASE("stored channel: nobody sees a publication before it is kept", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  world w(on(disk));
  const auto a = w.subscribed("a", "c", recoverable);
  publisher p(w);
  disk->is_slow = true;
  p.sends("one");
  CHECK(a->seen == strings{"answer"});
  CHECK(history_of(w, "c").empty());
  CHECK(*p.answers == strings{"nothing"});
  const auto b = w.subscribed("b", "c", recoverable); // does not wait for it
  CHECK(b.result().position.offset == 0);
  disk->go_on();
  w.run();
  CHECK(a->seen == strings{"answer", "plain:one"});
  CHECK(b->seen == strings{"answer", "plain:one"});
  CHECK(history_of(w, "c") == strings{"1:one"});
  CHECK(*p.answers == strings{"1"});
  CHECK(w.total(&loop_counters::publications) == 1);
}

TEST_CASE("stored channel: what comes while the store writes goes to it together, and stays in order",
          "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  world w(on(disk, stored_history(2)));
  const auto a = w.subscribed("a", "c");
  publisher p(w);
  disk->is_slow = true;
  p.sends("1");
  p.sends("2");
  auto outside = world::text("c", "outside");
  outside.skip_history = true;
  p.sends(outside);
  p.sends("3");
  p.sends("4");
  CHECK(disk->asked.size() == 1);
  disk->go_on();
  w.run();
  REQUIRE(disk->asked.size() == 2);
  CHECK(texts(disk->asked[1].publications) == strings{"2:2", "3:3", "4:4"});
  CHECK(disk->asked[1].first == 3);
  CHECK(a->seen == strings{"answer", "plain:1", "plain:2", "plain:outside", "plain:3", "plain:4"});
  CHECK(*p.answers == strings{"1", "2", "0", "3", "4"});
  CHECK(history_of(w, "c") == strings{"3:3", "4:4"});
}

TEST_CASE("stored channel: no more than so many publications go to the store at once", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  auto o = on(disk);
  o.settings.max_stored_at_once = 2;
  world w(std::move(o));
  publisher p(w);
  disk->is_slow = true;
  for (int i = 1; i <= 6; ++i) p.sends(std::to_string(i));
  disk->go_on();
  w.run();
  std::vector<std::size_t> sizes;
  for (const auto& each : disk->asked) sizes.push_back(each.publications.size());
  CHECK(sizes == std::vector<std::size_t>{2, 2, 2});
  CHECK(*p.answers == strings{"1", "2", "3", "4", "5", "6"});
}

TEST_CASE("stored channel: a publication that cannot be kept is refused, and its offset is free",
          "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  world w(on(disk));
  const auto a = w.subscribed("a", "c", recoverable);
  publisher p(w);
  p.sends("kept");
  disk->is_broken = true;
  p.sends("lost");
  auto outside = world::text("c", "outside");
  outside.skip_history = true;
  p.sends(outside);
  CHECK(w.total(&loop_counters::publications_refused) == 1);
  disk->is_broken = false;
  p.sends("after");
  CHECK(*p.answers == strings{"1", "error 100", "0", "2"});
  CHECK(a->seen == strings{"answer", "plain:kept", "plain:outside", "plain:after"});
  CHECK(history_of(w, "c") == strings{"1:kept", "2:after"});
  CHECK(w.store_budget->used() == 0);
}

TEST_CASE("stored channel: a repetition of what is being written is answered as that is", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  world w(on(disk));
  publisher p(w);
  w.position("c"); // it has been read
  disk->is_slow = true;
  p.sends("first");
  p.sends(keyed("twice", "key"));
  p.sends(keyed("twice", "key"));
  SECTION("once") {
    disk->go_on();
    w.run();
    CHECK(*p.answers == strings{"1", "2", "2"});
    CHECK(history_of(w, "c") == strings{"1:first", "2:twice"});
  }
  SECTION("unless that could not be kept") {
    auto held = std::exchange(disk->held, {});
    held.front()();       // the first is kept,
    w.run();              // and the others go to the store
    held = std::exchange(disk->held, {});
    disk->is_broken = true;
    held.front()();
    disk->is_broken = false;
    w.run();
    CHECK(*p.answers == strings{"1", "error 100", "nothing"});
    disk->go_on();
    w.run();
    CHECK(*p.answers == strings{"1", "error 100", "2"});
  }
}

TEST_CASE("stored channel: a repetition is known after a restart", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  {
    world w(on(disk));
    publisher p(w);
    p.sends("1");
    p.sends(keyed("once", "key"));
  }
  disk->streams["c"].keys[0].age = 200s;
  world w(on(disk));
  publisher p(w);
  p.sends(keyed("once", "key"));
  p.sends(keyed("another", "other key"));
  w.advance(101s); // it would be forgotten by now
  p.sends(keyed("once", "key"));
  CHECK(*p.answers == strings{"2", "3", "4"});
}

TEST_CASE("stored channel: a version that is not above what is being written is not published",
          "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  const auto check = [&](world& w) {
    publisher p(w);
    w.position("c"); // it has been read
    disk->is_slow = true;
    p.sends("any");
    p.sends(versioned("old", 4));
    p.sends(versioned("new", 7));
    p.sends(versioned("older", 6));
    disk->go_on();
    w.run();
    return *p.answers;
  };
  {
    world w(on(disk));
    CHECK(check(w) == strings{"1", "2", "3", "3"});
  }
  world w(on(disk)); // and neither after a restart
  CHECK(check(w) == strings{"4", "4", "4", "4"});
}

TEST_CASE("stored channel: a stream goes on after a restart", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  stream_position seen;
  {
    world w(on(disk));
    w.publish("c", "1");
    seen = w.position("c");
    w.publish("c", "2");
  }
  world w(on(disk));
  const auto a = w.subscribed("a", "c", recovering(seen));
  CHECK(a.result().recovered);
  CHECK(data_of(a.result()) == strings{"2"});
  CHECK(std::get<stream_position>(w.publish("c", "3")) == stream_position{3, seen.epoch});
  CHECK(a->seen == strings{"answer", "plain:3"});
  CHECK(history_of(w, "c") == strings{"1:1", "2:2", "3:3"});
}

TEST_CASE("stored channel: without the option a namespace is in memory alone", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  world w(on(disk, with_history()));
  w.publish("c", "1");
  CHECK(disk->asked.empty());
  CHECK(disk->streams.empty());
}

TEST_CASE("stored channel: what comes before its stream is read waits, in order", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  disk->streams["c"] = {{4, "kept"}, {}, {}, {}};
  disk->is_slow = true;
  world w(on(disk));
  const auto a = w.comes("a");
  w.asks_to_subscribe(a, "c", recoverable);
  w.run();
  publisher p(w);
  p.sends("5");
  CHECK(a->seen.empty());
  disk->go_on();
  w.run();
  CHECK(a->seen == strings{"answer", "plain:5"});
  CHECK(a.result().position == stream_position{4, "kept"});
  CHECK(*p.answers == strings{"5"});
}

TEST_CASE("stored channel: no more than so much waits for its stream to be read, and all of it is answered",
          "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  disk->is_slow = true;
  auto o = on(disk);
  o.settings.max_waiting = 2;
  o.settings.max_pending_bytes = 3 * sizeof(publication);
  world w(std::move(o));
  std::vector<fan> fans;
  for (const auto* name : {"a", "b", "c"}) {
    fans.push_back(w.comes(name));
    w.asks_to_subscribe(fans.back(), "c", recoverable);
  }
  publisher p(w);
  for (int i = 1; i <= 3; ++i) p.sends(std::to_string(i));
  CHECK(fans[2].error() == error_code::too_many_requests);
  CHECK(*p.answers == strings{"nothing", "nothing", "error 111"});
  SECTION("when it has been") {
    disk->go_on();
    w.run();
    CHECK(fans[0]->seen == strings{"answer", "plain:1", "plain:2"});
    CHECK(fans[1]->seen == fans[0]->seen);
    CHECK(*p.answers == strings{"1", "2", "error 111"});
  }
  SECTION("when the channel ends before") {
    for (const auto& h : w.hubs) caf::anon_send_exit(h, caf::exit_reason::user_shutdown);
    w.run();
    CHECK(fans[0].error() == error_code::internal);
    CHECK(fans[1].error() == error_code::internal);
    CHECK(*p.answers == strings{"error 100", "error 100", "error 111"});
    disk->held.clear();
  }
}

TEST_CASE("stored channel: history is removed once the store has removed it", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  world w(on(disk));
  w.publish("c", "1");
  const auto remove = [&] { return w.ask<remove_history_answered>(w.of("c"), remove_history{"c"})->value; };
  disk->is_broken = true;
  CHECK(std::get<error_code>(remove()) == error_code::internal);
  CHECK(history_of(w, "c") == strings{"1:1"});
  disk->is_broken = false;
  CHECK(std::holds_alternative<history_removed>(remove()));
  CHECK(history_of(w, "c").empty());
  CHECK(disk->streams["c"].publications.empty());
  CHECK(std::get<stream_position>(w.publish("c", "2")).offset == 2);
}

TEST_CASE("stored channel: it goes when it is idle, but not while it waits for the store", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  world w(on(disk));
  const auto channels = [&] { return w.total(&loop_counters::channels); };
  publisher p(w);
  disk->is_slow = true;
  p.sends("1");
  disk->go_on(); // it has been read,
  disk->is_slow = true;
  w.run(); // and waits for the first publication
  w.advance(1h);
  CHECK(channels() == 1);
  disk->go_on();
  w.run();
  CHECK(*p.answers == strings{"1"});
  w.advance(20s);
  CHECK(channels() == 0);
  CHECK(history_of(w, "c") == strings{"1:1"}); // it is there again
  CHECK(channels() == 1);
}

TEST_CASE("stored channel: more than may wait for the store is refused", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  auto o = on(disk);
  o.store_budget = 3 * sizeof(publication);
  world w(std::move(o));
  publisher p(w);
  p.sends("0");
  disk->is_slow = true;
  for (int i = 1; i <= 4; ++i) p.sends(std::to_string(i));
  CHECK(*p.answers == strings{"1", "nothing", "nothing", "error 111", "error 111"});
  CHECK(w.total(&loop_counters::publications_refused) == 2);
  disk->go_on();
  w.run();
  p.sends("5");
  CHECK(*p.answers == strings{"1", "2", "3", "error 111", "error 111", "4"});
  CHECK(w.store_budget->used() == 0);
}

TEST_CASE("stored channel: without its store it subscribes, and refuses publications", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  world w(on(disk));
  const auto before = w.subscribed("a", "old", recoverable);
  caf::anon_send_exit(w.store, caf::exit_reason::kill);
  w.run();
  const auto after = w.subscribed("b", "new", recoverable);
  for (const auto* channel : {"old", "new"})
    CHECK(std::get<error_code>(w.publish(channel, "x")) == error_code::internal);
  CHECK(before->seen == strings{"answer"});
  CHECK(after->seen == strings{"answer"});
  CHECK(w.total(&loop_counters::channels_failed) == 0);
}

TEST_CASE("stored channel: one that ends answers those that wait for the store", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  world w(on(disk));
  publisher p(w);
  p.sends("1");
  disk->is_slow = true;
  p.sends("2");
  p.sends("3");
  for (const auto& h : w.hubs) caf::anon_send_exit(h, caf::exit_reason::user_shutdown);
  w.run();
  CHECK(*p.answers == strings{"1", "error 100", "error 100"});
  CHECK(w.store_budget->used() == 0);
  disk->held.clear();
}

TEST_CASE("stored channel: deltas are against what subscribers have", "[actors][centrifuge][channel]") {
  const auto disk = std::make_shared<shelf>();
  auto o = stored_history();
  o.delta_publish = true;
  o.allowed_delta_types = {"fossil"};
  world w(on(disk, o));
  const std::string base(200, 'a');
  w.publish("c", base);
  const auto a = w.subscribed("a", "c", {.features = recoverable.features, .delta = true});
  publisher p(w);
  disk->is_slow = true;
  p.sends(base + "1");
  p.sends(base + "12");
  disk->go_on();
  w.run();
  REQUIRE(a->seen.size() == 3);
  CHECK(a->seen[1].starts_with("delta:"));
  CHECK(a->seen[2].starts_with("delta:"));
  CHECK(*p.answers == strings{"2", "3"});
}
