// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The one table of options. Flags, environment, configuration file, gen-config and the table in
// docs/configuration.md all come from it; the defaults come from a default-constructed `settings`.
// Thread: the table is built once and never changes, so it is safe from any thread.
#pragma once
#include "app/settings.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

/// Decides which TOML types can hold the value; all other sources give text.
enum class value_type : std::uint8_t {
  text,     ///< TOML string.
  choice,   ///< TOML string, one of a few.
  boolean,  ///< TOML boolean; text: true or false.
  integer,  ///< TOML integer.
  size,     ///< TOML integer or string.
  duration, ///< TOML string, or 0.
  list,     ///< TOML array of strings; text: separated by commas.
};

struct option {
  std::string key;                  ///< As in the file: "listen.port".
  value_type type;
  std::string accepts;              ///< Values that are taken: "an integer from 0 to 65535".
  std::string text;                 ///< What it does, in one sentence.
  std::vector<std::string> aliases; ///< Further flags: "--port".

  /// Sets the field. @returns false, and leaves it alone, unless `value` is one of those accepted.
  std::function<bool(settings&, std::string_view value)> set;
  /// The field's value as text that set() takes.
  std::function<std::string(const settings&)> get;
  /// Gives one's field the value of the other's.
  std::function<void(settings& to, const settings& from)> copy;
  bool is_secret = false;           ///< Its value is shown nowhere.

  [[nodiscard]] std::string section() const;  ///< "listen", or "client.token"
  [[nodiscard]] std::string name() const;     ///< "port"
  [[nodiscard]] std::string flag() const;     ///< "--listen-port"
  [[nodiscard]] std::string variable() const; ///< "TROUPE_LISTEN_PORT"
};

/// All options; those of one section stand together.
[[nodiscard]] const std::vector<option>& options();

/// @returns nullptr if there is none.
[[nodiscard]] const option* find_option(std::string_view key);

/// True if some key starts with `name` and a dot: "client" and "client.token" alike.
[[nodiscard]] bool is_section(std::string_view name);

/// Which spelling of an option's name a source uses.
using spelling = std::string (*)(const option&);

/// "; did you mean listen.port?" for a name that comes close to an option's, else nothing.
[[nodiscard]] std::string suggestion(std::string_view unknown, spelling spell);

/// The same among other names; nothing comes close to the empty one.
[[nodiscard]] std::string suggestion(std::string_view unknown,
                                     const std::vector<std::string>& names);

/// A configuration file with every option at its default, each explained.
[[nodiscard]] std::string default_config();

/// The same as a Markdown table, for docs/configuration.md.
[[nodiscard]] std::string options_markdown();

} // namespace troupe::app
