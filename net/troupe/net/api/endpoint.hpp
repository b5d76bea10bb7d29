// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// ENDPOINT: the server API as HTTP sees it: paths, keys and what is refused before a body is read.
// Immutable but for the key and a count: shared by the sessions of all loops.
#pragma once
#include <troupe/live.hpp>
#include <troupe/net/api/api.hpp>
#include <troupe/net/auth/secret.hpp>
#include <troupe/net/internal/router.hpp>
#include <troupe/net/options.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::net::api {

/// The parts of a request's head that decide.
struct request_head {
  std::string_view method;
  std::string_view target;               ///< As sent, query included.
  std::optional<std::string_view> x_api_key;
  std::string_view authorization;
  std::string_view error_mode;           ///< Of X-Centrifugo-Error-Mode.
};

class endpoint {
public:
  /// @param actors By index of their loop.
  endpoint(api_options options, std::vector<api_actor> actors);

  /// Whether the path of a target is the API's.
  [[nodiscard]] static bool serves(std::string_view target) noexcept;

  /// The answer to a request whose body need not be read.
  [[nodiscard]] std::optional<decision> refuse(const request_head& head) const;

  /// Answers a request that was not refused. `respond` is called on the loop's thread, once and later;
  /// never if the loop ends before. Parts that have not begun when it is no longer awaited do not.
  void call(std::size_t loop, const request_head& head, std::string body,
            std::function<void(decision)> respond, std::function<bool()> is_awaited) const;

  /// Requests that have no answer yet. Thread: any.
  [[nodiscard]] std::size_t under_way() const noexcept { return *under_way_; }

  [[nodiscard]] const api_options& options() const noexcept { return options_; }

  /// The key of requests from now on, in place of api_options::key. Thread: one at a time.
  void change_key(std::string_view key) { key_.set(auth::secret{key}); }

private:
  [[nodiscard]] bool has_key(const request_head& head) const;

  api_options options_;
  live<auth::secret> key_;
  std::vector<api_actor> actors_;
  std::shared_ptr<std::atomic<std::size_t>> under_way_ = std::make_shared<std::atomic<std::size_t>>(0);
};

} // namespace troupe::net::api
