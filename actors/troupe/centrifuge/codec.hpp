// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The port through which actors turn replies and pushes into bytes, and bytes into commands,
// without knowing the encoding. net implements it for JSON and for Protobuf. Stateless: safe from
// any thread.
#pragma once
#include <troupe/centrifuge/command.hpp>
#include <troupe/centrifuge/reply.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::centrifuge {

/// How a connection's messages are written. Fixed when the connection is made.
enum class encoding : std::uint8_t {
  json,     ///< In text frames.
  protobuf, ///< In binary frames.
};

class codec {
public:
  virtual ~codec() = default;

  virtual encoding kind() const noexcept = 0;

  /// Takes the first command off what is left of a client's WebSocket message; call it until
  /// nothing is. An empty message is wrong too, so call it at least once. Returns what is wrong (a
  /// constant text, then `rest` is void and the connection ends with disconnect_code::bad_request);
  /// empty if nothing is. Memory: proportional to one command. The caller bounds the message's
  /// size.
  virtual std::string_view decode(std::string_view& rest, command& received) const = 0;

  /// One message, ready to be sent as a frame of its own or to be joined with others. Nothing if a
  /// payload in it cannot be written in this encoding: then the connection ends with
  /// disconnect_code::inappropriate_protocol.
  virtual std::optional<std::string> encode(const reply& message) const = 0;
  virtual std::optional<std::string> encode(const push& message) const = 0;

  /// The message that asks the client for a pong.
  virtual std::string_view ping() const noexcept = 0;

  /// Adds a message to those that go into one frame.
  virtual void join(std::string& frame, std::string_view message) const = 0;
};

} // namespace troupe::centrifuge
