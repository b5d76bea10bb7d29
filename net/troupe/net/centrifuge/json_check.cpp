// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/centrifuge/codecs.hpp>

// Boost.JSON's definitions live here: it is used without its compiled library.
#include <boost/json/src.hpp>

#include <boost/json/basic_parser_impl.hpp>

namespace troupe::net::centrifuge {
namespace {

namespace json = boost::json;

/// Takes note of nothing: that there was no error is all we want to know.
struct no_values {
  static constexpr std::size_t max_object_size = -1;
  static constexpr std::size_t max_array_size = -1;
  static constexpr std::size_t max_key_size = -1;
  static constexpr std::size_t max_string_size = -1;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t, json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_key(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

/// Bytes of the first value, with blanks around it; 0 if there is none.
std::size_t parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::basic_parser<no_values> parser(options);
  json::error_code error;
  const auto size = parser.write_some(false, text.data(), text.size(), error);
  return error ? 0 : size;
}

/// Where an escape of a surrogate may begin.
std::size_t find_surrogate(std::string_view text, std::size_t from) {
  while (true) {
    from = text.find("\\u", from);
    if (from == text.npos || from + 2 >= text.size()) return text.npos;
    if (text[from + 2] == 'd' || text[from + 2] == 'D') return from;
    ++from;
  }
}

} // namespace

std::size_t first_json(std::string_view text) {
  auto surrogate = find_surrogate(text, 0);
  if (surrogate == text.npos) return parse(text);
  // Browsers write half an emoji as a lone surrogate, which the grammar allows and the parser does
  // not. The check is of a copy in which surrogates are other characters; nothing else changes its
  // validity.
  std::string copy(text);
  for (; surrogate != copy.npos; surrogate = find_surrogate(copy, surrogate))
    copy[surrogate + 2] = '0';
  return parse(copy);
}

bool is_json(std::string_view text) { return !text.empty() && first_json(text) == text.size(); }

} // namespace troupe::net::centrifuge
