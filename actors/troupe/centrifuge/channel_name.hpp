// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What a channel's name says: its namespace, whether it is private, which users it is limited to.
// Pure functions over views of the name.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::centrifuge {

/// The marks inside of names. An empty one turns its meaning off.
struct channel_syntax {
  std::string private_prefix = "$";
  std::string namespace_boundary = ":";
  std::string user_boundary = "#";
  std::string user_separator = ",";
};

/// "chat" of "chat:1" and "$chat:1"; empty if the name has no namespace.
std::string_view namespace_of(std::string_view channel, const channel_syntax& syntax);

/// "1" of "chat:1"; the whole name if it has no namespace.
std::string_view name_in_namespace(std::string_view channel, const channel_syntax& syntax);

/// A token is needed to subscribe.
bool is_private(std::string_view channel, const channel_syntax& syntax);

/// Has a list of users. Means something only where allow_user_limited_channels is on.
bool is_user_limited(std::string_view channel, const channel_syntax& syntax);

/// Neither private nor user-limited: a pattern may be one of these, and only these are matched by one.
bool is_open_to_patterns(std::string_view channel, const channel_syntax& syntax);

/// Whether the list of a user-limited channel has this user. Never true for an anonymous one.
bool allows_user(std::string_view channel, std::string_view user, const channel_syntax& syntax);

/// The channel that belongs to one user: "#42", or "ns:#42".
std::string personal_channel(std::string_view user, std::string_view ns,
                             const channel_syntax& syntax);

/// Two or more of letters, digits, "-", "_" and ".".
bool is_namespace_name(std::string_view name);

/// Which names clients may use in a namespace. Copies share the compiled expression; immutable, so
/// safe from any thread.
class name_rule {
public:
  static constexpr std::size_t default_max_bytes = 255;

  /// `expression` (ECMAScript, without back references) has to occur in the name after its
  /// namespace; if it is empty the name has to be ASCII. Throws std::regex_error, at the start of
  /// the program, if it is malformed.
  explicit name_rule(const std::string& expression = {}, std::size_t max_bytes = default_max_bytes);

  /// Longer names are refused before anything else is looked at.
  bool fits(std::string_view channel) const noexcept { return channel.size() <= max_bytes_; }

  /// Fits and is spelled as it should be. Time: polynomial in max_bytes for any expression.
  bool accepts(std::string_view channel, const channel_syntax& syntax) const;

private:
  struct compiled;
  std::shared_ptr<const compiled> expression_; // null if names have to be ASCII
  std::size_t max_bytes_;
};

} // namespace troupe::centrifuge
