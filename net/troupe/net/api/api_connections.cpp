// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The API's methods for connections as such, whatever they speak.
#include <troupe/net/api/api.hpp>

#include <troupe/net/base64.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace troupe::net::api {

namespace {

constexpr std::size_t rows_of_a_part = 100; // shards have other things to do

/// Where a page goes on: "SHARD-POSITION".
struct place {
  std::size_t shard = 0;
  std::uint32_t position = 0;

  [[nodiscard]] std::string text() const { return fmt::format("{}-{}", shard, position); }
  static std::optional<place> parse(std::string_view text) {
    place at;
    if (text.empty()) return at;
    const auto* end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, at.shard);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, at.position);
    if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
    return at;
  }
};

/// About what a connection takes in an answer.
std::size_t bytes_of(const listed_connection& each) {
  std::size_t bytes = 128 + each.user.size();
  for (const auto* names : {&each.groups, &each.labels, &each.channels})
    for (const auto& name : *names) bytes += name.size() + 3;
  return bytes;
}

/// Who gets a message; nothing unless exactly one target is named.
std::optional<target> target_of(const send_request& r) {
  std::vector<target> named;
  if (r.everyone) named.push_back(target::everyone());
  if (!r.client.empty()) {
    const auto id = client_id::parse(r.client);
    if (!id) return std::nullopt;
    named.push_back(target::connection(*id));
  }
  if (!r.user.empty()) named.push_back(target::user(r.user));
  if (!r.group.empty()) named.push_back(target::group(r.group));
  if (!r.groups.empty()) {
    if (!glob::parse(r.groups)) return std::nullopt;
    named.push_back(target::groups(r.groups));
  }
  if (!r.label.empty()) named.push_back(target::label(r.label));
  if (named.size() != 1) return std::nullopt;
  return std::move(named.front());
}

struct content {
  opcode type = opcode::text;
  std::string bytes;
};

/// What is sent; nothing unless exactly one is given.
std::optional<content> content_of(const send_request& r) {
  const int given = (r.data.empty() ? 0 : 1) + (r.text ? 1 : 0) + (r.b64data.empty() ? 0 : 1);
  if (given != 1) return std::nullopt;
  if (!r.data.empty()) return content{opcode::text, r.data.bytes};
  if (r.text) return content{opcode::text, *r.text};
  auto bytes = decode(base64::standard, r.b64data);
  if (!bytes) return std::nullopt;
  return content{opcode::binary, *std::move(bytes)};
}

} // namespace

// A page that fills up, shard by shard.
struct api_state::page {
  list_connections asked;
  place at;
  std::size_t limit = 0;
  std::size_t bytes = 0;
  connections_result result;
  then done;
};

void api_state::run(connections_request& r, const then& done) {
  const auto at = place::parse(r.cursor);
  const auto over = parse_transport(r.transport);
  if (!at || (!r.transport.empty() && !over)) return done(error_code::bad_request);
  const auto limit = r.limit == 0 ? r.default_limit : std::min(r.limit, r.max_limit);
  list_connections asked{.group = std::move(r.group),
                         .label = std::move(r.label),
                         .peer = std::move(r.address),
                         .over = over,
                         .min_idle = std::chrono::seconds{r.min_idle},
                         .min_age = std::chrono::seconds{r.min_age}};
  if (!r.user.empty()) asked.user = std::move(r.user);
  turn(std::make_shared<page>(page{std::move(asked), *at, limit, 0, {}, done}));
}

void api_state::turn(const std::shared_ptr<page>& to) {
  auto& result = to->result;
  if (to->at.shard >= settings_->shards.size()) return to->done(to_json(result));
  if (result.connections.size() >= to->limit || to->bytes > settings_->options.max_response_bytes) {
    result.cursor = to->at.text();
    return to->done(to_json(result));
  }
  to->asked.from = to->at.position;
  to->asked.most = std::min(rows_of_a_part, to->limit - result.connections.size());
  const auto go_on = [this, to](const listed_connections& m) {
    for (const auto& each : m.connections) {
      to->bytes += bytes_of(each);
      to->result.connections.push_back(each);
    }
    to->at = m.through ? place{to->at.shard + 1} : place{to->at.shard, m.next};
    turn(to);
  };
  self_->request(settings_->shards[to->at.shard], caf::infinite, to->asked)
    .then(go_on, [go_on](const caf::error&) { // gone, with its connections
      go_on({.connections = {}, .next = 0, .through = true});
    });
}

void api_state::run(send_request& r, const then& done) {
  auto to = target_of(r);
  const auto what = content_of(r);
  const auto policy = r.overflow.empty() ? std::optional<overflow>{settings_->policy} : parse_overflow(r.overflow);
  if (!to || !what || !policy) return done(error_code::bad_request);
  if (what->bytes.size() > settings_->max_message_bytes) return done(error_code::limit_exceeded);
  self_->request(settings_->registry, caf::infinite,
                 confirm_broadcast{{.to = *std::move(to),
                                    .message = frame::encode(what->type, what->bytes),
                                    .exclude = {},
                                    .policy = *policy,
                                    .key = std::move(r.key)}})
    .then([done](const receipt& m) {
      if (m.was == acceptance::over_budget) done(error_code::too_many_requests);
      else done(to_json(m));
    }, [done](const caf::error&) { done(error_code::internal); });
}

} // namespace troupe::net::api
