// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CLIENT: the other end of a console session: sends a command, waits for its answer.
// Thread: its owner's; every call may block. Ends with its object.
#pragma once
#include "app/console/answer.hpp"

#include <cstdint>
#include <string>

namespace troupe::app::console {

class client {
public:
  /// @param path Of the server's socket. Empty: the one automatic socket that is answered.
  /// @throws std::runtime_error that says which sockets there are, or why this one does not do.
  explicit client(std::string path);
  ~client();

  client(const client&) = delete;
  client& operator=(const client&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// @throws std::runtime_error when the server is gone.
  answer run(const std::string& command);

private:
  void send(std::string_view line);
  std::string receive();

  std::string path_;
  int descriptor_;
  std::uint64_t last_id_ = 0;
  std::string input_;
};

} // namespace troupe::app::console
