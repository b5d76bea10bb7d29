// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/webhooks/internal/envelope.hpp>

#include <troupe/net/auth/claims.hpp>
#include <troupe/net/base64.hpp>
#include <troupe/net/centrifuge/codecs.hpp>
#include <troupe/net/centrifuge/internal/json_values.hpp>

#include <utility>

namespace troupe::net::webhooks::internal {

namespace {

using centrifuge::internal::json_scratch;
using centrifuge::internal::member;
using centrifuge::internal::read_object;

/// @returns whether it is an object whose members have the right types. The text must be JSON.
template <class... T>
bool read(std::string_view json, member<T>... members) {
  thread_local json_scratch memory;
  try {
    auto document = memory.iterate(json);
    read_object(document.get_object().value(), members...);
    return true;
  } catch (const simdjson::simdjson_error&) {
    return false;
  }
}

bool is_there(const payload& value) { return !value.empty() && value.bytes != "null"; }

constexpr bool is_between(std::uint32_t low, std::uint32_t code, std::uint32_t high) {
  return low <= code && code <= high;
}

std::optional<denial> read_error(const payload& from) {
  denial no;
  if (!read(from.bytes, member{"code", no.error.code}, member{"message", no.error.message},
            member{"temporary", no.error.temporary}) ||
      !is_between(400, no.error.code, 1999))
    return std::nullopt;
  return no;
}

std::optional<denial> read_disconnect(const payload& from) {
  constexpr std::size_t longest = 123; // of a close frame
  denial no{{}, {close_reason::kicked, 0, {}}};
  if (!read(from.bytes, member{"code", no.close.code}, member{"reason", no.close.text}) ||
      !is_between(4000, no.close.code, 4999) || no.close.text.size() > longest)
    return std::nullopt;
  return no;
}

/// What is told of payloads: as JSON, or in Base64, which wins.
bool settle(payload& data, const std::string& in_base64) {
  if (!is_there(data)) data = {};
  if (in_base64.empty()) return true;
  auto bytes = decode(base64::standard, in_base64);
  if (!bytes) return false;
  data = centrifuge::make_payload(*std::move(bytes));
  return true;
}

/// A result that says what a token could: who it is, until when, with what.
std::optional<auth::claims> read_terms(const payload& result) {
  std::optional<auth::claims> terms{std::in_place};
  if (!auth::read_claims(result.bytes, "user", *terms).empty()) terms.reset();
  return terms;
}

time_left left_until(const std::optional<auth::claims::seconds>& end, std::chrono::system_clock::time_point now) {
  if (!end) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(*end - now);
}

bool is_over(const time_left& left) { return left && left->count() <= 0; }

const denial expired{error_result{error_code::expired}, {}};

} // namespace

std::optional<envelope> read_envelope(std::string_view body) {
  payload result;
  payload error;
  payload disconnect;
  if (!centrifuge::is_json(body) ||
      !read(body, member{"result", result}, member{"error", error}, member{"disconnect", disconnect}))
    return std::nullopt;
  envelope e;
  if (is_there(disconnect)) e.denied = read_disconnect(disconnect);
  else if (is_there(error)) e.denied = read_error(error);
  else if (is_there(result)) e.result = std::move(result);
  if ((is_there(disconnect) || is_there(error)) && !e.denied) return std::nullopt;
  return e;
}

std::optional<connect_ruling> as_connect(const envelope& e, std::chrono::system_clock::time_point now) {
  if (e.denied) return connect_ruling{*e.denied};
  if (!e.result) return connect_ruling{no_opinion{}};
  auto said = read_terms(*e.result);
  if (!said) return std::nullopt;
  const auto left = left_until(said->grant_ends, now);
  if (is_over(left)) return connect_ruling{expired};
  admittance yes;
  yes.grant = {std::move(said->user), std::move(said->terms.info), left, std::move(said->subs), std::move(said->labels)};
  yes.grant.meta = std::move(said->meta);
  yes.data = std::move(said->terms.data);
  return connect_ruling{std::move(yes)};
}

std::optional<refresh_ruling> as_refresh(const envelope& e, std::chrono::system_clock::time_point now) {
  if (e.denied) return refresh_ruling{*e.denied};
  if (!e.result) return refresh_ruling{time_is_over{}};
  bool is_expired = false;
  auto said = read_terms(*e.result);
  if (!said || !read(e.result->bytes, member{"expired", is_expired})) return std::nullopt;
  const auto left = left_until(said->grant_ends, now);
  if (is_expired || is_over(left)) return refresh_ruling{time_is_over{}};
  return refresh_ruling{renewal{left, std::move(said->terms.info), std::move(said->meta)}};
}

std::optional<subscribe_ruling> as_subscribe(const envelope& e, std::chrono::system_clock::time_point now) {
  if (e.denied) return subscribe_ruling{*e.denied};
  if (!e.result) return std::nullopt;
  auto said = read_terms(*e.result);
  if (!said) return std::nullopt;
  const auto left = left_until(said->grant_ends, now);
  if (is_over(left)) return subscribe_ruling{expired};
  return subscribe_ruling{subscription_admittance{std::move(said->terms), left}};
}

std::optional<publish_ruling> as_publish(const envelope& e) {
  if (e.denied) return publish_ruling{*e.denied};
  publication_terms terms;
  std::string in_base64;
  if (!e.result || !read(e.result->bytes, member{"data", terms.data}, member{"b64data", in_base64},
                         member{"skip_history", terms.skip_history}, member{"tags", terms.tags},
                         member{"idempotency_key", terms.idempotency_key}, member{"delta", terms.delta},
                         member{"version", terms.version}, member{"version_epoch", terms.version_epoch}) ||
      !settle(terms.data, in_base64))
    return std::nullopt;
  return publish_ruling{std::move(terms)};
}

std::optional<hooks::call_result> as_call(const envelope& e) {
  if (e.denied) return hooks::call_result{.error = e.denied->error, .close = e.denied->close};
  payload data;
  std::string in_base64;
  if (!e.result || !read(e.result->bytes, member{"data", data}, member{"b64data", in_base64}) ||
      !settle(data, in_base64))
    return std::nullopt;
  return hooks::call_result::of(std::move(data));
}

} // namespace troupe::net::webhooks::internal
