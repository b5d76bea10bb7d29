// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/cluster/pieces.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace troupe::net::cluster;

namespace {

std::vector<std::string> pieces(std::string_view whole, std::size_t most) {
  std::vector<std::string> all;
  std::string memory;
  CHECK(in_pieces(whole, most, memory, [&](std::string_view one) { return all.emplace_back(one), true; }));
  return all;
}

} // namespace

TEST_CASE("pieces: a message of any length is put together again", "[net][cluster]") {
  for (const std::size_t size : {0, 1, 8, 9, 10, 17, 18, 19, 1000}) {
    std::string whole;
    for (std::size_t i = 0; i < size; ++i) whole += static_cast<char>(i);
    piece_joiner joiner{10'000};
    const auto all = pieces(whole, 10);
    for (const auto& one : all) {
      CHECK(one.size() <= 10);
      const auto said = joiner.take("a", one);
      if (&one != &all.back()) CHECK_FALSE(said);
      else CHECK(said == whole);
    }
  }
}

TEST_CASE("pieces: those of several senders do not mix", "[net][cluster]") {
  const auto a = pieces("from one sender", 6), b = pieces("from another one", 6);
  piece_joiner joiner{100};
  std::optional<std::string> first, second;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (i < a.size())
      if (const auto said = joiner.take("a", a[i])) first = *said;
    if (i < b.size())
      if (const auto said = joiner.take("b", b[i])) second = *said;
  }
  CHECK(first == "from one sender");
  CHECK(second == "from another one");
}

TEST_CASE("pieces: what has no beginning, is too long or makes no sense is dropped", "[net][cluster]") {
  piece_joiner joiner{8, 1};
  CHECK_FALSE(joiner.take("a", ""));
  CHECK_FALSE(joiner.take("a", "nx"));
  CHECK_FALSE(joiner.take("a", "lx"));
  CHECK_FALSE(joiner.take("a", "f12345"));
  CHECK_FALSE(joiner.take("a", "l6789"));
  CHECK_FALSE(joiner.take("a", "f1"));
  CHECK_FALSE(joiner.take("a", "?2"));
  CHECK_FALSE(joiner.take("a", "l3"));
  CHECK_FALSE(joiner.take("a", "f1"));
  CHECK_FALSE(joiner.take("b", "f1")); // beyond the number of senders
  CHECK_FALSE(joiner.take("b", "l2"));
  CHECK(joiner.take("a", "w4") == "4"); // begins anew
  CHECK_FALSE(joiner.take("a", "l2"));
}

TEST_CASE("pieces: of a message that cannot be sent the rest is not", "[net][cluster]") {
  std::string memory;
  int sent = 0;
  CHECK_FALSE(in_pieces(std::string(100, 'x'), 10, memory, [&](std::string_view) { return ++sent < 3; }));
  CHECK(sent == 3);
}
