// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "bench/channel_talk.hpp"

#include <fmt/format.h>

#include <iterator>

namespace troupe::app::bench::channel_talk {

namespace {

constexpr std::string_view data_key = R"("data":")";
constexpr std::uint64_t first_number = 3; // after connect and subscribe
constexpr std::uint64_t numbers = 0x8000'0000;

} // namespace

bool is_plain(std::string_view channel) {
  return channel.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789-_.:") == channel.npos;
}

std::string subscribe(std::string_view channel) {
  return fmt::format(R"({{"id":2,"subscribe":{{"channel":"{}"}}}})", channel);
}

void append_publish(std::string& out, std::string_view channel, std::uint64_t number,
                    std::string_view data) {
  fmt::format_to(std::back_inserter(out), R"({{"id":{},"publish":{{"channel":"{}","data":"{}"}}}})",
                 first_number + number % numbers, channel, data);
}

said what(std::string_view head) {
  if (head.starts_with(R"({"push":)")) return head.find(data_key) != head.npos ? said::published : said::other;
  if (head == "{}") return said::ping;
  if (head.starts_with(R"({"id":1,"connect":)")) return said::connected;
  if (head.starts_with(R"({"id":2,"subscribe":)")) return said::subscribed;
  if (!head.starts_with(R"({"id":)")) return said::other;
  return head.find(R"(,"error":)") != head.npos ? said::refused : said::done;
}

std::string_view data_of(std::string_view head) {
  const auto at = head.find(data_key);
  return at == head.npos ? std::string_view{} : head.substr(at + data_key.size());
}

} // namespace troupe::app::bench::channel_talk
