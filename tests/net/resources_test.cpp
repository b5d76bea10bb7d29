// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/resources.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <fstream>

using namespace troupe::net;

namespace {

/// Control groups as the kernel shows them, with a program in /machine/service.
class groups {
public:
  groups() { write("membership", "12:cpu,cpuacct:/elsewhere\n0::/machine/service\n"); }

  void write(const std::filesystem::path& file, std::string_view content) {
    const auto path = folder_.path() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path} << content;
  }
  [[nodiscard]] control_group mine() const { return {folder_.path() / "membership", folder_.path() / "groups"}; }

private:
  troupe::tests::scratch_folder folder_;
};

} // namespace

TEST_CASE("resources: of the quotas of nested control groups the tightest counts", "[net][resources]") {
  groups all;
  CHECK(processor_quota(all.mine()) == std::nullopt);
  all.write("groups/machine/service/cpu.max", "max 100000\n");
  CHECK(processor_quota(all.mine()) == std::nullopt);
  all.write("groups/machine/cpu.max", "150000 100000\n");
  CHECK(processor_quota(all.mine()) == 1.5);
  all.write("groups/machine/service/cpu.max", "400000 100000\n");
  CHECK(processor_quota(all.mine()) == 1.5);
  all.write("groups/cpu.max", "50000 100000\n"); // what a container sees of itself
  CHECK(processor_quota(all.mine()) == 0.5);
  all.write("groups/machine/service/cpu.max", "20000 100000\n");
  CHECK(processor_quota(all.mine()) == 0.2);
}

TEST_CASE("resources: of the limits of memory of nested control groups the tightest counts", "[net][resources]") {
  groups all;
  CHECK(memory_limit(all.mine()) == std::nullopt);
  all.write("groups/machine/service/memory.max", "max\n");
  CHECK(memory_limit(all.mine()) == std::nullopt);
  all.write("groups/machine/memory.max", "1073741824\n");
  CHECK(memory_limit(all.mine()) == 1U << 30);
}

TEST_CASE("resources: files that make no sense limit nothing", "[net][resources]") {
  groups all;
  for (const auto* content : {"", "half of it\n", "0 0\n", "100000\n", "-1 100000\n"}) {
    CAPTURE(content);
    all.write("groups/machine/service/cpu.max", content);
    CHECK(processor_quota(all.mine()) == std::nullopt);
  }
  CHECK(processor_quota({"/nowhere/membership", "/nowhere/groups"}) == std::nullopt);
}

TEST_CASE("resources: there is a loop for each processor that the quota keeps busy", "[net][resources]") {
  CHECK(default_loops(8, std::nullopt) == 8);
  CHECK(default_loops(8, 16.0) == 8);
  CHECK(default_loops(8, 3.9) == 3);
  CHECK(default_loops(8, 0.5) == 1);
  CHECK(usable_processors() >= 1);
}
