// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// How CAF 0.17 reads and writes what messages around channels are made of. Nothing here is called by name:
// CAF finds it.
#pragma once
#include <troupe/centrifuge/history.hpp>
#include <troupe/centrifuge/publication.hpp>
#include <troupe/centrifuge/reply.hpp>

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/optional.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace troupe::centrifuge {

/// A std::optional as CAF's own, which is the one it knows, and back.
template <class T>
caf::optional<T> to_caf(const std::optional<T>& x) {
  return x ? caf::optional<T>{*x} : caf::optional<T>{caf::none};
}
template <class T>
std::optional<T> from_caf(const caf::optional<T>& x) {
  return x ? std::optional<T>{*x} : std::nullopt;
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, payload& x) {
  return f(x.bytes, x.is_json);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, client_info& x) {
  return f(x.user, x.client, x.conn_info, x.chan_info);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stream_position& x) {
  return f(x.offset, x.epoch);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, error_result& x) {
  return f(x.code, x.message, x.temporary);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, presence_result& x) {
  return f(x.clients);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, publication& x) {
  auto info = to_caf(x.info);
  auto load = [&]() -> caf::error {
    x.info = from_caf(info);
    return caf::none;
  };
  return f(x.data, info, x.offset, x.epoch, x.tags, caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, history_query& x) {
  auto since = to_caf(x.since);
  auto load = [&]() -> caf::error {
    x.since = from_caf(since);
    return caf::none;
  };
  return f(x.limit, since, x.reverse, caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, history_page& x) {
  std::vector<publication> publications;
  for (const auto& p : x.publications) publications.push_back(*p);
  auto load = [&]() -> caf::error {
    x.publications.clear();
    for (auto& p : publications)
      x.publications.push_back(std::make_shared<const publication>(std::move(p)));
    return caf::none;
  };
  return f(publications, x.top, caf::meta::load_callback(load));
}

} // namespace troupe::centrifuge
