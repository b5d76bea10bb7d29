// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/api/endpoint.hpp>

#include <troupe/net/api/reader.hpp>
#include <troupe/net/internal/request_text.hpp>

#include <caf/send.hpp>

#include <utility>

namespace troupe::net::api {

namespace {

constexpr std::string_view root = "/api";

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

/// Empty for the legacy form.
std::string_view method_of(std::string_view target) {
  const auto path = path_of(target);
  return path.size() <= root.size() ? std::string_view{} : path.substr(root.size() + 1);
}

} // namespace

endpoint::endpoint(api_options options, std::vector<api_actor> actors)
  : options_(std::move(options)), key_(auth::secret{options_.key}), actors_(std::move(actors)) {}

bool endpoint::serves(std::string_view target) noexcept {
  const auto path = path_of(target);
  if (path == "/api/openapi.json") return false; // a page
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

bool endpoint::has_key(const request_head& head) const {
  if (options_.insecure) return true;
  const auto& key = key_.get();
  if (key.is(head.x_api_key ? *head.x_api_key : auth::credentials(head.authorization, "apikey"))) return true;
  const auto in_query = parameter(head.target, "api_key");
  return in_query && key.is(*in_query);
}

std::optional<decision> endpoint::refuse(const request_head& head) const {
  if (head.method != "POST") return decision{.status = 405, .body = {}, .extra_header = "Allow", .extra_value = "POST"};
  if (!has_key(head)) return decision{.status = 401, .body = {}};
  const auto method = method_of(head.target);
  if (!method.empty() && !is_method(method)) return decision{.status = 404, .body = "not found\n"};
  return std::nullopt;
}

void endpoint::call(std::size_t loop, const request_head& head, std::string body,
                    std::function<void(decision)> respond,
                    std::function<bool()> is_awaited) const {
  ++*under_way_;
  std::shared_ptr<const void> counted{nullptr, [all = under_way_](const void*) { --*all; }};
  auto counting = [respond = std::move(respond), counted = std::move(counted)](decision d) { respond(std::move(d)); };
  const auto errors = head.error_mode == "transport" ? api_errors::transport : options_.errors;
  caf::anon_send(actors_[loop], answer_call{std::string{method_of(head.target)}, std::move(body),
                                            errors, std::move(counting), std::move(is_awaited)});
}

} // namespace troupe::net::api
