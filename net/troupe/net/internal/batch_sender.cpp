// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/batch_sender.hpp>

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>

namespace troupe::net {

namespace {

constexpr int send_flags = MSG_NOSIGNAL | MSG_DONTWAIT;

msghdr message_of(send_operation& op) {
  msghdr m{};
  m.msg_iov = op.slice.data();
  m.msg_iovlen = op.slices;
  return m;
}

void send_now(send_operation& op) {
  const auto message = message_of(op);
  do {
    op.result = op.slices == 1
                  ? ::send(op.descriptor, op.slice[0].iov_base, op.slice[0].iov_len, send_flags)
                  : ::sendmsg(op.descriptor, &message, send_flags);
  } while (op.result < 0 && errno == EINTR);
  if (op.result < 0) op.result = -errno;
}

} // namespace

struct batch_sender::ring {
  io_uring uring{};
  bool opened = false;
  std::array<msghdr, max_batch> messages{};

  static std::unique_ptr<ring> open() {
    auto r = std::make_unique<ring>();
    // Completions are only wanted while run() waits for them: the kernel need not interrupt us.
    for (const unsigned flags : {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, 0U})
      if (io_uring_queue_init(max_batch, &r->uring, flags) == 0) {
        r->opened = true;
        return r;
      }
    return nullptr;
  }
  ~ring() {
    if (opened) io_uring_queue_exit(&uring);
  }
};

batch_sender::batch_sender() = default;
batch_sender::~batch_sender() = default;

bool batch_sender::io_uring_works() { return ring::open() != nullptr; }

bool batch_sender::prepare(send_method method) {
  if (method != send_method::sendmsg) ring_ = ring::open();
  return ring_ || method != send_method::io_uring;
}

void batch_sender::run(std::span<send_operation> operations) {
  if (!ring_ || operations.size() < 2) { // a ring of one costs more than a call
    for (auto& op : operations) send_now(op);
    return;
  }
  auto* uring = &ring_->uring;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    auto& op = operations[i];
    auto* entry = io_uring_get_sqe(uring);
    if (op.slices == 1) {
      io_uring_prep_send(entry, op.descriptor, op.slice[0].iov_base, op.slice[0].iov_len, send_flags);
    } else {
      ring_->messages[i] = message_of(op);
      io_uring_prep_sendmsg(entry, op.descriptor, &ring_->messages[i], send_flags);
    }
    io_uring_sqe_set_data64(entry, i);
    op.result = -EIO; // if the ring fails, nobody knows what of this was sent: the connection is cut
  }
  auto missing = static_cast<unsigned>(operations.size());
  while (missing != 0) {
    const auto submitted = io_uring_submit_and_wait(uring, missing);
    if (submitted < 0 && submitted != -EINTR && submitted != -EAGAIN && submitted != -EBUSY) {
      ring_.reset(); // from now on without
      return;
    }
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(uring, head, completion) {
      operations[completion->user_data].result = completion->res;
      ++seen;
    }
    io_uring_cq_advance(uring, seen);
    missing -= seen;
  }
}

} // namespace troupe::net
