// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CLIENT: the other end of a console session: sends a command, waits for its answer.
// Thread: its owner's; every call may block. Ends with its object.
#pragma once
#include "app/console/answer.hpp"
#include "app/console/link.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace troupe::app::console {

class client {
public:
  /// @param path Of the server's socket. Empty: the one automatic socket that is answered.
  /// @throws std::runtime_error that says which sockets there are, or why this one does not do.
  explicit client(std::string path);
  /// @throws std::runtime_error why there is no session; a token that is none is told by the first run().
  explicit client(const remote_console& server);

  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Of whom it speaks with, for people.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

  /// @param see Called for each part of an answer that goes on. If it returns false, the server is asked to stop.
  /// @returns the last part.
  /// @throws std::runtime_error when the server is gone.
  answer run(const std::string& command, const std::function<bool(const answer&)>& see = {});
  /// Soon ends an answer that goes on. For signal handlers too.
  void stop() noexcept { stopping_.store(true, std::memory_order_relaxed); }

private:
  std::string receive();

  std::string address_;
  std::unique_ptr<link> link_;
  std::uint64_t last_id_ = 0;
  std::string input_;
  std::atomic<bool> stopping_{false};
};

} // namespace troupe::app::console
