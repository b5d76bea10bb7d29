// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Gives a fuzz target the files of a folder and so many mutations of each, in place of a fuzzer: in any build, with any
// compiler, the same ones in every run. The last line printed tells which one failed.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using randomness = std::mt19937;

std::size_t below(randomness& random, std::size_t bound) { return bound == 0 ? 0 : random() % bound; }

/// One to four changes: a bit, a byte, a piece that goes, comes twice or is new.
std::string mutated(std::string bytes, std::uint32_t number) {
  randomness random{number};
  for (auto changes = 1 + below(random, 4); changes != 0; --changes) {
    const auto at = below(random, bytes.size());
    const auto length = std::min(bytes.size() - at, 1 + below(random, 16));
    switch (below(random, 5)) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(random, 8));
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random());
        break;
      case 2: bytes.erase(at, length); break;
      case 3: bytes.insert(at, bytes.substr(at, length)); break;
      case 4: bytes.insert(at, std::string(length, static_cast<char>(random()))); break;
    }
  }
  return bytes;
}

void attempt(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

} // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: NAME_seeds FOLDER MUTATIONS\n", stderr);
    return 2;
  }
  const auto mutations = std::strtoul(arguments[2], nullptr, 10);
  std::size_t tried = 0;
  for (const auto& file : std::filesystem::directory_iterator(arguments[1])) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    for (std::uint32_t number = 0; number <= mutations; ++number, ++tried) {
      std::printf("%s, mutation %u\n", file.path().c_str(), number);
      std::fflush(stdout);
      attempt(number == 0 ? bytes : mutated(bytes, number));
    }
  }
  return tried == 0 ? 1 : 0;
}
