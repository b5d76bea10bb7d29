// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/escape.hpp"
#include "support/catch.hpp"

#include <string>

using troupe::app::escaped;
using troupe::app::in_quotes;

TEST_CASE("escape: text that is safe stays as it is", "[app][escape]") {
  const auto text = GENERATE(as<std::string>{}, "", "plain text 123", "naïve 漢字🎭", "a=b,c");
  CHECK(escaped(text) == text);
}

TEST_CASE("escape: everything that moves the cursor, reorders or hides becomes visible",
          "[app][escape]") {
  struct example {
    std::string text;
    std::string shown;
  };
  const auto [text, shown] = GENERATE(values<example>({
      {"a\nb\r\tc", R"(a\nb\r\tc)"},
      {R"(say "hi" \o/)", R"(say \"hi\" \\o/)"},
      {"\x1b[31mred", R"(\u001b[31mred)"},
      {std::string{"nul\0!", 5}, R"(nul\u0000!)"},
      {"del\x7f", R"(del\u007f)"},
      {"c1\xc2\x9b" "31m", R"(c1\u009b31m)"},
      {"bidi\xe2\x80\xae" "evil", R"(bidi\u202eevil)"},
      {"isolate\xe2\x81\xa6", R"(isolate\u2066)"},
      {"zero\xe2\x80\x8bwidth", R"(zero\u200bwidth)"},
      {"line\xe2\x80\xa8separator", R"(line\u2028separator)"},
      {"\xef\xbb\xbf" "bom", R"(\ufeffbom)"},
      {"tag\xf3\xa0\x81\xa1", R"(tag\udb40\udc61)"},
  }));
  CHECK(escaped(text) == shown);
}

TEST_CASE("escape: each byte that is not UTF-8 becomes one replacement", "[app][escape]") {
  struct example {
    std::string text;
    std::string shown;
  };
  const auto [text, shown] = GENERATE(values<example>({
      {"\xff!", R"(\ufffd!)"},
      {"\x80", R"(\ufffd)"},
      {"cut\xe6\xbc", R"(cut\ufffd\ufffd)"},
      {"\xc0\xaf", R"(\ufffd\ufffd)"},                 // Overlong slash.
      {"\xe0\x80\xaf", R"(\ufffd\ufffd\ufffd)"},       // The same in three bytes.
      {"\xed\xa0\x80", R"(\ufffd\ufffd\ufffd)"},       // A surrogate.
      {"\xf4\x90\x80\x80", R"(\ufffd\ufffd\ufffd\ufffd)"}, // Beyond Unicode.
      {"\xe6" "abc", R"(\ufffdabc)"},
  }));
  CHECK(escaped(text) == shown);
}

TEST_CASE("escape: a text is cut at 256 bytes, never within a character or an escape",
          "[app][escape]") {
  CHECK(escaped(std::string(256, 'x')) == std::string(256, 'x'));
  CHECK(escaped(std::string(257, 'x')) == std::string(253, 'x') + "…");
  const auto escapes = escaped(std::string(1'000'000, '\x01'));
  CHECK(escapes.size() == 42 * 6 + 3);
  CHECK(escapes.substr(41 * 6) == R"(\u0001…)");
  std::string wide;
  for (int i = 0; i < 100; ++i)
    wide += "漢";
  CHECK(escaped(wide) == wide.substr(0, 84 * 3) + "…");
  CHECK(escaped(wide, 300) == wide);
}

TEST_CASE("escape: a quoted text is a complete JSON string", "[app][escape]") {
  CHECK(in_quotes("") == R"("")");
  CHECK(in_quotes("a\"b\n") == R"("a\"b\n")");
}
