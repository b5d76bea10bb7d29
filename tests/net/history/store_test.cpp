// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/history/store.hpp>
#include <troupe/testing/deterministic_system.hpp>

#include "support/catch.hpp"
#include "support/memory_log.hpp"
#include "support/scratch_folder.hpp"

#include <caf/send.hpp>
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>

using namespace troupe;
using namespace troupe::centrifuge;
using namespace troupe::net::history;
using namespace std::chrono_literals;
using troupe::tests::scratch_folder;

namespace {

constexpr history_options ten{.size = 10, .ttl = 60s, .meta_ttl = 3600s};

keep_publications text(const std::string& channel, std::uint64_t offset, std::string bytes = "x") {
  return {channel,
          {std::make_shared<const publication>(publication{
            .data = {std::move(bytes), false}, .info = std::nullopt, .offset = offset, .epoch = "e", .tags = {}})},
          1,
          {},
          ten};
}

/// While it lives no file grows beyond what this one has now.
class full_disk {
public:
  explicit full_disk(const std::string& file) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    auto limit = before_;
    limit.rlim_cur = std::filesystem::file_size(file);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~full_disk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

/// A store and its disk.
class store_world : public testing::deterministic_system {
public:
  ~store_world() { ends(); }

  void start() {
    store_settings with{.options = {.directory = disk.path(), .max_bytes = max_bytes}};
    with.figures = figures = std::make_shared<counters>();
    with.log = &log;
    with.now = [this] { return now; };
    auto opened = std::shared_ptr<database>{open_database(with)};
    who = system().spawn(store, std::move(with), std::move(opened));
    run();
  }
  void ends() {
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    who = nullptr;
    run();
    CHECK(running() == 0);
  }
  bool keep(keep_publications m) {
    const auto answer = ask<store_answered>(who, std::move(m));
    REQUIRE(answer);
    return answer->done;
  }
  std::optional<kept_stream> open(const std::string& channel) {
    const auto answer = ask<stream_opened>(who, open_stream{channel, "new", ten});
    REQUIRE(answer);
    return answer->found;
  }

  scratch_folder disk;
  std::size_t max_bytes = 1024 * 1024;
  std::chrono::system_clock::time_point now{1'700'000'000s};
  tests::memory_log log;
  std::shared_ptr<counters> figures;
  store_actor who;
};

} // namespace

TEST_CASE("history store: what it has answered is there after a restart", "[net][history]") {
  store_world w;
  w.start();
  CHECK_FALSE(w.open("c"));
  CHECK(w.keep(text("c", 1)));
  CHECK(w.keep(text("c", 2)));
  CHECK(w.ask<store_answered>(w.who, drop_publications{"other"})->done);
  CHECK(w.figures->kept.value() == 2);
  CHECK(w.figures->opened.value() == 1);
  w.ends();
  w.start();
  CHECK(w.open("c")->top == stream_position{2, "e"});
}

TEST_CASE("history store: all that has come is written in one go", "[net][history]") {
  store_world w;
  w.start();
  for (int i = 0; i < 100; ++i) caf::anon_send(w.who, text(fmt::format("c{}", i), 1));
  w.run();
  CHECK(w.figures->kept.value() == 100);
  CHECK(w.figures->commits.value() == 1);
}

TEST_CASE("history store: what was not written when it is told to exit is written then", "[net][history]") {
  store_world w;
  w.start();
  caf::anon_send(w.who, text("c", 1));
  w.ends();
  w.start();
  // Its exit may be ahead of it: then nobody was told that it was kept.
  CHECK((w.open("c") || w.figures->kept.value() == 0));
}

TEST_CASE("history store: what does not fit is refused alone, and told once", "[net][history]") {
  store_world w;
  w.start();
  CHECK(w.keep(text("small", 1)));
  const std::string much(2'000'000, 'x');
  caf::anon_send(w.who, text("small", 2));
  caf::anon_send(w.who, text("big", 1, much));
  caf::anon_send(w.who, text("small", 3));
  w.run();
  CHECK(w.figures->kept.value() == 3);
  CHECK(w.figures->failed.value() == 1);
  CHECK(w.figures->failing.value() == 1);
  CHECK_FALSE(w.keep(text("big", 1, much)));
  CHECK(w.log.named("history_failed").size() == 1);
  CHECK(w.open("small")->top.offset == 3);
  CHECK_FALSE(w.open("big"));
}

TEST_CASE("history store: what the disk does not take at the commit is not answered as kept", "[net][history]") {
  store_world w;
  w.start();
  CHECK(w.keep(text("c", 1)));
  {
    const full_disk for_now{database::file_in(w.disk.path()).string() + "-wal"};
    CHECK_FALSE(w.keep(text("c", 2)));
    CHECK(w.open("c")->top.offset == 1); // it can be read meanwhile
    CHECK(w.figures->failed.value() == 1);
  }
  CHECK(w.keep(text("c", 2)));
  w.ends();
  w.start();
  CHECK(w.open("c")->top.offset == 2);
}

TEST_CASE("history store: a stream is not read as long as what is written to it may be lost", "[net][history]") {
  store_world w;
  w.start();
  CHECK(w.keep(text("c", 1)));
  {
    const full_disk full{database::file_in(w.disk.path()).string() + "-wal"};
    caf::anon_send(w.who, text("c", 2, std::string(100'000, 'x')));
    CHECK(w.open("c")->top == stream_position{1, "e"}); // of a channel that took the place of one that failed
  }
  caf::anon_send(w.who, text("c", 2));
  CHECK(w.open("c")->top == stream_position{2, "e"});
}

TEST_CASE("history store: a database that is broken is put aside, and another one begun", "[net][history]") {
  store_world w;
  w.start();
  CHECK(w.keep(text("c", 1)));
  w.ends();
  const auto file = database::file_in(w.disk.path());
  std::ofstream{file, std::ios::binary | std::ios::in} << "this is not what it was";
  w.start();
  CHECK_FALSE(w.open("c"));
  CHECK(w.keep(text("c", 1)));
  CHECK(w.figures->damaged.value() == 1);
  CHECK(w.log.named("history_damaged").size() == 1);
  CHECK(std::filesystem::exists(file.string() + ".damaged-1700000000"));
}

TEST_CASE("history store: a stream that is broken begins anew, and others are not touched", "[net][history]") {
  store_world w;
  w.start();
  CHECK(w.keep(text("a", 1, "find me")));
  CHECK(w.keep(text("b", 1)));
  w.ends();
  const auto file = database::file_in(w.disk.path());
  std::string bytes;
  {
    std::ifstream in{file, std::ios::binary};
    bytes.assign(std::istreambuf_iterator<char>{in}, {});
  }
  const auto at = bytes.find("find me");
  REQUIRE(at != std::string::npos);
  bytes[at] = 'b';
  std::ofstream{file, std::ios::binary | std::ios::trunc} << bytes;
  w.start();
  CHECK_FALSE(w.open("a"));
  CHECK(w.open("b"));
  CHECK(w.figures->damaged.value() == 1);
  CHECK(w.log.named("history_damaged").size() == 1);
  CHECK(w.open("a")->top == stream_position{0, "new"});
}

TEST_CASE("history store: what is too old goes by itself", "[net][history]") {
  store_world w;
  w.start();
  CHECK(w.keep(text("c", 1)));
  w.now += 61s;
  w.advance(61s);
  w.now -= 30s; // it would be there
  CHECK(w.open("c")->publications.empty());
}

TEST_CASE("history store: a folder that cannot be used is an error", "[net][history]") {
  store_world w;
  store_settings with{.options = {.directory = "/proc/none"}};
  CHECK_THROWS_AS(open_database(with), std::runtime_error);
}
