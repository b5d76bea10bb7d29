// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// All configured namespaces, and which one a channel belongs to. Immutable once built: shared by
// every session, safe from any thread.
#pragma once
#include <troupe/centrifuge/channel_name.hpp>
#include <troupe/centrifuge/channel_options.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::centrifuge {

struct namespace_config {
  std::string name;
  channel_options options;
};

struct channels_config {
  channel_syntax syntax;
  std::size_t max_name_bytes = name_rule::default_max_bytes;
  channel_options without_namespace; ///< For channels whose name has none.
  std::vector<namespace_config> namespaces;
};

class namespaces {
public:
  struct entry {
    channel_options options;
    name_rule rule;
  };

  /// `config` must be valid.
  explicit namespaces(const channels_config& config);

  /// Null if the channel names a namespace that is not configured: error_code::unknown_channel.
  const entry* find(std::string_view channel) const;

  const channel_syntax& syntax() const noexcept { return syntax_; }

private:
  channel_syntax syntax_;
  entry unnamed_;
  std::map<std::string, entry, std::less<>> named_;
};

/// What is wrong, one sentence each with the namespace and option at fault; empty if nothing.
std::vector<std::string> validate(const channels_config& config);

} // namespace troupe::centrifuge
