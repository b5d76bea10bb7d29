// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/centrifuge/seen_keys.hpp>
#include <troupe/net/history/database.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

using namespace troupe::centrifuge;
using namespace troupe::net::history;
using namespace std::chrono_literals;
using troupe::tests::scratch_folder;
using strings = std::vector<std::string>;

namespace {

constexpr history_options ten{.size = 10, .ttl = 60s, .meta_ttl = 3600s};

publication_ptr text(std::uint64_t offset, std::string bytes, std::string epoch = "e") {
  return std::make_shared<const publication>(publication{
    .data = {std::move(bytes), false}, .info = std::nullopt, .offset = offset, .epoch = std::move(epoch), .tags = {}});
}

/// A database in a folder, with a clock of its own.
struct fixture {
  scratch_folder disk;
  store_options options{.directory = disk.path()};
  std::chrono::system_clock::time_point now{1'700'000'000s};
  std::unique_ptr<database> base;

  explicit fixture(bool sync = false) {
    options.sync = sync;
    restart();
  }

  void restart() {
    base = nullptr;
    base = std::make_unique<database>(options, [this] { return now; });
  }
  template <class F>
  auto change(F act) {
    base->begin();
    act();
    base->commit();
  }
  void keep(const std::string& channel, std::vector<publication_ptr> what, std::uint64_t first = 1,
            stream_version version = {}) {
    change([&] { base->keep({channel, std::move(what), first, std::move(version), ten}); });
  }
  void keep(const std::string& channel, std::uint64_t from, std::uint64_t to, std::uint64_t first = 1) {
    std::vector<publication_ptr> all;
    for (auto i = from; i <= to; ++i) all.push_back(text(i, fmt::format("{}{}", channel, i)));
    keep(channel, std::move(all), first);
  }
  database::opened open(const std::string& channel) {
    database::opened result;
    change([&] { result = base->open({channel, "new", ten}); });
    return result;
  }
  kept_stream found(const std::string& channel) {
    auto opened = open(channel);
    REQUIRE(opened.found);
    return *std::move(opened.found);
  }
  strings texts(const std::string& channel) {
    strings all;
    for (const auto& p : found(channel).publications) all.push_back(fmt::format("{}:{}", p->offset, p->data.bytes));
    return all;
  }
  /// By another program.
  void run(const std::string& sql) {
    base = nullptr;
    sqlite3* file = nullptr;
    REQUIRE(sqlite3_open(database::file_in(options.directory).c_str(), &file) == SQLITE_OK);
    CHECK(sqlite3_exec(file, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(file);
    restart();
  }
};

} // namespace

TEST_CASE("history database: a stream is there after a restart", "[net][history]") {
  fixture f{GENERATE(false, true)};
  CHECK_FALSE(f.open("c").found);
  f.keep("c", {text(1, "one", "new"), text(2, "two", "new")}, 1, {5, "v"});
  f.now += 7s;
  f.restart();
  const auto s = f.found("c");
  CHECK(s.top == stream_position{2, "new"});
  CHECK(s.age == 7s);
  CHECK((s.version.number == 5 && s.version.epoch == "v"));
  REQUIRE(s.publications.size() == 2);
  CHECK(s.publications[1]->data.bytes == "two");
  CHECK(s.publications[1]->epoch == "new");
}

TEST_CASE("history database: a stream without publications keeps its epoch", "[net][history]") {
  fixture f;
  f.open("c");
  f.restart();
  CHECK(f.found("c").top == stream_position{0, "new"});
}

TEST_CASE("history database: streams without publications take half of the room at most", "[net][history]") {
  fixture f;
  f.options.max_bytes = 1024 * 1024;
  f.restart();
  f.change([&] {
    for (int i = 0; i < 20'000; ++i) f.base->open({fmt::format("made up {}", i), "new", ten});
  });
  CHECK(f.base->bytes() <= f.options.max_bytes / 2 + 64 * 1024);
  CHECK(f.base->bytes() > f.options.max_bytes / 4);
  CHECK_FALSE(f.open("late").found);
  CHECK_FALSE(f.open("late").found);
  f.keep("late", 1, 2);
  CHECK(f.texts("late").size() == 2);
}

TEST_CASE("history database: older publications than the stream has go", "[net][history]") {
  fixture f;
  f.keep("c", 1, 3);
  f.keep("c", 4, 5, 3);
  CHECK(f.texts("c") == strings{"3:c3", "4:c4", "5:c5"});
  f.keep("c", 6, 20, 18); // more at once than are kept
  CHECK(f.texts("c") == strings{"18:c18", "19:c19", "20:c20"});
}

TEST_CASE("history database: what is not committed is not there", "[net][history]") {
  fixture f;
  f.keep("c", 1, 1);
  f.base->begin();
  f.base->keep({"c", {text(2, "x")}, 1, {}, ten});
  f.base->rollback();
  CHECK(f.texts("c") == strings{"1:c1"});
  f.base->begin();
  f.base->atomically([&] { f.base->keep({"c", {text(2, "kept")}, 1, {}, ten}); });
  CHECK_THROWS_AS(f.base->atomically([&] {
    f.base->keep({"c", {text(3, "not")}, 1, {}, ten});
    throw std::bad_alloc{};
  }), std::bad_alloc);
  f.base->commit();
  CHECK(f.texts("c") == strings{"1:c1", "2:kept"});
}

TEST_CASE("history database: dropping leaves epoch and offset", "[net][history]") {
  fixture f;
  f.keep("c", 1, 3);
  f.change([&] { f.base->drop("c"); });
  f.change([&] { f.base->drop("nobody's"); });
  f.restart();
  CHECK(f.found("c").publications.empty());
  CHECK(f.found("c").top == stream_position{3, "e"});
  f.keep("c", 4, 4);
  CHECK(f.texts("c") == strings{"4:c4"});
}

TEST_CASE("history database: publications expire by the clock on the wall, then the stream is forgotten", "[net][history]") {
  fixture f;
  f.keep("c", 1, 3);
  SECTION("expired") {
    f.now += 60s;
    CHECK(f.found("c").publications.empty());
    CHECK(f.found("c").top == stream_position{3, "e"});
  }
  SECTION("forgotten") {
    f.now += 3600s;
    CHECK_FALSE(f.open("c").found);
  }
  SECTION("used again") {
    f.now += 3599s;
    CHECK(f.open("c").found);
    f.now += 3599s;
    CHECK(f.open("c").found);
  }
  SECTION("a clock that is set back makes them no older") {
    f.now -= 1000s;
    CHECK(f.found("c").age == 0ms);
  }
}

TEST_CASE("history database: idempotency keys are there as long as they count", "[net][history]") {
  fixture f;
  const auto keep = [&](std::uint64_t offset, const std::string& key) {
    f.change([&] { f.base->keep({"c", {text(offset, "x")}, 1, {}, ten, {{key, offset}}}); });
  };
  const auto keys = [&] {
    strings all;
    for (const auto& k : f.found("c").keys) all.push_back(fmt::format("{}:{} {}", k.key, k.offset, k.age / 1s));
    return all;
  };
  keep(1, "one");
  f.now += 100s;
  keep(2, "two");
  f.restart();
  CHECK(keys() == strings{"one:1 100", "two:2 0"});
  f.now += 200s;
  CHECK(keys() == strings{"two:2 200"});
  f.change([&] { f.base->sweep(10); });
  f.now -= 200s;
  CHECK(keys() == strings{"two:2 0"}); // the other one is gone
  SECTION("no more than channels remember") {
    keep_publications many{"c", {}, 1, {}, ten};
    for (std::uint64_t i = 3; i <= 20'000; ++i) {
      many.publications.push_back(text(i, "x"));
      many.keys.push_back({fmt::format("k{}", i), i});
    }
    many.first = 19'991;
    f.change([&] { f.base->keep(many); });
    const auto all = f.found("c").keys;
    CHECK(all.size() == seen_keys::max_keys);
    CHECK(all.front().offset == 20'000 - seen_keys::max_keys + 1);
    CHECK(all.back().offset == 20'000);
  }
  SECTION("they go with their stream") {
    f.keep("c", {text(1, "x", "other")});
    CHECK(keys().empty());
  }
}

TEST_CASE("history database: a sweep drops what is too old, in steps", "[net][history]") {
  fixture f;
  for (int i = 0; i < 5; ++i) f.keep(fmt::format("old{}", i), 1, 3);
  f.now += 70s;
  f.keep("new", 1, 3);
  const auto sweep = [&](std::size_t most) {
    bool is_last = false;
    f.change([&] { is_last = f.base->sweep(most); });
    return is_last;
  };
  CHECK_FALSE(sweep(4));
  CHECK(sweep(4));
  f.now -= 20s; // they would be there
  CHECK(f.found("old0").publications.empty());
  CHECK(f.found("old4").publications.empty());
  CHECK(f.texts("new").size() == 3);
  f.now += 2h;
  CHECK(sweep(100));
  f.now -= 2h;
  CHECK_FALSE(f.open("old0").found);
  CHECK_FALSE(f.open("new").found);
}

TEST_CASE("history database: another stream takes the place of one that does not go on", "[net][history]") {
  fixture f;
  f.keep("c", 1, 3);
  SECTION("of another epoch") {
    f.keep("c", {text(1, "x", "other")});
    CHECK(f.texts("c") == strings{"1:x"});
    CHECK(f.found("c").top == stream_position{1, "other"});
  }
  SECTION("with a gap") {
    f.keep("c", 6, 7);
    CHECK(f.texts("c") == strings{"6:c6", "7:c7"});
  }
}

TEST_CASE("history database: nobody else may read it", "[net][history]") {
  fixture f;
  f.base = nullptr;
  f.options.directory = f.disk.path() / "made" / "here";
  f.restart();
  f.keep("c", 1, 1);
  namespace fs = std::filesystem;
  CHECK(fs::status(f.options.directory).permissions() == fs::perms::owner_all);
  std::size_t files = 0;
  for (const auto& each : fs::directory_iterator{f.options.directory}) {
    ++files;
    CHECK(each.status().permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  }
  CHECK(files == 2); // with its log
}

TEST_CASE("history database: nobody else may use its folder meanwhile", "[net][history]") {
  fixture f;
  CHECK_THROWS_WITH(database(f.options, [&] { return f.now; }), "another process uses it");
}

TEST_CASE("history database: one of a later version is refused and left alone", "[net][history]") {
  fixture f;
  f.keep("c", 1, 1);
  CHECK_THROWS_WITH(f.run("PRAGMA user_version = 7"), "it is of version 7, not 1");
  f.run("PRAGMA user_version = 1");
  CHECK(f.texts("c") == strings{"1:c1"});
}

TEST_CASE("history database: after the machine went down epochs are others, unless all was on the medium", "[net][history]") {
  const bool sync = GENERATE(false, true);
  CAPTURE(sync);
  fixture f{sync};
  f.keep("c", 1, 2);
  const auto goes_down = [&] {
    f.base->begin(); // what is not closed looks so
    f.base->rollback();
    const auto set = sync ? "''" : "'another'";
    f.run(fmt::format("UPDATE meta SET value = {} WHERE name = 'boot'", set));
  };
  goes_down();
  CHECK(f.base->lost_epochs() == !sync);
  const auto first = f.found("c");
  CHECK((first.top.epoch == "e") == sync);
  CHECK(first.top.offset == 2);
  CHECK(first.publications.size() == 2);
  CHECK(first.publications[0]->epoch == first.top.epoch);
  f.restart(); // not for its sake
  CHECK(f.found("c").top.epoch == first.top.epoch);
  f.keep("c", {text(3, "x", first.top.epoch)});
  CHECK(f.found("c").publications.size() == 3);
  goes_down();
  CHECK((f.found("c").top.epoch == first.top.epoch) == sync);
}

TEST_CASE("history database: a row that is changed, missing or another's is found", "[net][history]") {
  fixture f;
  f.keep("c", 1, 3);
  f.keep("other", 1, 3);
  const auto* what = GENERATE(
    "UPDATE publications SET record = zeroblob(3) WHERE stream = 1 AND place = 2",
    "UPDATE publications SET checksum = checksum + 1 WHERE stream = 1 AND place = 3",
    "DELETE FROM publications WHERE stream = 1 AND place = 1", "DELETE FROM publications WHERE stream = 1 AND place = 2",
    "DELETE FROM publications WHERE stream = 1 AND place = 3",
    "DELETE FROM publications WHERE stream = 1", "UPDATE publications SET place = 4 WHERE stream = 1 AND place = 3",
    "UPDATE publications SET record = (SELECT record FROM publications WHERE stream = 2 AND place = 2), "
    "checksum = (SELECT checksum FROM publications WHERE stream = 2 AND place = 2) WHERE stream = 1 AND place = 2",
    "UPDATE streams SET epoch = 'f' WHERE id = 1", "UPDATE streams SET top = 2 WHERE id = 1",
    "UPDATE streams SET first = 2 WHERE id = 1", "UPDATE streams SET version = '9' WHERE id = 1",
    "UPDATE streams SET forgotten = forgotten + 1 WHERE id = 1",
    "UPDATE streams SET channel = 'd' WHERE id = 1; UPDATE streams SET channel = 'c' WHERE id = 2");
  CAPTURE(what);
  f.run(what);
  const auto opened = f.open("c");
  CHECK_FALSE(opened.found);
  CHECK_FALSE(opened.damage.empty());
  CHECK(f.open("c").found->top == stream_position{0, "new"}); // it has begun anew
}

TEST_CASE("history database: a damaged stream does not become whole by being dropped or swept", "[net][history]") {
  fixture f;
  f.keep("c", 1, 3);
  f.run("UPDATE streams SET top = 5 WHERE id = 1");
  SECTION("dropped") { f.change([&] { f.base->drop("c"); }); }
  SECTION("swept") {
    f.now += 61s;
    f.change([&] { f.base->sweep(10); });
  }
  CHECK_FALSE(f.open("c").found);
}

TEST_CASE("history database: at its bound it takes nothing more, and what is there stays", "[net][history]") {
  fixture f;
  f.options.max_bytes = 1024 * 1024;
  f.restart();
  const std::string much(100'000, 'x');
  std::uint64_t kept = 0;
  std::string why;
  for (std::uint64_t i = 1; i <= 20 && why.empty(); ++i) try {
      f.base->begin();
      f.base->keep({"c", {text(i, much)}, 1, {}, ten});
      f.base->commit();
      kept = i;
    } catch (const failure& error) {
      why = error.what();
      f.base->rollback();
    }
  CHECK(why == "database or disk is full");
  CHECK(kept >= 8);
  CHECK(f.base->bytes() <= f.options.max_bytes);
  CHECK(f.found("c").publications.size() == kept);
  f.keep("c", {text(kept + 1, much)}, 2); // in the room of one that goes
  CHECK(f.found("c").publications.size() == kept);
}

TEST_CASE("history database: a file that is damaged is said to be", "[net][history]") {
  fixture f;
  f.keep("c", 1, 3);
  f.base = nullptr;
  std::ofstream{database::file_in(f.options.directory), std::ios::binary | std::ios::in} << "this is not what it was";
  try {
    f.restart();
    FAIL("it was opened");
  } catch (const failure& why) {
    CHECK(why.is_damage());
  }
}

TEST_CASE("history database: whatever byte of the file is flipped, nothing wrong is read", "[net][history]") {
  fixture f;
  std::map<std::string, strings> expected;
  for (const auto* channel : {"a", "b", "longer name"}) {
    f.keep(channel, 1, 8);
    expected[channel] = f.texts(channel);
  }
  f.base = nullptr;
  const auto file = database::file_in(f.options.directory);
  std::ifstream in{file, std::ios::binary};
  const std::string whole{std::istreambuf_iterator<char>{in}, {}};
  std::mt19937 random{1}; // NOLINT: the same each time
  std::size_t found = 0, unharmed = 0, unusable = 0;
  for (int i = 0; i < 400; ++i) {
    auto bytes = whole;
    const auto at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    std::ofstream{file, std::ios::binary | std::ios::trunc} << bytes;
    CAPTURE(at);
    try {
      f.restart();
      for (const auto& [channel, texts] : expected) {
        const auto opened = f.open(channel);
        if (!opened.found) {
          ++found;
          continue;
        }
        strings read;
        for (const auto& p : opened.found->publications) read.push_back(fmt::format("{}:{}", p->offset, p->data.bytes));
        CHECK(read == texts);
        CHECK(opened.found->top == stream_position{8, "e"});
        ++unharmed;
      }
    } catch (const std::runtime_error&) {
      ++unusable;
    }
    f.base = nullptr;
    std::filesystem::remove(database::file_in(f.options.directory).string() + "-wal");
  }
  CHECK(found > 0);
  CHECK(unharmed > 0);
  CHECK(unusable > 0);
}
