// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/log.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cctype>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::app;
using namespace std::chrono_literals;

namespace {

/// A pipe to log into.
class log_pipe {
public:
  log_pipe() { REQUIRE(::pipe2(ends_, O_CLOEXEC) == 0); }
  ~log_pipe() {
    close_reader();
    close_writer();
  }

  int writer() const { return ends_[1]; }
  void close_reader() { close(ends_[0]); }

  /// All that was written; call when the log is gone.
  std::vector<std::string> lines() {
    close_writer();
    std::string text;
    char chunk[4096];
    for (ssize_t got = 0; (got = ::read(ends_[0], chunk, sizeof chunk)) > 0;)
      text.append(chunk, static_cast<std::size_t>(got));
    std::vector<std::string> result;
    for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
      result.push_back(text.substr(0, end));
    REQUIRE(text.empty());
    return result;
  }

private:
  void close_writer() { close(ends_[1]); }
  static void close(int& end) {
    if (end >= 0)
      ::close(end);
    end = -1;
  }

  int ends_[2] = {-1, -1};
};

/// The line with its time, which must be there, replaced by TIME.
std::string without_time(std::string line) {
  constexpr std::string_view form = "0000-00-00T00:00:00.000Z";
  const auto start = line.find_first_of("0123456789");
  REQUIRE(start != std::string::npos);
  auto time = line.substr(start, form.size());
  std::replace_if(time.begin(), time.end(), [](unsigned char c) { return std::isdigit(c); }, '0');
  REQUIRE(time == form);
  return line.replace(start, form.size(), "TIME");
}

} // namespace

TEST_CASE("log: a human line has time, level, event and fields", "[app][log]") {
  log_pipe pipe;
  text_log{{}, pipe.writer()}.write(severity::info, "listening",
                                    {{"port", "8000"}, {"agent", "a \"b\"\nc"}, {"none", ""}});
  const auto lines = pipe.lines();
  REQUIRE(lines.size() == 1);
  CHECK(without_time(lines[0]) == R"(TIME info listening port=8000 agent="a \"b\"\nc" none="")");
}

TEST_CASE("log: a JSON line is one flat object of strings", "[app][log]") {
  log_pipe pipe;
  text_log{{.format = log_format::json}, pipe.writer()}.write(
      severity::warning, "closed", {{"code", "1001"}, {"agent", "a \"b\"\n\xff"}});
  const auto lines = pipe.lines();
  REQUIRE(lines.size() == 1);
  CHECK(without_time(lines[0]) ==
        R"({"time":"TIME","level":"warning","event":"closed","code":"1001",)"
        R"("agent":"a \"b\"\n\ufffd"})");
}

TEST_CASE("log: text of a client cannot start a second line or forge a field", "[app][log]") {
  const auto format = GENERATE(log_format::human, log_format::json);
  log_pipe pipe;
  text_log{{.format = format}, pipe.writer()}.write(
      severity::info, "refused",
      {{"origin", "x\" admin=true\r\n2026-01-01T00:00:00.000Z error forged \x1b[2J"}});
  const auto lines = pipe.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find('\x1b') == std::string::npos);
  CHECK(lines[0].find('\r') == std::string::npos);
  CHECK(lines[0].find(R"(x\" admin=true\r\n2026)") != std::string::npos);
}

TEST_CASE("log: a field is cut at 256 bytes", "[app][log]") {
  log_pipe pipe;
  text_log{{}, pipe.writer()}.write(severity::info, "refused",
                                    {{"uri", std::string(100'000, 'u')}, {"after", "kept"}});
  const auto lines = pipe.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("uri=" + std::string(253, 'u') + "… after=kept") != std::string::npos);
}

TEST_CASE("log: events below the level are dropped", "[app][log]") {
  log_pipe pipe;
  {
    text_log log{{.level = severity::warning, .lines_per_second = 2}, pipe.writer()};
    for (int i = 0; i < 100; ++i) { // These must not use up the budget either.
      log.write(severity::debug, "a", {});
      log.write(severity::info, "b", {});
    }
    log.write(severity::warning, "c", {});
    log.write(severity::error, "d", {});
  }
  const auto lines = pipe.lines();
  REQUIRE(lines.size() == 2);
  CHECK(without_time(lines[0]) == "TIME warning c");
  CHECK(without_time(lines[1]) == "TIME error d");
}

TEST_CASE("log: a budget admits its lines in each second and counts the others", "[app][log]") {
  line_budget budget{3};
  const auto start = line_budget::clock::time_point{1h};
  for (int i = 0; i < 3; ++i)
    CHECK(budget.admit(start + 100ms * i).admitted);
  CHECK_FALSE(budget.admit(start + 400ms).admitted);
  CHECK_FALSE(budget.admit(start + 999ms).admitted);
  const auto next = budget.admit(start + 1000ms);
  CHECK(next.admitted);
  CHECK(next.suppressed == 2);
  CHECK(budget.admit(start + 1001ms).suppressed == 0);
  CHECK(budget.take_suppressed() == 0);
}

TEST_CASE("log: another budget holds at once", "[app][log]") {
  line_budget budget{1};
  CHECK(budget.admit({}).admitted);
  CHECK_FALSE(budget.admit({}).admitted);
  budget.change(3);
  CHECK(budget.admit({}).admitted);
  CHECK(budget.admit({}).admitted);
  CHECK_FALSE(budget.admit({}).admitted);
  budget.change(2); // fewer than there were
  CHECK_FALSE(budget.admit({}).admitted);
}

TEST_CASE("log: a budget of zero admits everything", "[app][log]") {
  line_budget budget{0};
  for (int i = 0; i < 10'000; ++i)
    REQUIRE(budget.admit({}).admitted);
}

TEST_CASE("log: lines over the limit are dropped and their number is told", "[app][log]") {
  log_pipe pipe;
  {
    text_log log{{.lines_per_second = 5}, pipe.writer()};
    for (int i = 0; i < 50; ++i)
      log.write(severity::info, "event", {});
  }
  std::size_t events = 0;
  std::size_t told = 0;
  for (const auto& line : pipe.lines()) {
    const std::string notice = "log_dropped over_limit=";
    if (const auto at = line.find(notice); at != std::string::npos)
      told += std::stoul(line.substr(at + notice.size()));
    else
      ++events;
  }
  CHECK(events + told == 50);
  CHECK(told > 0);
}

TEST_CASE("log: a reader that went away costs the lines, nothing else", "[app][log]") {
  std::signal(SIGPIPE, SIG_IGN);
  log_pipe pipe;
  pipe.close_reader();
  text_log log{{}, pipe.writer()};
  for (int i = 0; i < 100; ++i)
    log.write(severity::error, "event", {});
}

TEST_CASE("log: a reader that stopped reading blocks neither write() nor the end", "[app][log]") {
  log_pipe pipe;
  const auto start = std::chrono::steady_clock::now();
  {
    text_log log{{.lines_per_second = 0}, pipe.writer()};
    for (std::size_t i = 0; i < 5 * text_log::max_queued_lines; ++i)
      log.write(severity::info, "event", {{"text", std::string(200, 'x')}});
  }
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}
