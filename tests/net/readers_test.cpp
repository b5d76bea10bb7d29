// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <troupe/net/internal/readers.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace troupe::net;
using plain_readers = readers<tcp_socket>;

struct bed {
  asio::io_context loop;
  plain_readers& all = asio::use_service<plain_readers>(loop);
  io_executor executor = loop.get_executor();
};

} // namespace

TEST_CASE("readers: one that is taken is open, and so is a new one", "[net]") {
  bed b;
  const auto one = b.all.take(b.executor);
  const auto other = b.all.take(b.executor);
  CHECK(one->is_open());
  CHECK(other->is_open());
  CHECK(one != other);
}

TEST_CASE("readers: what is given back is taken again, the last one first", "[net]") {
  bed b;
  auto one = b.all.take(b.executor);
  auto other = b.all.take(b.executor);
  const auto *first = one.get(), *second = other.get();
  b.all.give_back(std::move(one));
  b.all.give_back(std::move(other));
  CHECK(b.all.take(b.executor).get() == second);
  CHECK(b.all.take(b.executor).get() == first);
}

TEST_CASE("readers: no more than so many are kept", "[net]") {
  bed b;
  std::vector<std::unique_ptr<plain_readers::reader>> taken;
  for (std::size_t i = 0; i < plain_readers::most_kept + 10; ++i)
    taken.push_back(b.all.take(b.executor));
  for (auto& one : taken)
    b.all.give_back(std::move(one));
  CHECK(b.all.kept() == plain_readers::most_kept);
}

TEST_CASE("readers: what one writes that nobody is attached to is lost", "[net]") {
  bed b;
  const auto one = b.all.take(b.executor);
  boost::system::error_code ec;
  CHECK(one->next_layer().write_some(asio::buffer(std::string_view{"lost"}), ec) == 4);
  CHECK_FALSE(ec);
  char byte = 0;
  CHECK(one->next_layer().read_some(asio::buffer(&byte, 1), ec) == 0);
  CHECK(ec == asio::error::eof);
}
