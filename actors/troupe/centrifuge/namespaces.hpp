// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// All configured namespaces, and which one a channel belongs to. Immutable once built, but for change_policy():
// shared by every session, safe from any thread.
#pragma once
#include <troupe/centrifuge/channel_name.hpp>
#include <troupe/centrifuge/channel_options.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::centrifuge {

struct namespace_config {
  std::string name;
  channel_options options;
  friend bool operator==(const namespace_config&, const namespace_config&) = default;
};

struct channels_config {
  channel_syntax syntax;
  std::size_t max_name_bytes = name_rule::default_max_bytes;
  channel_options without_namespace; ///< For channels whose name has none.
  std::vector<namespace_config> namespaces;
};

/// The same with everything allowed to everybody, but for private channels.
channels_config without_permissions(channels_config config);

class namespaces {
public:
  /// A namespace, or what it makes of names that are patterns.
  struct entry {
    channel_options options;
    name_rule rule;
    bool is_of_patterns = false;
    std::shared_ptr<const entry> patterns = nullptr; ///< Null if they are names as any other.

    /// Whether clients may use the name.
    bool accepts(std::string_view channel, const channel_syntax& syntax) const;
  };

  /// `config` must be valid.
  explicit namespaces(const channels_config& config);

  /// Null if the channel names a namespace that is not configured: error_code::unknown_channel. For a
  /// pattern, where they are allowed, the `patterns` of its namespace. Same name, same entry.
  const entry* find(std::string_view channel) const;

  /// By its own name, empty for channels without one; null if it is not configured.
  const entry* named(std::string_view name) const;

  /// Changes what becomes of subscribers that read too slowly, from now on: the one thing that may change.
  /// @param name As for named(); it exists.
  /// @returns what is wrong with that, as validate(); then nothing has changed.
  std::vector<std::string> change_policy(std::string_view name, overflow to) const;

  const channel_syntax& syntax() const noexcept { return syntax_; }

private:
  channel_syntax syntax_;
  entry unnamed_;
  std::map<std::string, entry, std::less<>> named_;
};

/// What is wrong, one sentence each with the namespace and option at fault; empty if nothing.
std::vector<std::string> validate(const channels_config& config);

} // namespace troupe::centrifuge
