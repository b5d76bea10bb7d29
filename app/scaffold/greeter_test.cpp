// The actor on fake time: no port, no waiting.
#include "greeter.hpp"

#include <troupe/testing/stage.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace {

int failures = 0;

void expect(const char* what, const std::vector<std::string>& got, const std::vector<std::string>& wanted) {
  if (got == wanted) return;
  ++failures;
  std::printf("failed: %s, got", what);
  for (const auto& text : got) std::printf(" \"%s\"", text.c_str());
  std::printf("\n");
}

} // namespace

int main() {
  using namespace std::chrono_literals;
  using namespace troupe;
  // snippet: test
  testing::stage stage{{.routes = {{.path = "/greet", .actor = hooks::on_scheduler(greeter)}}}};

  auto ann = stage.open("/greet");
  expect("it says hello", ann.hears(), {"hello"});
  ann.says("hi");
  expect("it answers", ann.hears(), {"you said: hi"});
  stage.advance(9s);
  expect("it is patient", ann.hears(), {});
  stage.advance(2s);
  expect("it says goodbye", ann.hears(), {"goodbye"});
  // end
  return failures == 0 ? 0 : 1;
}
