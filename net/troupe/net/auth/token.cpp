// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/token.hpp>

#include <troupe/net/base64.hpp>
#include <troupe/net/auth/internal/strict_json.hpp>
#include <troupe/net/auth/key.hpp>

#include <algorithm>
#include <cctype>

namespace troupe::net::auth {
namespace {

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

/// Also of a wrong type: then the header is malformed.
bool read_text(const nlohmann::ordered_json& from, const char* name, std::string& value) {
  const auto found = from.find(name);
  if (found == from.end()) return true;
  if (!found->is_string()) return false;
  value = found->get<std::string>();
  return true;
}

std::string_view read_header(std::string_view encoded, token& result) {
  const auto text = decode(base64::url, encoded);
  if (!text) return "the header is not base64url";
  const auto header = internal::parse_object(*text);
  if (!header) return "the header is not a JSON object, or has a member twice";
  std::string name;
  std::string type = "JWT";
  if (!read_text(*header, "alg", name) || !read_text(*header, "typ", type) ||
      !read_text(*header, "kid", result.key_id))
    return "a member of the header has a wrong type";
  const auto which = parse_algorithm(name);
  if (!which) return "the algorithm is none of those that are known";
  if (!equal_but_for_case(type, "JWT")) return "the type is not JWT";
  // Extensions that have to be understood, of which we understand none (RFC 7515, section 4.1.11).
  if (header->contains("crit")) return "the header has critical extensions";
  result.signed_with = *which;
  return {};
}

} // namespace

std::string_view parse(std::string_view text, token& result) {
  if (text.size() > max_token_bytes) return "it is too long";
  const auto first = text.find('.');
  const auto second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos)
    return "it has not three parts divided by dots";
  if (const auto wrong = read_header(text.substr(0, first), result); !wrong.empty()) return wrong;
  auto claims = decode(base64::url, text.substr(first + 1, second - first - 1));
  if (!claims) return "the claims are not base64url";
  auto signature = decode(base64::url, text.substr(second + 1));
  if (!signature) return "the signature is not base64url";
  if (signature->empty()) return "there is no signature";
  result.signed_text = text.substr(0, second);
  result.claims = *std::move(claims);
  result.signature = *std::move(signature);
  return {};
}

std::string make_token(algorithm which, std::string_view secret, std::string_view claims) {
  const nlohmann::ordered_json header{{"alg", to_string(which)}, {"typ", "JWT"}};
  auto text = encode(base64::url, header.dump()) + '.' + encode(base64::url, claims);
  const auto signature = sign(which, secret, text);
  return text + '.' + encode(base64::url, signature);
}

} // namespace troupe::net::auth
