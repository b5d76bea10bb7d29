// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/origin.hpp>
#include <troupe/net/internal/request_text.hpp>
#include <troupe/net/internal/router.hpp>

#include <algorithm>
#include <optional>

namespace troupe::net {

namespace {

constexpr std::string_view websocket_path = "/ws";
constexpr std::string_view centrifuge_path = "/connection/websocket";
constexpr std::string_view http_stream_path = "/connection/http_stream";
constexpr std::string_view sse_path = "/connection/sse";
constexpr std::string_view emulation_path = "/emulation";
constexpr std::string_view first_commands = "cf_connect"; // parameter of an EventSource, which can send nothing else
constexpr std::size_t max_group_bytes = 128;

decision refuse(unsigned status, std::string text) {
  return {.status = status, .body = std::move(text) + "\n"};
}

bool valid_group(const std::string& name) {
  return !name.empty() && name.size() <= max_group_bytes &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// The first sub-protocol that is known wins; a query of protobuf does in any case.
centrifuge_dialect dialect_of(const request_view& request) {
  using troupe::centrifuge::encoding;
  constexpr std::string_view json = "centrifuge-json";
  constexpr std::string_view protobuf = "centrifuge-protobuf";
  centrifuge_dialect dialect;
  for_each_item(request.subprotocols, ',', [&](std::string_view offered) {
    if (!dialect.subprotocol.empty()) return;
    if (offered == json) dialect.subprotocol = json;
    if (offered == protobuf) dialect.subprotocol = protobuf;
  });
  if (dialect.subprotocol == protobuf) dialect.format = encoding::protobuf;
  for_each_item(query_of(request.target), '&', [&](std::string_view item) {
    if (item == "format=protobuf" || item == "cf_protocol=protobuf")
      dialect.format = encoding::protobuf;
    if (item == "cf_ws_frame_ping_pong=true") dialect.frame_pings = true;
  });
  return dialect;
}

} // namespace

router::handler serve(const page& content) {
  return [content](const request_view&) {
    return decision{
      .content_type = content.content_type,
      .body = std::string{content.body},
      .cache_control = content.keep == page_keeping::forever ? "max-age=31536000, immutable" : "no-store",
      .policy = content.policy};
  };
}

void router::add(std::string path, handler make, method by) {
  std::erase_if(entries_, [&](const entry& e) { return e.path == path; });
  entries_.push_back({std::move(path), std::move(make), by});
}

void router::add_websocket(const websocket_options& options) {
  websocket_ = true;
  change_origins(options);
}

void router::add_streams(const stream_options& options, handler speak) {
  streams_ = options;
  speak_ = std::move(speak);
}

void router::change_origins(const websocket_options& options) {
  origins_->set({options.allowed_origins, options.allow_missing_origin});
}

void router::add_route(std::string path) { routes_.push_back(std::move(path)); }

bool router::is_route(std::string_view path) const {
  return std::find(routes_.begin(), routes_.end(), path) != routes_.end();
}

decision router::route(const request_view& request) const {
  const auto path = request.target.substr(0, request.target.find('?'));
  if (is_route(path)) return upgrade(request, path);
  if (websocket_ && (path == centrifuge_path || path == websocket_path ||
                     (path.starts_with(websocket_path) && path[websocket_path.size()] == '/')))
    return upgrade(request, path);
  if (is_of_streams(path)) return open_stream(request, path);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const entry& e) { return e.path == path; });
  if (found == entries_.end()) return refuse(404, "not found");
  const bool gets = found->by == method::get;
  if (gets ? request.method != "GET" && request.method != "HEAD" : request.method != "POST") {
    auto d = refuse(405, "method not allowed");
    d.extra_header = "Allow";
    d.extra_value = gets ? "GET, HEAD" : "POST";
    return d;
  }
  return found->make(request);
}

decision router::upgrade(const request_view& request, std::string_view path) const {
  if (request.method != "GET") {
    auto d = refuse(405, "method not allowed");
    d.extra_header = "Allow";
    d.extra_value = "GET";
    return d;
  }
  if (!request.wants_websocket) {
    auto d = refuse(426, "this path speaks WebSocket");
    d.extra_header = "Upgrade";
    d.extra_value = "websocket";
    return d;
  }
  if (auto refused = refuse_origin(request)) return *std::move(refused);
  decision d{.status = 101};
  if (is_route(path)) {
    d.route = path;
  } else if (path == centrifuge_path) {
    d.centrifuge = dialect_of(request);
  } else if (path.size() > websocket_path.size()) {
    const auto group = percent_decoded(path.substr(websocket_path.size() + 1));
    if (!group || !valid_group(*group)) return refuse(400, "invalid group name");
    d.group = *group;
  }
  return d;
}

std::optional<decision> router::refuse_origin(const request_view& request) const {
  const auto& rules = origins_->get();
  if (!request.has_origin && !rules.may_be_missing) return refuse(403, "origin required");
  if (request.has_origin && !origin_allowed(request.origin, request.host, rules.allowed))
    return refuse(403, "origin not allowed");
  return std::nullopt;
}

// -- streams ----------------------------------------------------------------------------------------

bool router::is_of_streams(std::string_view path) const {
  if (!speak_) return false;
  return path == emulation_path || (streams_.http_stream && path == http_stream_path) || (streams_.sse && path == sse_path);
}

decision router::open_stream(const request_view& request, std::string_view path) const {
  using emulation::stream_format;
  const bool is_sse = path == sse_path;
  const bool reads = is_sse && request.method == "GET";
  if (!reads && request.method != "POST" && request.method != "OPTIONS") {
    auto d = refuse(405, "method not allowed");
    d.extra_header = "Allow";
    d.extra_value = is_sse ? "GET, POST, OPTIONS" : "POST, OPTIONS";
    return d;
  }
  if (auto refused = refuse_origin(request)) return *std::move(refused);
  // An image or a script of another page sends no Origin, but perhaps cookies that a webhook goes by.
  if (!request.has_origin && (request.fetch_site == "cross-site" || request.fetch_site == "same-site"))
    return refuse(403, "origin required");
  decision d;
  if (request.has_origin) d.sharing.origin = request.origin;
  if (request.method == "OPTIONS") {
    d.status = 204;
    d.sharing.headers = request.wanted_headers.empty() ? "Content-Type" : std::string{request.wanted_headers};
    return d;
  }
  if (path == emulation_path) {
    auto said = speak_(request);
    said.sharing = std::move(d.sharing);
    return said;
  }
  stream_request stream;
  if (reads) {
    if (auto first = parameter(request.target, first_commands)) stream.commands = *std::move(first);
  } else {
    stream.commands = request.body;
  }
  if (is_sse) stream.format = stream_format::sse;
  else if (request.content_type == emulation::content_type_of(stream_format::protobuf)) stream.format = stream_format::protobuf;
  const auto wrong = [&](std::string text) {
    auto refused = refuse(400, std::move(text));
    refused.sharing = std::move(d.sharing);
    return refused;
  };
  if (stream.commands.empty()) return wrong(reads ? "cf_connect is missing" : "a connect command is missing");
  if (reads && stream.commands.find('\n') != std::string::npos) // a link must not do more than connect
    return wrong("cf_connect takes one command");
  d.status = 101;
  d.centrifuge.emplace();
  if (stream.format == stream_format::protobuf) d.centrifuge->format = troupe::centrifuge::encoding::protobuf;
  d.stream = std::move(stream);
  return d;
}

} // namespace troupe::net
