// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// WEB COMMANDS: commands over HTTP, for whoever has a token: POST /debug/command {"command":"top conns"}.
// Thread: requests come on loops, which it does not hold up; commands run on the executor's. Owner: serve();
// it outlives the server. Bounded by: max_under_way. Ends: when the executor does, requests get 503.
#pragma once
#include "app/console/access.hpp"
#include "app/console/executor.hpp"

#include <troupe/net/admin_service.hpp>

#include <atomic>
#include <cstddef>
#include <functional>

namespace troupe::app::console {

class web_commands {
public:
  static constexpr std::string_view path = "/debug/command";
  static constexpr std::size_t max_under_way = 64; ///< Commands at once; more get 503.

  explicit web_commands(const console_options& options) : tokens_{options} {}
  web_commands(const web_commands&) = delete;
  web_commands& operator=(const web_commands&) = delete;

  /// For the server, which this outlives.
  [[nodiscard]] net::admin_service service();

  /// Other tokens from now on.
  void change_tokens(const console_options& options) { tokens_.change(options); }

  /// From now on there is who runs them. Call it once.
  void open(executor_actor to);

private:
  class reply;
  using respond = std::function<void(net::admin_answer)>;

  void run(const net::admin_request& asked, respond to);

  access tokens_;
  std::atomic<std::size_t> under_way_{0};
  std::atomic<bool> is_open_{false};
  executor_actor executor_; // written before is_open_ is set
};

} // namespace troupe::app::console
