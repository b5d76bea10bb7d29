// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/frame.hpp>
#include <troupe/net/emulation/stream_text.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::net::emulation;

namespace {

std::string streamed(std::string_view frames, stream_format format) {
  std::string text;
  append_messages(text, frames, format);
  return text;
}

} // namespace

TEST_CASE("stream: each message of a stream of JSON has a line of its own", "[net][emulation]") {
  const auto one = frame::encode(opcode::text, "{\"id\":1}");
  const auto two = frame::encode(opcode::text, "{\"id\":2}\n{\"id\":3}"); // joined by the codec
  const std::vector both{one, two};
  CHECK(streamed(frame::join(both).bytes(), stream_format::lines) == "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
}

TEST_CASE("stream: each message is an event of its own among server-sent events", "[net][emulation]") {
  const auto frames = frame::encode(opcode::text, "{\"id\":2}\n{\"id\":3}");
  CHECK(streamed(frames.bytes(), stream_format::sse) == "data: {\"id\":2}\n\ndata: {\"id\":3}\n\n");
}

TEST_CASE("stream: messages of Protobuf, which bring their length, are left as they are", "[net][emulation]") {
  const std::string message{"\x03\x08\x01\n", 4};
  CHECK(streamed(frame::encode(opcode::binary, message).bytes(), stream_format::protobuf) == message);
}

TEST_CASE("stream: control frames leave no trace in a stream", "[net][emulation]") {
  const std::vector frames{frame::encode(opcode::ping, "x"), frame::encode(opcode::text, "{}"), frame::encode(opcode::close, "")};
  CHECK(streamed(frame::join(frames).bytes(), stream_format::lines) == "{}\n");
}

TEST_CASE("stream: frames of all lengths are taken apart", "[net][emulation]") {
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 65'535u, 65'536u, 100'000u}) {
    INFO(size);
    const std::string message(size, 'm');
    const std::vector frames{frame::encode(opcode::binary, message), frame::encode(opcode::binary, "end")};
    CHECK(streamed(frame::join(frames).bytes(), stream_format::protobuf) == message + "end");
  }
}

TEST_CASE("stream: a chunk says its length in hexadecimal digits, and nothing is no chunk", "[net][emulation]") {
  std::string text = "before";
  make_chunk(text, text.size());
  CHECK(text == "before");
  text += std::string(26, 'x');
  make_chunk(text, 6);
  CHECK(text == "before1a\r\n" + std::string(26, 'x') + "\r\n");
}
