// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "fossil_apply.hpp"
#include "random_edits.hpp"
#include "support/catch.hpp"

#include <utility>
#include <vector>

using namespace troupe::centrifuge;
using test::fossil_apply;

namespace {

/// Whether every character is whole: enough for pieces of a text that is valid UTF-8.
bool is_utf8(std::string_view text) {
  std::size_t missing = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (missing > 0) {
      if ((byte & 0xc0) != 0x80) return false;
      --missing;
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) return false;
      missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    }
  }
  return missing == 0;
}

publication_ptr published(std::string bytes, bool is_json = true) {
  publication result;
  result.data = {std::move(bytes), is_json};
  return std::make_shared<const publication>(std::move(result));
}

} // namespace

TEST_CASE("fossil: checksums are those of other implementations", "[actors][centrifuge][fossil]") {
  const std::vector<std::pair<std::string, std::uint32_t>> known{{"", 0u},
                                                                 {"a", 1627389952u},
                                                                 {"abcd", 1633837924u},
                                                                 {"abcde", 3328336740u},
                                                                 {"hello world", 1240614875u}};
  for (const auto& [text, sum] : known) {
    CAPTURE(text);
    CHECK(fossil_checksum(text) == sum);
  }
}

TEST_CASE("fossil: a small change is a copy, an insert and a copy",
          "[actors][centrifuge][fossil]") {
  const std::string tail = ",\"name\":\"a fairly long unchanged part of the document\"}";
  CHECK(fossil_delta("{\"price\":100" + tail, "{\"price\":101" + tail) == "13\nB@0,1:1s@C,2~LGwe;");
}

TEST_CASE("fossil: texts without anything in common become one insert",
          "[actors][centrifuge][fossil]") {
  CHECK(fossil_delta("", "a") == "1\n1:a1X0000;");
  CHECK(fossil_delta("zzzzzzzzzzzzzzzzzzzzzzzzz", "hello world") == "B\nB:hello world19x_VR;");
  CHECK(fossil_delta("something", "") == "0\n0;");
}

TEST_CASE("fossil: what moved is copied", "[actors][centrifuge][fossil]") {
  const std::string first = "the first paragraph, long enough to be worth a copy. ";
  const std::string second = "and a second one, which is just about as long as that. ";
  const auto delta = fossil_delta(first + second, second + first);
  CHECK(fossil_apply(first + second, delta) == second + first);
  CHECK(delta.size() < 40);
}

TEST_CASE("fossil: applying the delta of two texts to one gives the other",
          "[actors][centrifuge][fossil]") {
  const auto seed = GENERATE(range(0u, 400u));
  CAPTURE(seed);
  test::random_edits random(seed);
  const auto before = random.text(random.below(600));
  const auto source = test::to_utf8(before);
  const auto target = test::to_utf8(random.edit(before));
  const auto delta = fossil_delta(source, target);
  CHECK(fossil_apply(source, delta) == target);
  CHECK(is_utf8(delta));
}

TEST_CASE("fossil: applying the delta of any two byte strings to one gives the other",
          "[actors][centrifuge][fossil]") {
  const auto seed = GENERATE(range(0u, 200u));
  CAPTURE(seed);
  test::random_edits random(seed);
  const auto source = random.bytes(random.below(500));
  auto target =
      source.substr(random.below(source.size() + 1)) + random.bytes(random.below(30)) + source;
  if (seed % 3 == 0) target = std::string(random.below(2000), '\x80') + source;
  CHECK(fossil_apply(source, fossil_delta(source, target)) == target);
}

TEST_CASE("fossil: a change within a character keeps the delta valid UTF-8",
          "[actors][centrifuge][fossil]") {
  // The same first byte, the same last byte: byte-wise common ends would split all of these.
  const std::vector<std::pair<std::string, std::string>> changes{{"\u0430", "\u0431"},
                                                                 {"\u20ac", "\u20ad"},
                                                                 {"\u4e2d", "\u4fad"},
                                                                 {"\U0001f600", "\U0001f700"}};
  for (const auto& [from, to] : changes) {
    CAPTURE(from, to);
    const std::string around = "long enough to be copied";
    const auto source = around + from + around;
    const auto target = around + to + around;
    const auto delta = fossil_delta(source, target);
    CHECK(is_utf8(delta));
    CHECK(fossil_apply(source, delta) == target);
  }
}

TEST_CASE("fossil: repetitive input costs linear time", "[actors][centrifuge][fossil]") {
  const std::string source(1 << 18, 'a');
  const std::string target =
      "b" + std::string(1 << 18, 'a') + "b" + std::string(1 << 17, 'a') + "b";
  const auto delta = fossil_delta(source, target);
  CHECK(delta.size() < 100);
  CHECK(fossil_apply(source, delta) == target);
}

TEST_CASE("delta rendition: in full when there is nothing before", "[actors][centrifuge][fossil]") {
  const auto next = published(R"({"a":1})");
  const auto result = delta_rendition(nullptr, next);
  CHECK(result.form == payload_form::full);
  CHECK(result.publication == next);
  CHECK(result.delta.empty());
}

TEST_CASE("delta rendition: a delta only when it is smaller", "[actors][centrifuge][fossil]") {
  const std::string text = R"({"text":"long enough for a delta to pay off","n":)";
  const auto small = delta_rendition(published(text + "1}"), published(text + "2}"));
  CHECK(small.form == payload_form::delta);
  CHECK(fossil_apply(text + "1}", small.delta) == text + "2}");
  CHECK(delta_rendition(published("1"), published("2")).form == payload_form::full);
}

TEST_CASE("delta rendition: never between JSON and other bytes", "[actors][centrifuge][fossil]") {
  const std::string text = R"({"text":"long enough for a delta to pay off","n":)";
  CHECK(delta_rendition(published(text, false), published(text + "2}")).form == payload_form::full);
  CHECK(delta_rendition(published(text + "2}"), published(text, false)).form == payload_form::full);
  CHECK(delta_rendition(published(text, false), published(text + "x", false)).form ==
        payload_form::delta);
}
