// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/auth/claims.hpp>

#include <troupe/net/base64.hpp>
#include <troupe/net/auth/internal/strict_json.hpp>
#include <troupe/net/centrifuge/codecs.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace troupe::net::auth {
namespace {

using json = nlohmann::ordered_json;
using troupe::centrifuge::option_overrides;
using troupe::centrifuge::subscription_terms;

constexpr std::string_view wrong_type = "a claim has a wrong type";

/// Reads claims of one object and remembers whether one had a wrong type.
class reader {
public:
  explicit reader(const json& object) : object_(object) {}

  bool is_sound() const noexcept { return sound_; }

  const json* find(std::string_view name) const {
    const auto found = object_.find(std::string{name});
    return found == object_.end() ? nullptr : &*found;
  }

  void text(std::string_view name, std::string& value) {
    if (const auto* found = find(name)) take(found->is_string(), [&] { value = found->get<std::string>(); });
  }

  void texts(std::string_view name, std::vector<std::string>& value, bool or_one = false) {
    const auto* found = find(name);
    if (!found) return;
    if (or_one && found->is_string()) return value.push_back(found->get<std::string>());
    take(found->is_array() && std::ranges::all_of(*found, [](const json& each) { return each.is_string(); }),
         [&] { value = found->get<std::vector<std::string>>(); });
  }

  void time(std::string_view name, std::optional<claims::seconds>& value) {
    constexpr double last = 9'000'000'000; // in 2255; the system clock's nanoseconds end in 2262
    const auto* found = find(name);
    if (!found) return;
    take(found->is_number(), [&] {
      const auto since_1970 = std::clamp(std::floor(found->get<double>()), -last, last);
      value.emplace(std::chrono::seconds{static_cast<std::int64_t>(since_1970)});
    });
  }

  /// JSON as it is, or bytes in base64 under another name, which wins.
  void data(std::string_view plain, std::string_view in_base64, troupe::centrifuge::payload& value) {
    if (const auto* found = find(plain); found && !found->is_null()) value = {found->dump(), true};
    std::string encoded;
    text(in_base64, encoded);
    if (encoded.empty()) return;
    auto bytes = decode(base64::standard, encoded);
    take(bytes.has_value(), [&] { value = centrifuge::make_payload(*std::move(bytes)); });
  }

  /// {"presence":{"value":true}}
  void overrides(option_overrides& value) {
    const auto* found = find("override");
    if (!found || found->is_null()) return;
    const std::pair<const char*, std::optional<bool>&> options[] = {
        {"presence", value.presence},
        {"join_leave", value.join_leave},
        {"force_push_join_leave", value.force_push_join_leave},
        {"force_positioning", value.force_positioning},
        {"force_recovery", value.force_recovery}};
    take(found->is_object(), [&] {
      for (const auto& [name, option] : options)
        if (const auto set = found->find(name); set != found->end() && !set->is_null())
          take(set->is_object() && set->contains("value") && (*set)["value"].is_boolean(),
               [&, &to = option] { to = (*set)["value"].get<bool>(); });
    });
  }

  void terms(subscription_terms& value) {
    data("info", "b64info", value.info);
    data("data", "b64data", value.data);
    overrides(value.overrides);
  }

  template <class F>
  void take(bool right, F keep) {
    if (right) keep();
    else sound_ = false;
  }

private:
  const json& object_;
  bool sound_ = true;
};

std::string_view read_channels(reader& in, claims& result) {
  if (const auto* subs = in.find("subs"); subs && !subs->is_null()) {
    if (!subs->is_object()) return wrong_type;
    for (const auto& [channel, options] : subs->items()) {
      if (!options.is_object()) return wrong_type;
      reader each{options};
      each.terms(result.subs[channel]);
      if (!each.is_sound()) return wrong_type;
    }
  }
  if (result.subs.empty()) {
    std::vector<std::string> channels;
    in.texts("channels", channels);
    for (auto& channel : channels) result.subs[std::move(channel)];
  }
  return result.subs.contains("") ? "a channel has no name" : std::string_view{};
}

} // namespace

std::string_view read_claims(std::string_view text, std::string_view user_claim, claims& result) {
  const auto object = internal::parse_object(text);
  if (!object) return "the claims are not a JSON object, or have a member twice";
  reader in{*object};
  in.text(user_claim, result.user);
  if (in.find("iss")) in.text("iss", result.issuer.emplace());
  in.texts("aud", result.audience, true);
  in.time("exp", result.expires);
  in.time("nbf", result.not_before);
  result.grant_ends = result.expires;
  std::optional<claims::seconds> end;
  in.time("expire_at", end);
  if (end) result.grant_ends = *end > claims::seconds{} ? end : std::nullopt;
  in.terms(result.terms);
  in.texts("labels", result.labels);
  if (const auto* meta = in.find("meta"); meta && !meta->is_null()) result.meta = meta->dump();
  in.text("channel", result.channel);
  in.text("client", result.client);
  if (const auto wrong = read_channels(in, result); !wrong.empty()) return wrong;
  return in.is_sound() ? std::string_view{} : wrong_type;
}

} // namespace troupe::net::auth
