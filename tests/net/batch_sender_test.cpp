// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/batch_sender.hpp>

#include "support/catch.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace troupe::net;

/// Two connected sockets: `ours` sends, `theirs` reads.
class socket_pair {
public:
  socket_pair() {
    std::array<int, 2> both{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both.data()) != 0)
      FAIL("socketpair");
    ours = both[0];
    theirs = both[1];
  }
  socket_pair(const socket_pair&) = delete;
  socket_pair& operator=(const socket_pair&) = delete;
  ~socket_pair() {
    ::close(ours);
    hang_up();
  }

  void hang_up() {
    if (theirs >= 0)
      ::close(theirs);
    theirs = -1;
  }
  /// What has arrived.
  [[nodiscard]] std::string read() const {
    std::string all;
    std::array<char, 65536> block;
    for (ssize_t n = 0; (n = ::recv(theirs, block.data(), block.size(), MSG_DONTWAIT)) > 0;)
      all.append(block.data(), static_cast<std::size_t>(n));
    return all;
  }

  int ours = -1;
  int theirs = -1;
};

send_operation send_to(const socket_pair& pair, std::initializer_list<std::string_view> slices) {
  send_operation op;
  op.descriptor = pair.ours;
  for (const auto s : slices)
    op.slice[op.slices++] = {const_cast<char*>(s.data()), s.size()};
  op.result = 12345; // must be overwritten
  return op;
}

/// The methods this machine has: a container may forbid io_uring.
std::vector<send_method> methods() {
  if (batch_sender::io_uring_works())
    return {send_method::sendmsg, send_method::io_uring};
  return {send_method::sendmsg};
}

/// A sender of every method in turn.
std::unique_ptr<batch_sender> prepared() {
  const auto method = GENERATE(from_range(methods()));
  auto sender = std::make_unique<batch_sender>();
  REQUIRE(sender->prepare(method));
  REQUIRE(sender->uses_io_uring() == (method == send_method::io_uring));
  return sender;
}

} // namespace

TEST_CASE("batch_sender: what is sent arrives, with its byte count as the result",
          "[net][batch_sender]") {
  const auto sender = prepared();
  const socket_pair first;
  const socket_pair second;
  std::vector<send_operation> batch{send_to(first, {"hello"}),
                                    send_to(second, {"good ", "", "morning"})};
  sender->run(batch);
  CHECK(batch[0].result == 5);
  CHECK(first.read() == "hello");
  CHECK(batch[1].result == 12);
  CHECK(second.read() == "good morning");
}

TEST_CASE("batch_sender: nothing and a single operation are batches too", "[net][batch_sender]") {
  const auto sender = prepared();
  sender->run({});
  const socket_pair pair;
  std::vector<send_operation> batch{send_to(pair, {"a", "b"})};
  sender->run(batch);
  CHECK(batch[0].result == 2);
  CHECK(pair.read() == "ab");
}

TEST_CASE("batch_sender: a batch takes 256 operations of 16 slices, again and again",
          "[net][batch_sender]") {
  const auto sender = prepared();
  const auto pairs = std::make_unique<std::array<socket_pair, batch_sender::max_batch>>();
  std::vector<std::string> text(pairs->size());
  for (int round = 0; round < 5; ++round) {
    std::vector<send_operation> batch;
    for (std::size_t i = 0; i < pairs->size(); ++i) {
      text[i] = std::to_string(round) + "/" + std::to_string(i) + ";";
      const std::string_view t = text[i];
      batch.push_back(send_to((*pairs)[i], {t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t}));
    }
    sender->run(batch);
    for (std::size_t i = 0; i < pairs->size(); ++i) {
      std::string expected;
      for (std::size_t slice = 0; slice < send_operation::max_slices; ++slice)
        expected += text[i];
      REQUIRE(batch[i].result == static_cast<ssize_t>(expected.size()));
      REQUIRE((*pairs)[i].read() == expected);
    }
  }
}

TEST_CASE("batch_sender: a full socket reports it and does not hold up the others",
          "[net][batch_sender]") {
  const auto sender = prepared();
  const socket_pair full;
  const socket_pair free;
  const std::string much(1 << 20, 'x');
  std::vector<send_operation> batch{send_to(full, {much}), send_to(free, {"1"})};
  sender->run(batch);
  REQUIRE(batch[0].result > 0);
  REQUIRE(batch[0].result < static_cast<ssize_t>(much.size())); // as much as there was room for
  std::size_t taken = static_cast<std::size_t>(batch[0].result);
  do {
    batch = {send_to(full, {much}), send_to(free, {"2"})};
    sender->run(batch);
    CHECK(batch[1].result == 1);
    if (batch[0].result > 0)
      taken += static_cast<std::size_t>(batch[0].result);
  } while (batch[0].result > 0);
  CHECK(batch[0].result == -EAGAIN);
  CHECK(full.read().size() == taken);
  batch = {send_to(full, {"x"}), send_to(free, {"3"})};
  sender->run(batch);
  CHECK(batch[0].result == 1); // it was read: there is room again
}

TEST_CASE("batch_sender: a peer that is gone is an error of its operation only",
          "[net][batch_sender]") {
  const auto sender = prepared();
  socket_pair gone;
  const socket_pair there;
  gone.hang_up();
  auto closed = send_to(there, {"x"});
  closed.descriptor = 1 << 20;
  std::vector<send_operation> batch{send_to(gone, {"x"}), send_to(there, {"y"}), closed,
                                    send_to(there, {"z"})};
  sender->run(batch); // and no SIGPIPE
  CHECK(batch[0].result == -EPIPE);
  CHECK(batch[1].result == 1);
  CHECK(batch[2].result == -EBADF);
  CHECK(batch[3].result == 1);
  CHECK(there.read() == "yz");
}

TEST_CASE("batch_sender: automatic takes io_uring where there is one, and who demands it is told",
          "[net][batch_sender]") {
  const bool works = batch_sender::io_uring_works();
  batch_sender automatic;
  CHECK(automatic.prepare(send_method::automatic));
  CHECK(automatic.uses_io_uring() == works);
  batch_sender demanding;
  CHECK(demanding.prepare(send_method::io_uring) == works);
}
