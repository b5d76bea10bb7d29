// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The trie against the naive matcher. Each line of the input is a pattern to add, or with "-"
// before it one to erase, or with "=" before it a channel to match.
#include "expect.hpp"

#include "actors/centrifuge/naive_wildcard.hpp"

#include <set>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  centrifuge::wildcard_map<std::string> map;
  std::set<std::string> patterns;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const std::string line(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (line.starts_with('=')) {
      const auto channel = line.substr(1);
      std::multiset<std::string> found, expected;
      map.match(channel, [&](const std::string& pattern) { found.insert(pattern); });
      for (const auto& pattern : patterns)
        if (centrifuge::test::naive_match(pattern, channel)) expected.insert(pattern);
      fuzz::expect(found == expected);
    } else if (line.starts_with('-')) {
      fuzz::expect(map.erase(line.substr(1)) == (patterns.erase(line.substr(1)) == 1));
    } else if (centrifuge::is_valid_pattern(line)) {
      map[line] = line;
      patterns.insert(line);
    }
    fuzz::expect(map.size() == patterns.size());
  }
  return 0;
}
