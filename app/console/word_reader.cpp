// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/word_reader.hpp"

#include "app/console/query_error.hpp"

#include <algorithm>
#include <utility>

namespace troupe::app::console {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view operators = "<>=!~()";

} // namespace

void word_reader::skip_blanks() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
}

std::string word_reader::quoted() {
  std::string text;
  for (std::size_t at = 1; at < rest_.size(); ++at) {
    if (rest_[at] == '"') {
      rest_.remove_prefix(at + 1);
      return text;
    }
    if (rest_[at] == '\\' && at + 1 < rest_.size())
      ++at;
    text += rest_[at];
  }
  throw query_error{"a double quote is not closed"};
}

std::optional<std::string> word_reader::next() {
  skip_blanks();
  if (rest_.empty())
    return std::nullopt;
  if (rest_.front() == '"')
    return quoted();
  const auto end = std::min(rest_.find_first_of(blanks), rest_.size());
  std::string word{rest_.substr(0, end)};
  rest_.remove_prefix(end);
  return word;
}

std::optional<std::string> word_reader::peek() const {
  auto copy = *this;
  return copy.next();
}

std::optional<word_reader::token> word_reader::next_token() {
  skip_blanks();
  if (rest_.empty())
    return std::nullopt;
  if (rest_.front() == '"')
    return token{quoted(), true};
  std::size_t end = 1;
  const auto first = rest_.front();
  if (first == '(' || first == ')') {
    // One character.
  } else if (operators.find(first) != std::string_view::npos) {
    if (rest_.size() > 1 && (rest_[1] == '=' || (first == '!' && rest_[1] == '~')))
      end = 2;
  } else {
    end = std::min(rest_.find_first_of(std::string{blanks} + std::string{operators} + '"'),
                   rest_.size());
  }
  token found{std::string{rest_.substr(0, end)}};
  rest_.remove_prefix(end);
  return found;
}

std::optional<word_reader::token> word_reader::peek_token() const {
  auto copy = *this;
  return copy.next_token();
}

std::string word_reader::take_rest() {
  skip_blanks();
  auto all = std::exchange(rest_, {});
  const auto last = all.find_last_not_of(blanks);
  return std::string{all.substr(0, last == std::string_view::npos ? 0 : last + 1)};
}

} // namespace troupe::app::console
