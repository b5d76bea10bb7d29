// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/frame.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace troupe::app::bench;

namespace {

struct seen {
  opcode type;
  std::uint64_t payload_bytes;
  std::string head;
  bool operator==(const seen&) const = default;
};

std::string server_frame(opcode type, const std::string& payload, bool is_final = true) {
  std::string out;
  out.push_back(static_cast<char>((is_final ? 0x80 : 0) | static_cast<int>(type)));
  const auto size = payload.size();
  if (size < 126) {
    out.push_back(static_cast<char>(size));
  } else if (size < 65'536) {
    out += {126, static_cast<char>(size >> 8), static_cast<char>(size)};
  } else {
    out.push_back(127);
    for (int shift = 56; shift >= 0; shift -= 8)
      out.push_back(static_cast<char>(size >> shift));
  }
  return out + payload;
}

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i)
    text.push_back(static_cast<char>('a' + i % 26));
  return text;
}

/// Feeds `bytes` in pieces of at most `piece` bytes.
frame_error feed(const std::string& bytes, std::size_t piece, std::vector<seen>& frames) {
  frame_reader reader;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const auto error = reader.feed(std::string_view{bytes}.substr(at, piece), [&](const frame& f) {
      frames.push_back({f.type, f.payload_bytes, std::string{f.head}});
    });
    if (error != frame_error::none)
      return error;
  }
  return frame_error::none;
}

frame_error error_of(const std::string& bytes) {
  std::vector<seen> frames;
  const auto at_once = feed(bytes, bytes.size(), frames);
  CHECK(feed(bytes, 1, frames) == at_once);
  CHECK(frames.empty());
  return at_once;
}

} // namespace

TEST_CASE("frames of every length are found however TCP cuts them", "[app][bench][frame]") {
  std::string stream;
  std::vector<seen> expected;
  for (const std::size_t size : {0, 1, 124, 125, 126, 127, 135, 136, 65'535, 65'536, 3}) {
    const auto payload = text_of(size);
    stream += server_frame(opcode::text, payload);
    expected.push_back({opcode::text, size, payload.substr(0, frame_reader::max_head_bytes)});
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7},
                                  std::size_t{129}, std::size_t{4'096}, stream.size()}) {
    CAPTURE(piece);
    std::vector<seen> frames;
    CHECK(feed(stream, piece, frames) == frame_error::none);
    CHECK(frames == expected);
  }
}

TEST_CASE("control frames between the fragments of a message are found", "[app][bench][frame]") {
  const auto stream = server_frame(opcode::text, "Hel", false) + server_frame(opcode::ping, "p") +
                      server_frame(opcode::continuation, "lo") +
                      server_frame(opcode::close, "\x03\xe8");
  for (const std::size_t piece : {std::size_t{1}, stream.size()}) {
    std::vector<seen> frames;
    CHECK(feed(stream, piece, frames) == frame_error::none);
    CHECK(frames == std::vector<seen>{{opcode::text, 3, "Hel"},
                                      {opcode::ping, 1, "p"},
                                      {opcode::continuation, 2, "lo"},
                                      {opcode::close, 2, "\x03\xe8"}});
  }
}

TEST_CASE("a frame that is not whole is not reported", "[app][bench][frame]") {
  auto stream = server_frame(opcode::binary, text_of(200));
  stream.pop_back();
  for (const std::size_t piece : {std::size_t{1}, stream.size()}) {
    std::vector<seen> frames;
    CHECK(feed(stream, piece, frames) == frame_error::none);
    CHECK(frames.empty());
  }
}

TEST_CASE("what a server must not send is named", "[app][bench][frame]") {
  CHECK(error_of("\xc1\x01x") == frame_error::reserved_bits);
  CHECK(error_of("\x83\x01x") == frame_error::reserved_opcode);
  CHECK(error_of("\x8b\x01x") == frame_error::reserved_opcode);
  CHECK(error_of("\x81\x81xxxxx") == frame_error::masked);
  CHECK(error_of("\x89\x7e") == frame_error::bad_control);
  CHECK(error_of({"\x09\x00", 2}) == frame_error::bad_control);
  CHECK(error_of("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff") == frame_error::bad_length);
}

TEST_CASE("a client frame is masked and carries its length", "[app][bench][frame]") {
  const auto unmasked = [](std::size_t size, std::size_t header_bytes) {
    std::string out;
    append_client_frame(out, opcode::text, text_of(size), 0xa1b2c3d4);
    REQUIRE(out.size() == header_bytes + 4 + size);
    const auto mask = out.substr(header_bytes, 4);
    auto payload = out.substr(header_bytes + 4);
    CHECK((size < 8 || payload != text_of(size)));
    for (std::size_t i = 0; i < size; ++i)
      payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
    CHECK(payload == text_of(size));
    return out.substr(0, header_bytes);
  };
  CHECK(unmasked(0, 2) == std::string{"\x81\x80"});
  CHECK(unmasked(125, 2) == std::string{"\x81\xfd"});
  CHECK(unmasked(126, 4) == std::string{"\x81\xfe\x00\x7e", 4});
  CHECK(unmasked(65'535, 4) == std::string{"\x81\xfe\xff\xff", 4});
  CHECK(unmasked(65'536, 10) == std::string{"\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00", 10});
}
