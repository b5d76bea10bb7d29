// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CONNECTION PROFILE: who a connection is, for everyone who asks. Immutable and shared: a connection
// whose user changes gets a new one. Thread: any.
#pragma once
#include <troupe/client_id.hpp>
#include <troupe/meters/identity.hpp>

#include <caf/intrusive_ptr.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What a connection speaks, and over what.
enum class transport_kind : std::uint8_t {
  memory,              ///< No network: tests and benchmarks.
  websocket,           ///< Plain messages at /ws.
  centrifuge_json,     ///< The Centrifuge protocol over WebSocket.
  centrifuge_protobuf,
  http_stream_json,    ///< The same in the body of one long answer; what the client says comes in requests of its own.
  http_stream_protobuf,
  sse_json,            ///< Likewise, as server-sent events.
};

/// As logs, metrics and events call it.
constexpr std::string_view to_string(transport_kind kind) noexcept {
  switch (kind) {
    case transport_kind::memory: return "memory";
    case transport_kind::websocket: return "websocket";
    case transport_kind::centrifuge_json: return "centrifuge-json";
    case transport_kind::centrifuge_protobuf: return "centrifuge-protobuf";
    case transport_kind::http_stream_json: return "http_stream-json";
    case transport_kind::http_stream_protobuf: return "http_stream-protobuf";
    case transport_kind::sse_json: return "sse-json";
  }
  return "unknown";
}

/// All of them.
inline constexpr transport_kind all_transport_kinds[] = {
  transport_kind::memory, transport_kind::websocket, transport_kind::centrifuge_json, transport_kind::centrifuge_protobuf,
  transport_kind::http_stream_json, transport_kind::http_stream_protobuf, transport_kind::sse_json};

/// Whether messages are sent as they are, in no protocol of their own.
constexpr bool speaks_plainly(transport_kind kind) noexcept {
  return kind == transport_kind::memory || kind == transport_kind::websocket;
}

/// What the edge knows of a connection.
struct connection_origin {
  transport_kind over = transport_kind::memory;
  bool encrypted = false;  ///< TLS.
  std::string peer = {};   ///< Address of the peer; empty without a network.
};

class connection_profile final : public meters::identity {
public:
  connection_profile(connection_handle handle_, client_id id_, std::string user_,
                     std::vector<std::string> groups_, std::vector<std::string> labels_,
                     connection_origin origin_, std::chrono::system_clock::time_point opened_,
                     std::string said = {})
    : handle(handle_), id(id_), user(std::move(user_)), groups(std::move(groups_)),
      labels(std::move(labels_)), origin(std::move(origin_)), opened(opened_),
      meta_(said.empty() ? nullptr : new std::string(std::move(said))) {}

  /// The same connection as another user.
  [[nodiscard]] caf::intrusive_ptr<const connection_profile> as_user(std::string other) const {
    return as(std::move(other), labels, std::string{meta()});
  }
  /// The same connection, about which more is known.
  [[nodiscard]] caf::intrusive_ptr<const connection_profile>
  as(std::string user_, std::vector<std::string> labels_, std::string said) const {
    return {new connection_profile(handle, id, std::move(user_), groups, std::move(labels_), origin,
                                   opened, std::move(said)),
            false};
  }

  const connection_handle handle;
  const client_id id;
  const std::string user;                 ///< Empty: anonymous.
  const std::vector<std::string> groups;  ///< When it opened.
  const std::vector<std::string> labels;  ///< When it came up.
  const connection_origin origin;
  const std::chrono::system_clock::time_point opened;
  /// What its token says to the server alone, as JSON; empty: nothing.
  [[nodiscard]] std::string_view meta() const noexcept { return meta_ ? *meta_ : std::string_view{}; }

private:
  const std::unique_ptr<const std::string> meta_; // few have one
};

/// Never null in messages.
using connection_profile_ptr = caf::intrusive_ptr<const connection_profile>;

} // namespace troupe
