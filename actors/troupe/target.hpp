// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// TARGET: which connections a message is for.
#pragma once
#include <troupe/client_id.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace troupe {

/// A named set a connection can be a member of. A connection has at most one user, and any number of
/// groups, labels and channels; those of channels are changed by the channels alone.
enum class membership : std::uint8_t { user, group, label, channel };

/// Which connections a message is for.
struct target {
  /// Whom `name` or `id` names.
  enum class kind : std::uint8_t { everyone, connection, user, group, label, groups };

  kind of = kind::everyone;
  client_id id;     ///< Of kind::connection only.
  std::string name; ///< Of the user, group or label; for groups a glob of their names.

  /// All that are up.
  static target everyone() { return {}; }
  /// One; nobody once it has ended.
  static target connection(client_id id) { return {kind::connection, id, {}}; }
  /// All of one user.
  static target user(std::string name) { return {kind::user, {}, std::move(name)}; }
  /// Members of one group.
  static target group(std::string name) { return {kind::group, {}, std::move(name)}; }
  /// Members of any group whose name fits; nobody if the pattern is malformed.
  static target groups(std::string pattern) { return {kind::groups, {}, std::move(pattern)}; }
  /// Those that have a label.
  static target label(std::string name) { return {kind::label, {}, std::move(name)}; }

  friend bool operator==(const target&, const target&) = default;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, target& x) {
    return f(x.of, x.id, x.name);
  }
};

} // namespace troupe
