// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Settings gathered from several sources, with where each value came from, so that a message can
// name the line, variable or flag to change.
#pragma once
#include "app/options.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::app {

/// The program cannot start as it was told. The text is one line that names the source, the key and
/// the reason; nothing in it needs escaping any more.
class config_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

class configuration {
public:
  configuration() = default;
  /// @param origin Where these values come from, for messages.
  configuration(settings values, std::string origin) : values_{std::move(values)}, origin_{std::move(origin)} {}

  /// Sets one option. Later calls win.
  /// @param origin Where the value stands: "troupe.toml:3", "TROUPE_LISTEN_PORT", "--listen-port".
  /// @throws config_error if the option does not accept the value.
  void set(const option& option, std::string_view value, std::string_view origin);

  /// Checks what no single option can: contradictions, and files that must be readable.
  /// @throws config_error for the first finding.
  void validate() const;

  /// For what the file alone can hold.
  [[nodiscard]] centrifuge::channels_config& channels() { return values_.server.channels; }

  [[nodiscard]] const settings& values() const { return values_; }

private:
  /// "listen.port = 80 (--port)"
  [[nodiscard]] std::string describe(std::string_view key) const;
  /// Namespaces that ask webhooks need them.
  void require_for_namespaces() const;
  /// Two ports on addresses that overlap.
  void require_distinct_ports() const;
  static void require_keys(std::string_view section, const net::auth::token_options& options);
  void require_readable(std::string_view key, const std::string& path) const;

  settings values_;
  std::string origin_ = "default";
  std::map<std::string, std::string, std::less<>> origins_; ///< By key; those of origin_ are absent.
};

/// Reads a TOML file of at most 1 MiB.
/// @throws config_error
void read_config_file(const std::string& path, configuration& target);

/// Reads what such a file contains; `path` is for messages.
/// @throws config_error
void read_config(std::string_view toml, const std::string& path, configuration& target);

/// Rejects variables that look like an option but are none: those that start with TROUPE_ and a
/// section's name, or come close to the name of an option. Others belong to somebody else:
/// Kubernetes sets TROUPE_SERVICE_HOST beside a service named troupe.
/// @param environment As `environ`: "NAME=value" texts up to a null pointer.
/// @throws config_error
void check_environment(const char* const* environment);

} // namespace troupe::app
