// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/events/courier.hpp>
#include <troupe/net/events/signature.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "actors/lone_registry.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <caf/send.hpp>
#include <nlohmann/json.hpp>

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::net;
using namespace troupe::net::events;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

connection_profile_ptr someone(const std::string& user) {
  return {new connection_profile({0, 1, 0}, client_id::random(), user, {}, {}, {}, {}), false};
}

connection_events ups(const std::vector<connection_profile_ptr>& who) {
  connection_events batch;
  for (const auto& each : who) batch.events.emplace_back(connection_up{each, {}});
  return batch;
}

connection_events downs(const std::vector<connection_profile_ptr>& who) {
  connection_events batch;
  for (const auto& each : who)
    batch.events.emplace_back(connection_down{each, {}, {close_reason::peer_closed, 0, 1000, {}}, {}});
  return batch;
}

/// A courier, its disk, and a receiver that answers when the test says so.
class courier_world : public testing::deterministic_system {
public:
  ~courier_world() { kill(); }

  void start() {
    courier_settings with{.options = options, .node = "here_8000", .run = "run" + std::to_string(++runs_)};
    with.book = std::make_shared<journal>(disk.path(), journal_limits{options.journal_max_bytes, 16 * 1024});
    with.sources = sources;
    with.figures = figures = std::make_shared<counters>();
    with.now = [] { return std::chrono::system_clock::time_point{1'700'000'000s}; };
    with.send = [this](web::request what, std::function<void(web::outcome)> done) {
      requests.push_back({std::move(what), std::move(done)});
    };
    who = system().spawn(courier, std::move(with));
    run();
  }

  /// As kill -9 does: it has no time for anything.
  void kill() {
    requests.clear();
    if (who) caf::anon_send_exit(who, caf::exit_reason::kill);
    who = nullptr;
    run();
  }

  /// @returns whether the courier has noted it.
  template <class Batch>
  bool tell(Batch batch) {
    return static_cast<bool>(ask<noted>(who, std::move(batch)));
  }

  /// The receiver answers the delivery that is under way. @returns what it was told.
  std::vector<json> answer(unsigned status) {
    REQUIRE(requests.size() == 1);
    const auto [what, done] = std::move(requests.front());
    requests.pop_front();
    auto told = json::parse(what.body)["events"].get<std::vector<json>>();
    if (status >= 200 && status < 300)
      for (const auto& each : told) ++taken[each["id"]];
    done(web::response{status, {}});
    run();
    return told;
  }

  void take_all() {
    while (!requests.empty()) answer(200);
  }

  struct request {
    web::request what;
    std::function<void(web::outcome)> done;
  };

  troupe::tests::scratch_folder disk;
  event_options options{.endpoint = "http://127.0.0.1/events", .secret = "secret"};
  std::shared_ptr<counters> figures;
  troupe::centrifuge::event_sources sources;
  courier_actor who;
  std::deque<request> requests;
  std::map<std::string, int> taken; // by ID

private:
  int runs_ = 0;
};

std::vector<std::string> types_of(const std::vector<json>& told) {
  std::vector<std::string> types;
  for (const auto& each : told) types.push_back(each["type"]);
  return types;
}

using strings = std::vector<std::string>;

// With a shard that may have more to tell until it says that it has not.
struct synced_courier_world : courier_world {
  synced_courier_world() {
    shard = spawn_on(host(), troupe::tests::stand_in, book);
    sources.connections = spawn_on(host(), registry, std::vector{shard}, registry_options{});
    start();
  }
  ~synced_courier_world() {
    book->syncs_owed.clear();
    kill();
    caf::anon_send(sources.connections, drain{});
    run();
  }
  void has_told_all() {
    REQUIRE(book->syncs_owed.size() == 1);
    book->syncs_owed.front().deliver(noted{});
    book->syncs_owed.pop_front();
    run();
  }

  std::shared_ptr<troupe::tests::ledger> book = std::make_shared<troupe::tests::ledger>();
  shard_actor shard;
};

troupe::centrifuge::channel_changes of_news(const connection_profile_ptr& who_) {
  using namespace troupe::centrifuge;
  const auto client = who_->id.to_string();
  return {.events = {channel_occupied{"news", {}}, member_joined{"news", who_->user, client, {}},
                     member_left{"news", who_->user, client, {}},
                     channel_vacated{"news", {}, channel_vacated::cause::failed}}};
}

} // namespace

TEST_CASE_METHOD(courier_world, "courier: what happens is delivered, signed", "[net][events][courier]") {
  start();
  const auto ann = someone("ann");
  CHECK(tell(ups({ann})));
  REQUIRE(requests.size() == 1);
  const auto& sent = requests.front().what;
  CHECK(sent.how == web::method::post);
  const std::pair<std::string, std::string> signature{
    signature_header, "t=1700000000," + signature_of("secret", "1700000000", sent.body)};
  CHECK(std::ranges::find(sent.headers, signature) != sent.headers.end());
  CHECK(json::parse(sent.body)["node"] == "here_8000");
  const auto told = answer(204);
  REQUIRE(told.size() == 1);
  CHECK(told[0]["type"] == "connection_up");
  CHECK(told[0]["user"] == "ann");
  CHECK(told[0]["client"] == ann->id.to_string());
  CHECK(told[0]["id"] == "run1-1");
  CHECK(requests.empty());
  CHECK(figures->delivered.value() == 1);
  CHECK(figures->waiting.value() == 0);
}

TEST_CASE_METHOD(courier_world, "courier: a delivery under way ends as it began, the next one has the new receiver",
                 "[net][events][courier]") {
  start();
  CHECK(tell(ups({someone("ann")})));
  caf::anon_send(who, change_receiver{"http://127.0.0.1/elsewhere", "new", "secret"});
  CHECK(tell(ups({someone("bob")})));
  REQUIRE(requests.size() == 1);
  CHECK(requests.front().what.to.target == "/events");
  answer(204);
  REQUIRE(requests.size() == 1);
  const auto& sent = requests.front().what;
  CHECK(sent.to.target == "/elsewhere");
  const std::pair<std::string, std::string> signature{
    signature_header, "t=1700000000," + signature_of("new", "1700000000", sent.body) + ',' +
                        signature_of("secret", "1700000000", sent.body)};
  CHECK(std::ranges::find(sent.headers, signature) != sent.headers.end());
  CHECK(answer(204)[0]["user"] == "bob");
}

TEST_CASE_METHOD(courier_world, "courier: one delivery is under way at a time, and the next takes all that came",
                 "[net][events][courier]") {
  start();
  const auto ann = someone("ann");
  tell(ups({ann}));
  tell(downs({ann}));
  tell(ups({someone("ben"), someone("cid")}));
  CHECK(requests.size() == 1);
  CHECK(types_of(answer(200)) == strings{"connection_up"});
  CHECK(types_of(answer(200)) == strings{"connection_down", "connection_up", "connection_up"});
  CHECK(requests.empty());
}

TEST_CASE_METHOD(courier_world, "courier: what is not taken is delivered again, the same and in its order, after longer and longer",
                 "[net][events][courier]") {
  start();
  tell(ups({someone("ann"), someone("ben")}));
  const auto first = answer(500);
  tell(ups({someone("cid")}));
  CHECK(requests.empty());
  advance(200ms);
  CHECK(requests.empty());
  advance(400ms);
  auto again = answer(503);
  REQUIRE(again.size() == 3);
  again.pop_back();
  CHECK(again == first);
  advance(450ms);
  CHECK(requests.empty()); // half of a second at least, now
  advance(600ms);
  CHECK(answer(200).size() == 3);
  CHECK(figures->failures.value() == 2);
  CHECK(figures->deliveries.value() == 3);
  tell(ups({someone("dan")}));
  CHECK(requests.size() == 1); // at once again
}

TEST_CASE_METHOD(courier_world, "courier: a receiver that cannot be reached is as one that refuses", "[net][events][courier]") {
  start();
  tell(ups({someone("ann")}));
  requests.front().done(web::failure{web::failure::kind::unreachable, "nobody is there"});
  requests.clear();
  run();
  advance(1s);
  CHECK(answer(200).size() == 1);
}

TEST_CASE_METHOD(courier_world, "courier: deliveries have no more events than the limit, fewer after 413", "[net][events][courier]") {
  options.batch_events = 4;
  start();
  tell(ups({someone("0")}));
  std::vector<connection_profile_ptr> many(9, someone("x"));
  for (auto& each : many) each = someone("x");
  tell(ups(many));
  answer(200);
  CHECK(answer(413).size() == 4);
  advance(1s);
  CHECK(answer(200).size() == 2);
  CHECK(answer(200).size() == 4);
  CHECK(answer(200).size() == 3);
}

TEST_CASE_METHOD(courier_world, "courier: what it did not deliver is delivered by the next one, under the same IDs", "[net][events][courier]") {
  start();
  const auto ann = someone("ann");
  tell(ups({ann}));
  tell(downs({ann}));
  answer(200);
  const auto first = answer(500);
  kill();
  start();
  CHECK(answer(200) == first);
  CHECK(taken.size() == 2);
}

TEST_CASE_METHOD(courier_world, "courier: an answer that got lost in a crash costs a repetition under the same ID", "[net][events][courier]") {
  start();
  tell(ups({someone("ann")}));
  const auto body = requests.front().what.body; // the receiver has it, and the server dies
  kill();
  start();
  const auto again = json::parse(requests.front().what.body)["events"];
  CHECK(json::parse(body)["events"][0] == again[0]);
}

TEST_CASE_METHOD(courier_world, "courier: after a crash each lost connection goes down once, and its ID is new", "[net][events][courier]") {
  start();
  const auto ann = someone("ann");
  const auto ben = someone("ben");
  tell(ups({ann, ben, someone("cid")}));
  tell(downs({ben}));
  take_all();
  kill();
  start();
  const auto told = answer(200);
  CHECK(types_of(told) == strings{"connection_down", "connection_down"});
  for (const auto& each : told) {
    CHECK(each["reason"] == "server_died");
    CHECK(each["user"] != "ben");
    CHECK(each["id"].get<std::string>().starts_with("run2-"));
  }
  CHECK(figures->recovered.value() == 2);
  kill();
  start();
  CHECK(requests.empty());
}

TEST_CASE_METHOD(courier_world, "courier: crashes at any time give every up one down", "[net][events][courier]") {
  std::mt19937 chance{11};
  std::vector<connection_profile_ptr> open;
  std::map<std::string, std::vector<std::string>> seen; // types by client, each event once
  std::set<std::string> ids;
  const auto look = [&](const std::vector<json>& told) {
    for (const auto& each : told)
      if (ids.insert(each["id"]).second) seen[each["client"]].push_back(each["type"]);
  };
  start();
  for (int i = 0; i < 2'000; ++i) switch (chance() % 8) {
      case 0:
      case 1:
      case 2: open.push_back(someone("u")); tell(ups({open.back()})); break;
      case 3:
      case 4:
        if (open.empty()) break;
        tell(downs({open.back()}));
        open.pop_back();
        break;
      case 5:
        if (!requests.empty()) look(answer(200));
        break;
      case 6:
        if (!requests.empty()) answer(500);
        advance(100ms);
        break;
      default:
        if (chance() % 10 != 0) break;
        if (!requests.empty()) look(json::parse(requests.front().what.body)["events"]); // unanswered
        kill();
        open.clear();
        start();
    }
  kill();
  start();
  while (!requests.empty()) look(answer(200));
  CHECK(seen.size() > 300);
  for (const auto& [client, types] : seen) {
    CAPTURE(client);
    REQUIRE(types == strings{"connection_up", "connection_down"});
  }
}

TEST_CASE_METHOD(synced_courier_world, "courier: channels and members are told, each in the order of its connection",
                 "[net][events][courier]") {
  const auto ann = someone("ann");
  CHECK(tell(of_news(ann)));
  CHECK(tell(ups({ann}))); // it comes late
  CHECK(requests.empty());
  has_told_all();
  const auto told = answer(200);
  CHECK(types_of(told) ==
        strings{"connection_up", "channel_occupied", "member_joined", "member_left", "channel_vacated"});
  CHECK(told[2]["user"] == "ann");
  CHECK(told[4]["reason"] == "failed");
}

TEST_CASE_METHOD(synced_courier_world, "courier: what happened before is told before, though it comes later",
                 "[net][events][courier]") {
  const std::chrono::steady_clock::time_point long_ago{1h};
  const auto old_one = someone("ann"), new_one = someone("ann");
  auto batch = ups({old_one});
  batch.times = {long_ago};
  tell(batch);
  has_told_all();
  answer(200);
  batch = ups({new_one});
  batch.times = {long_ago + 2s};
  tell(batch);
  batch = downs({old_one});
  batch.times = {long_ago + 1s};
  tell(batch);
  has_told_all();
  const auto told = answer(200);
  CHECK(types_of(told) == strings{"connection_down", "connection_up"});
}

TEST_CASE_METHOD(synced_courier_world, "courier: what an event waits for may be lost: then it is told late",
                 "[net][events][courier]") {
  CHECK(tell(of_news(someone("ann"))));
  advance(10s);
  CHECK(answer(200).size() == 4);
}

TEST_CASE_METHOD(synced_courier_world, "courier: what waits when it is told to finish is told", "[net][events][courier]") {
  CHECK(tell(of_news(someone("ann"))));
  caf::anon_send(who, finish{});
  run();
  CHECK(answer(200).size() == 4);
  who = nullptr;
}

TEST_CASE_METHOD(courier_world, "courier: only what is wanted is told", "[net][events][courier]") {
  options.about = {"channels"};
  start();
  CHECK(tell(ups({someone("ann")})));
  CHECK(requests.empty());
  CHECK(tell(of_news(someone("ann"))));
  CHECK(types_of(answer(200)) == strings{"channel_occupied", "channel_vacated"});
}

TEST_CASE_METHOD(courier_world, "courier: at the journal's bound the oldest are lost, counted, and visible in the sequence",
                 "[net][events][courier]") {
  options.journal_max_bytes = 128 * 1024;
  start();
  tell(ups({someone("first")}));
  answer(500);
  for (int i = 0; i < 1'000; ++i) {
    const auto who_ = someone("u");
    REQUIRE(tell(ups({who_})));
    REQUIRE(tell(downs({who_})));
  }
  CHECK(figures->lost.value() > 0);
  CHECK(figures->journal_bytes.value() <= options.journal_max_bytes);
  advance(1s);
  const auto told = answer(200);
  REQUIRE(!told.empty());
  CHECK(told.front()["sequence"] == figures->lost.value() + 1);
}

TEST_CASE_METHOD(courier_world, "courier: told to finish, it delivers what is left and ends", "[net][events][courier]") {
  start();
  tell(ups({someone("ann")}));
  tell(ups({someone("ben")}));
  const auto before = running();
  caf::anon_send(who, finish{});
  run();
  CHECK(running() == before);
  answer(200);
  answer(200);
  who = nullptr;
  run();
  CHECK(running() == before - 1);
}

TEST_CASE_METHOD(courier_world, "courier: told to finish, it does not wait for a receiver that does not answer", "[net][events][courier]") {
  start();
  tell(ups({someone("ann")}));
  const auto before = running();
  SECTION("and answered with a failure") {
    caf::anon_send(who, finish{});
    run();
    answer(500);
    CHECK(running() == before - 1);
  }
  SECTION("nor after its patience") {
    caf::anon_send(who, finish{2s});
    advance(1900ms);
    CHECK(running() == before);
    advance(200ms);
    CHECK(running() == before - 1);
  }
}

TEST_CASE_METHOD(courier_world, "courier: while the disk takes nothing, nothing more is noted, later all is", "[net][events][courier]") {
  namespace fs = std::filesystem;
  options.journal_max_bytes = 8 * 1024; // so that a segment is full at once
  start();
  std::vector<connection_profile_ptr> many;
  for (int i = 0; i < 10; ++i) many.push_back(someone("u"));
  REQUIRE(tell(ups(many)));
  REQUIRE(tell(downs(many)));
  take_all();
  // Not even for root: what would be the next segment's file is a folder.
  fs::create_directory(disk.path() / "unfinished");
  const auto more = someone("more"), last = someone("last");
  CHECK(tell(ups({more})));
  CHECK(figures->write_errors.value() == 1);
  CHECK_FALSE(tell(ups({last})));
  CHECK(requests.empty());
  fs::remove(disk.path() / "unfinished");
  advance(1s);
  const auto told = answer(200);
  REQUIRE(told.size() == 2);
  CHECK(told[0]["client"] == more->id.to_string());
  CHECK(told[1]["client"] == last->id.to_string());
}
