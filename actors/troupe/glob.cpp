// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/glob.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

/// Reads a pattern from left to right. Each step returns whether it was well formed.
class glob_parser {
public:
  explicit glob_parser(std::string_view pattern) : rest_(pattern) {}

  bool parse(std::vector<glob::tokens>& all) {
    all.assign(1, {});
    while (!rest_.empty()) {
      if (rest_.front() == '{') {
        std::vector<glob::tokens> choices;
        if (!braces(choices) || all.size() * choices.size() > glob::max_alternatives) return false;
        std::vector<glob::tokens> longer;
        for (const auto& begun : all)
          for (const auto& choice : choices) {
            longer.push_back(begun);
            longer.back().insert(longer.back().end(), choice.begin(), choice.end());
          }
        all = std::move(longer);
        continue;
      }
      glob::token next;
      if (!one(next)) return false;
      for (auto& begun : all) begun.push_back(next);
    }
    return true;
  }

private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  static std::size_t index(char c) { return static_cast<unsigned char>(c); }

  bool escaped(char& c) {
    if (rest_.empty()) return false;
    c = take();
    return true;
  }

  bool one(glob::token& to) {
    char c = take();
    switch (c) {
      case '*': to.run = true; return true;
      case '?': to.bytes.set(); return true;
      case '[': return set(to);
      case '}': return false;
      case '\\':
        if (!escaped(c)) return false;
        break;
      default: break;
    }
    to.bytes.set(index(c));
    return true;
  }

  bool member(char& c) {
    if (rest_.empty()) return false;
    c = take();
    return c != '\\' || escaped(c);
  }

  bool set(glob::token& to) {
    const bool none_of = rest_.starts_with('!');
    if (none_of) take();
    if (rest_.starts_with(']')) return false;
    while (!rest_.starts_with(']')) {
      char first = 0;
      if (!member(first)) return false;
      char last = first;
      if (rest_.starts_with('-') && rest_.size() > 1 && rest_[1] != ']') {
        take();
        if (!member(last) || index(last) < index(first)) return false;
      }
      for (auto i = index(first); i <= index(last); ++i) to.bytes.set(i);
    }
    take();
    if (none_of) to.bytes.flip();
    return true;
  }

  bool braces(std::vector<glob::tokens>& choices) {
    take();
    choices.assign(1, {});
    while (!rest_.starts_with('}')) {
      if (rest_.empty() || rest_.front() == '{') return false;
      if (rest_.front() == ',') {
        take();
        choices.emplace_back();
        continue;
      }
      if (!one(choices.back().emplace_back())) return false;
    }
    take();
    return true;
  }

  std::string_view rest_;
};

std::optional<glob> glob::parse(std::string_view pattern) {
  glob result;
  if (pattern.size() > max_bytes || !glob_parser{pattern}.parse(result.alternatives_))
    return std::nullopt;
  return result;
}

bool glob::matches(std::string_view name) const {
  return std::ranges::any_of(alternatives_, [&](const tokens& t) { return matches(t, name); });
}

bool glob::matches(const tokens& pattern, std::string_view name) {
  // After a mismatch only the last run has to take one byte more: what came before it fits already.
  std::size_t at = 0;
  std::size_t in = 0;
  std::optional<std::pair<std::size_t, std::size_t>> last_run; // where it is, where it ended
  while (in < name.size()) {
    if (at < pattern.size() && pattern[at].run) {
      last_run.emplace(at++, in);
    } else if (at < pattern.size() && pattern[at].bytes[static_cast<unsigned char>(name[in])]) {
      ++at;
      ++in;
    } else if (last_run) {
      at = last_run->first + 1;
      in = ++last_run->second;
    } else {
      return false;
    }
  }
  return std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(at), pattern.end(),
                     [](const token& t) { return t.run; });
}

} // namespace troupe
