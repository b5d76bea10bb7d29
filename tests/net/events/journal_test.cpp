// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/events/journal.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include <sys/syscall.h>
#include <unistd.h>

using namespace troupe::net::events;
using troupe::tests::scratch_folder;
namespace fs = std::filesystem;
using strings = std::vector<std::string>;

namespace {

constexpr journal_limits roomy{.max_bytes = 1024 * 1024, .segment_bytes = 128 * 1024};

void add(journal& to, const std::string& text, effect on = effect::none, const std::string& connection = {}) {
  const journal::entry one{on, connection, text};
  REQUIRE(to.append({&one, 1}).empty());
}

strings waiting(const journal& of) { return of.oldest(1'000'000, 1'000'000'000).events; }

std::vector<fs::path> segments(const fs::path& folder) {
  std::set<fs::path> found;
  for (const auto& each : fs::directory_iterator{folder})
    if (each.path().extension() == ".journal") found.insert(each.path());
  return {found.begin(), found.end()};
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<fs::path> synced; // in this process, since it was cleared

void overwrite(const fs::path& file, const std::string& bytes) {
  std::ofstream{file, std::ios::binary | std::ios::trunc} << bytes;
}

} // namespace

/// In place of the C library's: the journal calls this one.
extern "C" int fdatasync(int descriptor) {
  synced.push_back(fs::read_symlink(fmt::format("/proc/self/fd/{}", descriptor)));
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

TEST_CASE("journal: events are there, in order, until they are acknowledged", "[net][events][journal]") {
  const scratch_folder at;
  journal book{at.path(), roomy};
  for (int i = 1; i <= 5; ++i) add(book, std::to_string(i));
  CHECK(book.waiting() == 5);
  CHECK(book.oldest(2, 1000).events == strings{"1", "2"});
  CHECK(book.oldest(2, 1000).last == 2);
  CHECK(book.oldest(100, 3).events == strings{"1", "2", "3"});
  CHECK(book.oldest(100, 0).events == strings{"1"}); // one at least
  book.acknowledge(2);
  CHECK(book.waiting() == 3);
  CHECK(waiting(book) == strings{"3", "4", "5"});
  book.acknowledge(1); // again
  book.acknowledge(99);
  CHECK(book.waiting() == 0);
  CHECK(waiting(book).empty());
  add(book, "6");
  CHECK(waiting(book) == strings{"6"});
}

TEST_CASE("journal: what was not acknowledged is there when it is opened again", "[net][events][journal]") {
  const scratch_folder at;
  {
    journal book{at.path(), roomy};
    for (int i = 1; i <= 5; ++i) add(book, std::to_string(i));
    book.acknowledge(3);
  }
  for (int times = 0; times < 3; ++times) {
    journal book{at.path(), roomy};
    CHECK(waiting(book) == strings{"4", "5"});
    CHECK(book.next_sequence() == 6);
    CHECK(book.skipped_bytes() == 0);
  }
}

TEST_CASE("journal: it knows which connections nobody saw end", "[net][events][journal]") {
  const scratch_folder at;
  {
    journal book{at.path(), roomy};
    add(book, "a is up", effect::opens, "a");
    add(book, "b is up", effect::opens, "b");
    add(book, "a is down", effect::ends, "a");
    book.acknowledge(3);
  }
  journal book{at.path(), roomy};
  CHECK(book.open() == std::map<std::string, std::string>{{"b", "b is up"}});
  add(book, "b is down", effect::ends, "b");
  CHECK(book.open().empty());
}

TEST_CASE("journal: segments that are done with go, and what is open stays", "[net][events][journal]") {
  const scratch_folder at;
  const journal_limits small{.max_bytes = 64 * 1024, .segment_bytes = 4 * 1024};
  {
    journal book{at.path(), small};
    add(book, "it is up", effect::opens, "it");
    for (int i = 0; i < 2'000; ++i) {
      add(book, std::string(100, 'x'));
      book.acknowledge(book.next_sequence() - 1);
    }
    CHECK(segments(at.path()).size() <= 2);
    CHECK(book.lost() == 0);
  }
  journal book{at.path(), small};
  CHECK(book.open().size() == 1);
  CHECK(book.next_sequence() == 2'002);
}

TEST_CASE("journal: what is written to a segment is on the medium before the next one begins", "[net][events][journal]") {
  const scratch_folder at;
  journal book{at.path(), {.max_bytes = 64 * 1024, .segment_bytes = 4 * 1024}};
  const auto first = segments(at.path()).back();
  synced.clear();
  while (segments(at.path()).size() == 1) add(book, std::string(100, 'x'));
  REQUIRE(synced.size() == 2);
  CHECK(synced[0] == first);
  CHECK(synced[1] == at.path() / "unfinished");
}

TEST_CASE("journal: a server that starts again and again leaves no files behind", "[net][events][journal]") {
  const scratch_folder at;
  for (int i = 0; i < 20; ++i) {
    const journal book{at.path(), roomy};
    CHECK(segments(at.path()).size() <= 2);
  }
}

TEST_CASE("journal: at its bound the oldest events are lost and counted", "[net][events][journal]") {
  const scratch_folder at;
  const journal_limits small{.max_bytes = 64 * 1024, .segment_bytes = 4 * 1024};
  journal book{at.path(), small};
  add(book, "it is up", effect::opens, "it");
  std::uint64_t added = 1;
  // Just below: nothing is lost.
  while (book.bytes() + 1'200 < small.max_bytes) {
    add(book, fmt::format("{:01000}", ++added));
    REQUIRE(book.lost() == 0);
  }
  for (int i = 0; i < 200; ++i) {
    add(book, fmt::format("{:01000}", ++added));
    REQUIRE(book.bytes() <= small.max_bytes);
  }
  CHECK(book.lost() > 0);
  CHECK(book.lost() + book.waiting() == added);
  const auto left = waiting(book);
  CHECK(left.size() == book.waiting());
  CHECK(left.back() == fmt::format("{:01000}", added));
  CHECK(left.front() == fmt::format("{:01000}", book.lost() + 1));
  CHECK(book.open().size() == 1);
  std::size_t on_disk = 0;
  for (const auto& each : segments(at.path())) on_disk += fs::file_size(each);
  CHECK(on_disk == book.bytes());
}

TEST_CASE("journal: a delivery whose events were lost meanwhile may still be acknowledged", "[net][events][journal]") {
  const scratch_folder at;
  journal book{at.path(), {.max_bytes = 64 * 1024, .segment_bytes = 4 * 1024}};
  add(book, "first");
  const auto batch = book.oldest(10, 1000);
  for (int i = 0; i < 200; ++i) add(book, std::string(1000, 'x'));
  const auto left = book.waiting();
  book.acknowledge(batch.last);
  CHECK(book.waiting() == left);
}

TEST_CASE("journal: no two servers write to one", "[net][events][journal]") {
  const scratch_folder at;
  const journal book{at.path(), roomy};
  CHECK_THROWS_WITH((journal{at.path(), roomy}), "another process is using it");
}

TEST_CASE("journal: a place that cannot be written to is refused", "[net][events][journal]") {
  CHECK_THROWS_AS((journal{"/dev/null/journal", roomy}), std::runtime_error);
}

TEST_CASE("journal: a torn end costs what was torn and nothing else", "[net][events][journal]") {
  const scratch_folder at;
  {
    journal book{at.path(), roomy};
    add(book, "a is up", effect::opens, "a");
    add(book, "second");
    add(book, "third");
  }
  const auto file = segments(at.path()).front();
  const auto whole = bytes_of(file);
  // At every length there is a prefix of the events, and no more.
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const scratch_folder copy;
    overwrite(copy.path() / file.filename(), whole.substr(0, size));
    journal book{copy.path(), roomy};
    const auto left = waiting(book);
    const strings all{"a is up", "second", "third"};
    CAPTURE(size);
    REQUIRE(left.size() <= 3);
    REQUIRE(std::equal(left.begin(), left.end(), all.begin()));
    REQUIRE(book.open().size() == (left.empty() ? 0U : 1U));
    if (size == whole.size()) REQUIRE(left.size() == 3);
    add(book, "more");
    REQUIRE(waiting(book).back() == "more");
  }
}

TEST_CASE("journal: what is flipped, cut or made up is skipped and never believed", "[net][events][journal]") {
  std::mt19937 chance{7};
  const journal_limits small{.max_bytes = 1024 * 1024, .segment_bytes = 2 * 1024};
  const scratch_folder at;
  std::set<std::string> written;
  {
    journal book{at.path(), small};
    for (int i = 0; i < 300; ++i) {
      const auto text = fmt::format("event {}", i);
      written.insert(text);
      add(book, text, i % 3 == 0 ? effect::opens : effect::none, fmt::format("c{}", i));
    }
    REQUIRE(segments(at.path()).size() > 2);
  }
  for (int round = 0; round < 300; ++round) {
    const scratch_folder copy;
    for (const auto& file : segments(at.path())) {
      auto bytes = bytes_of(file);
      const auto where = [&] { return std::uniform_int_distribution<std::size_t>{0, bytes.size() - 1}(chance); };
      switch (chance() % 5) {
        case 0: bytes[where()] = static_cast<char>(chance()); break;
        case 1: bytes.resize(where()); break;
        case 2: bytes.insert(where(), std::string(chance() % 64, static_cast<char>(chance()))); break;
        case 3: bytes.erase(where(), chance() % 64); break;
        default: break;
      }
      overwrite(copy.path() / file.filename(), bytes);
    }
    journal book{copy.path(), small};
    CAPTURE(round);
    for (const auto& text : waiting(book)) REQUIRE(written.contains(text));
    for (const auto& [connection, text] : book.open()) REQUIRE(written.contains(text));
    add(book, "more");
    REQUIRE(waiting(book).back() == "more");
  }
}
