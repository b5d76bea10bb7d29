// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/internal/origin.hpp>
#include <troupe/net/internal/router.hpp>

#include <algorithm>
#include <optional>

namespace troupe::net {

namespace {

constexpr std::string_view websocket_path = "/ws";
constexpr std::string_view centrifuge_path = "/connection/websocket";
constexpr std::size_t max_group_bytes = 128;

decision refuse(unsigned status, std::string text) {
  return {.status = status, .body = std::move(text) + "\n"};
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Percent-decoding (RFC 3986, section 2.1); nothing if it is malformed.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

bool valid_group(const std::string& name) {
  return !name.empty() && name.size() <= max_group_bytes &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// Calls visit(item) for what separators divide, without the blanks around it.
template <class F>
void for_each_item(std::string_view list, char separator, F visit) {
  while (!list.empty()) {
    const auto end = std::min(list.find(separator), list.size());
    auto item = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    const auto first = std::min(item.find_first_not_of(" \t"), item.size());
    const auto last = item.find_last_not_of(" \t");
    visit(item.substr(first, last == item.npos ? 0 : last + 1 - first));
  }
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
  const auto query = request.target.find('?');
  if (query == request.target.npos) return dialect;
  for_each_item(request.target.substr(query + 1), '&', [&](std::string_view parameter) {
    if (parameter == "format=protobuf" || parameter == "cf_protocol=protobuf")
      dialect.format = encoding::protobuf;
    if (parameter == "cf_ws_frame_ping_pong=true") dialect.frame_pings = true;
  });
  return dialect;
}

} // namespace

router::handler serve(const page& content) {
  return [content](const request_view&) {
    return decision{.content_type = content.content_type, .body = std::string{content.body}};
  };
}

void router::add(std::string path, handler make) {
  std::erase_if(entries_, [&](const entry& e) { return e.path == path; });
  entries_.push_back({std::move(path), std::move(make)});
}

void router::add_websocket(const websocket_options& options) {
  websocket_ = true;
  allowed_origins_ = options.allowed_origins;
  allow_missing_origin_ = options.allow_missing_origin;
}

decision router::route(const request_view& request) const {
  const auto path = request.target.substr(0, request.target.find('?'));
  if (websocket_ && (path == centrifuge_path || path == websocket_path ||
                     (path.starts_with(websocket_path) && path[websocket_path.size()] == '/')))
    return upgrade(request, path);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const entry& e) { return e.path == path; });
  if (found == entries_.end()) return refuse(404, "not found");
  if (request.method != "GET" && request.method != "HEAD") {
    auto d = refuse(405, "method not allowed");
    d.extra_header = "Allow";
    d.extra_value = "GET, HEAD";
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
  if (!request.has_origin && !allow_missing_origin_) return refuse(403, "origin required");
  if (request.has_origin && !origin_allowed(request.origin, request.host, allowed_origins_))
    return refuse(403, "origin not allowed");
  decision d{.status = 101};
  if (path == centrifuge_path) {
    d.centrifuge = dialect_of(request);
  } else if (path.size() > websocket_path.size()) {
    const auto group = decode(path.substr(websocket_path.size() + 1));
    if (!group || !valid_group(*group)) return refuse(400, "invalid group name");
    d.group = *group;
  }
  return d;
}

} // namespace troupe::net
