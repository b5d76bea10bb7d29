// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "ring.hpp"

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace troupe::baseline {

struct ring::state {
  io_uring uring{};
};

ring::ring() : state_{std::make_unique<state>()} {
  const int failed = io_uring_queue_init(max_batch, &state_->uring,
                                         IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
  if (failed < 0)
    throw std::system_error{-failed, std::generic_category(), "io_uring"};
}

ring::~ring() { io_uring_queue_exit(&state_->uring); }

void ring::add(int socket, std::string_view bytes) {
  auto* entry = io_uring_get_sqe(&state_->uring);
  io_uring_prep_send(entry, socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  io_uring_sqe_set_data64(entry, size_++);
}

void ring::run() {
  while (size_ > 0) {
    const int submitted = io_uring_submit_and_wait(&state_->uring, size_);
    if (submitted < 0 && submitted != -EINTR)
      throw std::system_error{-submitted, std::generic_category(), "io_uring"};
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* done = nullptr;
    io_uring_for_each_cqe(&state_->uring, head, done) {
      results_[done->user_data] = done->res;
      ++seen;
    }
    io_uring_cq_advance(&state_->uring, seen);
    size_ -= seen;
  }
}

} // namespace troupe::baseline
