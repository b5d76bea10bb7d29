// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/configuration.hpp"
#include "app/escape.hpp"
#include "app/namespace_reader.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace troupe::app {

namespace {

constexpr std::size_t max_file_bytes = 1 << 20;

std::string read_text(const std::string& path) {
  auto fail = [&](std::string_view cause) -> config_error {
    return config_error{fmt::format("{}: cannot be read: {}", escaped(path), cause)};
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    throw fail(std::generic_category().message(errno));
  // One byte more than allowed tells a file that is too long from one that just fits.
  std::string text(max_file_bytes + 1, '\0');
  std::size_t filled = 0;
  ssize_t got = 0;
  while (filled < text.size() &&
         (got = ::read(file, text.data() + filled, text.size() - filled)) > 0)
    filled += static_cast<std::size_t>(got);
  const auto cause = std::generic_category().message(errno);
  ::close(file);
  if (got < 0)
    throw fail(cause);
  if (filled > max_file_bytes)
    throw fail("longer than 1 MiB");
  text.resize(filled);
  return text;
}

class file_reader {
public:
  file_reader(const std::string& path, configuration& target)
      : path_{escaped(path)}, target_{target}, namespaces_{path_} {}

  void read(const toml::table& table, const std::string& parent = {}) {
    for (const auto& [name, node] : table) {
      const auto key = parent + std::string{name.str()};
      if (const auto* option = find_option(key))
        target_.set(*option, text_of(*option, node), origin(node));
      else if (key == "channel.without_namespace")
        namespaces_.read_without_namespace(node, target_.channels());
      else if (key == "channel.namespaces")
        namespaces_.read_namespaces(node, target_.channels());
      else if (!is_section(key))
        throw unknown(key, node);
      else if (const auto* section = node.as_table())
        read(*section, key + '.');
      else
        throw config_error{
            fmt::format("{}: {}: is a section and takes no value", origin(node), key)};
    }
  }

private:
  std::string origin(const toml::node& node) const {
    return fmt::format("{}:{}", path_, node.source().begin.line);
  }

  std::string text_of(const option& option, const toml::node& node) const {
    const auto* string = node.as_string();
    const auto* integer = node.as_integer();
    switch (option.type) {
      case value_type::text:
      case value_type::choice:
        if (string != nullptr)
          return string->get();
        break;
      case value_type::boolean:
        if (const auto* boolean = node.as_boolean())
          return boolean->get() ? "true" : "false";
        break;
      case value_type::integer:
        if (integer != nullptr)
          return fmt::to_string(integer->get());
        break;
      case value_type::size:
      case value_type::duration:
        if (integer != nullptr)
          return fmt::to_string(integer->get());
        if (string != nullptr)
          return string->get();
        break;
      case value_type::list:
        if (const auto* array = node.as_array())
          return join(option, *array);
        break;
    }
    throw wrong_type(option, node);
  }

  std::string join(const option& option, const toml::array& array) const {
    std::string joined;
    for (const auto& item : array) {
      const auto* string = item.as_string();
      if (string == nullptr)
        throw wrong_type(option, item);
      if (string->get().empty() || string->get().find(',') != std::string::npos)
        throw config_error{fmt::format("{}: {}: must be {}, got {}", origin(item), option.key,
                                       option.accepts, in_quotes(string->get()))};
      joined += (joined.empty() ? "" : ",") + string->get();
    }
    return joined;
  }

  config_error unknown(const std::string& key, const toml::node& node) const {
    const auto hint = suggestion(key, [](const option& o) { return o.key; });
    return config_error{
        fmt::format("{}: {}: no such option{}", origin(node), escaped(key), hint)};
  }

  config_error wrong_type(const option& option, const toml::node& node) const {
    const auto wanted = (option.type == value_type::list ? "an array of " : "") + option.accepts;
    return config_error{fmt::format("{}: {}: must be {}, got {}", origin(node), option.key, wanted,
                                    type_name(node))};
  }

  static std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
      case toml::node_type::table: return "a table";
      case toml::node_type::array: return "an array";
      case toml::node_type::string: return "a string";
      case toml::node_type::integer: return "an integer";
      case toml::node_type::floating_point: return "a floating-point number";
      case toml::node_type::boolean: return "a boolean";
      default: return "a date or time";
    }
  }

  std::string path_;
  configuration& target_;
  namespace_reader namespaces_;
};

} // namespace

void read_config_file(const std::string& path, configuration& target) {
  read_config(read_text(path), path, target);
}

void read_config(std::string_view toml, const std::string& path, configuration& target) {
  try {
    file_reader{path, target}.read(toml::parse(toml, std::string_view{path}));
  } catch (const toml::parse_error& error) {
    throw config_error{fmt::format("{}:{}: not TOML: {}", escaped(path), error.source().begin.line,
                                   escaped(error.description()))};
  }
}

} // namespace troupe::app
