// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How several servers are one. docs/cluster.md explains it.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::net::cluster {

/// What carries messages between nodes.
enum class engine_kind : std::uint8_t {
  memory, ///< Nothing: this server is alone.
  nats,   ///< A NATS server, or a cluster of them.
};

/// The way to it.
struct nats_options {
  std::vector<std::string> servers{"nats://127.0.0.1:4222"}; ///< URLs; tls:// for TLS. One of them is connected to.
  std::string prefix = "troupe"; ///< Of subjects. Nodes with the same prefix are one cluster.
  std::string user;              ///< Empty: none is told.
  std::string password;
  std::string token;             ///< In place of user and password; empty: none.
  std::string credentials;       ///< File with a JWT and a seed; empty: none.
  std::string tls_ca;            ///< PEM file of authorities; empty: the system's.
  std::string tls_certificate;   ///< PEM file with this node's own chain; empty: none.
  std::string tls_key;           ///< PEM file with its key.
};

/// Whether it can be nats_options::prefix.
bool is_subject_prefix(const std::string& text);
/// Whether it can be one of nats_options::servers. Users and passwords have options of their own: URLs are shown.
bool is_nats_url(std::string_view text);

struct cluster_options {
  engine_kind engine = engine_kind::memory;
  std::chrono::milliseconds beat{1'000};    ///< Between two signs of life.
  std::chrono::milliseconds timeout{5'000}; ///< A node that gives none for so long is gone.
  nats_options nats;
};

/// Bytes that may wait to be sent to other nodes, and as many that may wait to be handled here.
inline constexpr std::size_t max_pending_bytes = 64 * 1024 * 1024;

} // namespace troupe::net::cluster
