// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// CHANNEL_TALK: what a client of the Centrifuge protocol says in JSON to get into one channel and to publish
// there, and what it is told, as far as the load needs it: heads of messages are told apart by how they begin,
// since most are cut and none is read in full. Thread: any; free functions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::app::bench::channel_talk {

/// Longer names would push the stamp out of the head that is kept of a frame.
inline constexpr std::size_t max_channel_bytes = 48;

/// Whether a channel can be written into JSON as it is.
bool is_plain(std::string_view channel);

inline constexpr std::string_view connect = R"({"id":1,"connect":{"name":"bench"}})";
inline constexpr std::string_view pong = "{}";
std::string subscribe(std::string_view channel);

/// Appends a command that publishes a string. @param number Told from others by; any.
void append_publish(std::string& out, std::string_view channel, std::uint64_t number,
                    std::string_view data);

enum class said : std::uint8_t {
  connected,
  subscribed,
  published, ///< In the channel, by anyone.
  ping,
  done,      ///< A command of ours has succeeded.
  refused,   ///< One has not.
  other,
};
said what(std::string_view head);

/// The string that was published, as far as the head has it.
std::string_view data_of(std::string_view head);

} // namespace troupe::app::bench::channel_talk
