// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// All configured namespaces, and which one a channel belongs to: shared by every session, safe from any thread. What is
// found is immutable, but for its policy; renew() replaces it, and what was found before stays as it was.
#pragma once
#include <troupe/centrifuge/channel_name.hpp>
#include <troupe/centrifuge/channel_options.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
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
    std::string name; ///< Of the namespace; empty for channels without one.
    channel_options options;
    name_rule rule;
    overflow configured_policy = {}; ///< What change_policy() may have changed.
    bool is_of_patterns = false;
    std::shared_ptr<const entry> patterns = nullptr; ///< Null if they are names as any other.

    /// Whether clients may use the name.
    bool accepts(std::string_view channel, const channel_syntax& syntax) const;
  };

  /// `config` must be valid.
  explicit namespaces(const channels_config& config);

  /// Has others be found from now on. A policy that was changed stays unless its namespace has another one now.
  /// @param config Valid, with the syntax of the one before. Thread: any; one at a time.
  void renew(const channels_config& config);
  /// Rises with each renew().
  [[nodiscard]] std::uint64_t generation() const noexcept { return now_.load(std::memory_order_acquire)->generation; }

  /// Null if the channel names a namespace that is not configured: error_code::unknown_channel. For a
  /// pattern, where they are allowed, the `patterns` of its namespace. Same name, same entry, until renew().
  const entry* find(std::string_view channel) const;

  /// By its own name, empty for channels without one; null if it is not configured.
  const entry* named(std::string_view name) const;

  /// Changes what becomes of subscribers that read too slowly, from now on: the one thing that may change.
  /// @param name As for named(); it exists.
  /// @returns what is wrong with that, as validate(); then nothing has changed.
  std::vector<std::string> change_policy(std::string_view name, overflow to) const;

  const channel_syntax& syntax() const noexcept { return syntax_; }

private:
  struct table {
    std::uint64_t generation = 0;
    entry unnamed;
    std::map<std::string, entry, std::less<>> named;

    [[nodiscard]] const entry* find(std::string_view name) const;
  };
  [[nodiscard]] static std::unique_ptr<const table> make_table(const channels_config& config, const table* before);

  channel_syntax syntax_;
  std::vector<std::unique_ptr<const table>> had_; // somebody may look at any of them; the last one is now_
  std::atomic<const table*> now_;
};

/// What is wrong, one sentence each with the namespace and option at fault; empty if nothing.
std::vector<std::string> validate(const channels_config& config);

} // namespace troupe::centrifuge
