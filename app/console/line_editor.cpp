// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/line_editor.hpp"

#include "app/console/commands.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include <editline/readline.h>
#include <fcntl.h>
#include <unistd.h>

namespace troupe::app::console {

namespace {

constexpr int history_size = 1000;

std::vector<std::string> offered; // of the completion under way

char* next_offer(const char*, int state) {
  static std::size_t at;
  if (state == 0)
    at = 0;
  return at < offered.size() ? ::strdup(offered[at++].c_str()) : nullptr;
}

char** complete(const char* word, int start, int) {
  ::rl_attempted_completion_over = 1; // no file names
  offered = completions(std::string_view{::rl_line_buffer, static_cast<std::size_t>(start)} == ""
                            ? std::string{word}
                            : std::string{::rl_line_buffer, static_cast<std::size_t>(start)} + word);
  return offered.empty() ? nullptr : ::rl_completion_matches(word, next_offer);
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

} // namespace

line_editor::line_editor() {
  static char name[] = "troupe";
  ::rl_readline_name = name;
  ::using_history();
  ::stifle_history(history_size);
  ::rl_attempted_completion_function = complete;
  const char* home = std::getenv("HOME");
  if (!home || *home == '\0')
    return;
  const auto file = std::string{home} + "/.troupe_history";
  // Made here, so that nobody else can read it from the first moment on.
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (made < 0)
    return;
  ::close(made);
  ::read_history(file.c_str());
  history_file_ = file;
}

std::optional<std::string> line_editor::read(const std::string& prompt) {
  while (true) {
    const std::unique_ptr<char, decltype(&std::free)> typed{::readline(prompt.c_str()), &std::free};
    if (!typed)
      return std::nullopt;
    std::string line{typed.get()};
    if (is_blank(line))
      continue;
    remember(line);
    return line;
  }
}

void line_editor::remember(const std::string& line) {
  if (line == last_)
    return;
  last_ = line;
  ::add_history(line.c_str());
  if (!history_file_.empty())
    ::write_history(history_file_.c_str());
}

} // namespace troupe::app::console
