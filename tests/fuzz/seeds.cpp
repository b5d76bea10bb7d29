// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Gives a fuzz target the files of folders, in place of a fuzzer: in any build, with any compiler.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** folders) {
  std::size_t tried = 0;
  for (int i = 1; i < count; ++i)
    for (const auto& file : std::filesystem::directory_iterator(folders[i])) {
      std::printf("%s\n", file.path().c_str());
      std::fflush(stdout); // tells which one it was
      std::ifstream in(file.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++tried;
    }
  return tried == 0 ? 1 : 0;
}
