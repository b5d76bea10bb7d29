// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Reads the channels of the configuration file, [channel.without_namespace] and
// [[channel.namespaces]]: what is too structured for the table of options.
#pragma once
#include <troupe/centrifuge/namespaces.hpp>

#include <toml++/toml.h>

#include <string>

namespace troupe::app {

class namespace_reader {
public:
  /// @param path Of the file, escaped, for messages.
  explicit namespace_reader(std::string path) : path_{std::move(path)} {}

  /// @throws config_error that names file, line, key and reason; so do the others.
  void read_without_namespace(const toml::node& node, centrifuge::channels_config& target) const;
  void read_namespaces(const toml::node& node, centrifuge::channels_config& target) const;

private:
  void read_options(const toml::table& table, const std::string& where,
                    centrifuge::channel_options& target) const;
  [[nodiscard]] std::string origin(const toml::node& node) const;

  std::string path_;
};

} // namespace troupe::app
