// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/centrifuge/subscriber_position.hpp>

using namespace troupe::centrifuge;

namespace {

publication_ptr at(std::uint64_t offset, std::string epoch = "e") {
  publication result;
  result.offset = offset;
  result.epoch = std::move(epoch);
  return std::make_shared<const publication>(std::move(result));
}

using offsets = std::vector<std::uint64_t>;

std::optional<offsets> merged(subscriber_position& position, std::vector<publication_ptr> recovered,
                              std::vector<publication_ptr> arrived) {
  const auto result = merge_recovered(position, std::move(recovered), std::move(arrived));
  if (!result) return std::nullopt;
  offsets list;
  for (const auto& p : *result) list.push_back(p->offset);
  return list;
}

} // namespace

TEST_CASE("position: what follows is expected and moves it", "[actors][centrifuge][position]") {
  subscriber_position position({3, "e"});
  CHECK(position.accept(*at(4)) == arrival::expected);
  CHECK(position.accept(*at(5)) == arrival::expected);
  CHECK(position.last() == stream_position{5, "e"});
}

TEST_CASE("position: what was seen is repeated", "[actors][centrifuge][position]") {
  subscriber_position position({3, "e"});
  CHECK(position.accept(*at(3)) == arrival::repeated);
  CHECK(position.accept(*at(1)) == arrival::repeated);
  CHECK(position.last().offset == 3);
}

TEST_CASE("position: a gap or another epoch is insufficient", "[actors][centrifuge][position]") {
  subscriber_position position({3, "e"});
  CHECK(position.accept(*at(5)) == arrival::insufficient);
  CHECK(position.accept(*at(4, "other")) == arrival::insufficient);
  CHECK(position.accept(*at(3, "other")) == arrival::insufficient);
  CHECK(position.last() == stream_position{3, "e"});
}

TEST_CASE("position: an unknown epoch is learnt from the first publication",
          "[actors][centrifuge][position]") {
  subscriber_position position({0, ""});
  CHECK(position.accept(*at(1, "new")) == arrival::expected);
  CHECK(position.last() == stream_position{1, "new"});
}

TEST_CASE("position: publications outside of the stream do not move it",
          "[actors][centrifuge][position]") {
  subscriber_position position({3, "e"});
  CHECK(position.accept(*at(0, "")) == arrival::expected);
  CHECK(position.last() == stream_position{3, "e"});
}

TEST_CASE("merge: what was recovered and what arrived meanwhile, each once and in order",
          "[actors][centrifuge][position]") {
  subscriber_position position({3, "e"});
  CHECK(merged(position, {at(4), at(5), at(6)}, {at(7), at(5), at(6), at(8)}) ==
        offsets{4, 5, 6, 7, 8});
  CHECK(position.last() == stream_position{8, "e"});
}

TEST_CASE("merge: what arrived alone is enough", "[actors][centrifuge][position]") {
  subscriber_position position({3, "e"});
  CHECK(merged(position, {}, {at(2), at(3), at(4)}) == offsets{4});
  CHECK(merged(position, {}, {}) == offsets{});
  CHECK(position.last().offset == 4);
}

TEST_CASE("merge: a hole anywhere is insufficient", "[actors][centrifuge][position]") {
  const auto from_3 = [] { return subscriber_position({3, "e"}); };
  auto position = from_3();
  CHECK_FALSE(merged(position, {}, {at(5)}));
  position = from_3();
  CHECK_FALSE(merged(position, {at(4)}, {at(6)}));
  position = from_3();
  CHECK_FALSE(merged(position, {at(4)}, {at(5), at(7)}));
}

TEST_CASE("merge: another epoch is insufficient", "[actors][centrifuge][position]") {
  subscriber_position position({3, "e"});
  CHECK_FALSE(merged(position, {at(4)}, {at(1, "other")}));
}

TEST_CASE("merge: publications outside of the stream go last", "[actors][centrifuge][position]") {
  subscriber_position position({3, "e"});
  CHECK(merged(position, {at(4)}, {at(0, ""), at(5), at(0, "")}) == offsets{4, 5, 0, 0});
}
