// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/centrifuge/codecs.hpp>

#include "internal/json.hpp"
#include "internal/protobuf.hpp"

#include <utility>

namespace troupe::net::centrifuge {
namespace {

using namespace troupe::centrifuge;

/// One message a line.
class json_codec final : public codec {
public:
  encoding kind() const noexcept override { return encoding::json; }

  std::string_view decode(std::string_view& rest, command& received) const override {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (const auto wrong = internal::read_json(line, received); !wrong.empty()) return wrong;
    return normalize(received);
  }

  std::optional<std::string> encode(const reply& message) const override {
    return internal::write_json(message);
  }
  std::optional<std::string> encode(const push& message) const override {
    return internal::write_json(message);
  }
  std::string_view ping() const noexcept override { return "{}"; }

  void join(std::string& frame, std::string_view message) const override {
    if (!frame.empty()) frame += '\n';
    frame += message;
  }
};

/// Each message after its length.
class protobuf_codec final : public codec {
public:
  encoding kind() const noexcept override { return encoding::protobuf; }

  std::string_view decode(std::string_view& rest, command& received) const override {
    if (const auto wrong = internal::read_protobuf(rest, received); !wrong.empty()) return wrong;
    return normalize(received);
  }

  std::optional<std::string> encode(const reply& message) const override {
    return internal::write_protobuf(message);
  }
  std::optional<std::string> encode(const push& message) const override {
    return internal::write_protobuf(message);
  }
  std::string_view ping() const noexcept override { return {"\0", 1}; }

  void join(std::string& frame, std::string_view message) const override { frame += message; }
};

} // namespace

const codec& codec_for(encoding kind) noexcept {
  static const json_codec json;
  static const protobuf_codec protobuf;
  if (kind == encoding::json) return json;
  return protobuf;
}

payload make_payload(std::string bytes) {
  const bool json = is_json(bytes);
  return {std::move(bytes), json};
}

} // namespace troupe::net::centrifuge
