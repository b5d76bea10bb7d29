// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What `troupe new` writes; that it builds and passes its test is shown by package.scaffold.
#include "app/new_project.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>

using namespace troupe::app;
using troupe::tests::scratch_folder;

namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

TEST_CASE("new project: its files are the scaffold's, with its name in them", "[app][new]") {
  const scratch_folder scratch;
  const auto folder = write_project("my-server", scratch.path());
  CHECK(folder == scratch.path() / "my-server");
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    files.insert(entry.path().filename().string());
    CHECK(content(entry.path()).find("@NAME@") == std::string::npos);
  }
  CHECK(files == std::set<std::string>{"CMakeLists.txt", "README.md", "greeter.cpp", "greeter.hpp",
                                       "greeter_test.cpp", "main.cpp"});
  CHECK(content(folder / "CMakeLists.txt").find("project(my-server LANGUAGES CXX)") != std::string::npos);
}

TEST_CASE("new project: a folder that exists is left alone", "[app][new]") {
  const scratch_folder scratch;
  std::filesystem::create_directory(scratch.path() / "taken");
  CHECK_THROWS_WITH(write_project("taken", scratch.path()),
                    (scratch.path() / "taken").string() + ": exists already");
  CHECK(std::filesystem::is_empty(scratch.path() / "taken"));
}

TEST_CASE("new project: a name is one for CMake and a folder", "[app][new]") {
  for (const char* name : {"a", "my_server", "my-server2"}) {
    CAPTURE(name);
    CHECK(is_project_name(name));
  }
  for (const char* name : {"", "2nd", "-a", "a b", "a/b", "../a", "a.b", "\xc3\xa4"}) {
    CAPTURE(name);
    CHECK_FALSE(is_project_name(name));
    CHECK_THROWS_AS(write_project(name, "."), std::runtime_error);
  }
  CHECK(is_project_name(std::string(64, 'a')));
  CHECK_FALSE(is_project_name(std::string(65, 'a')));
}
