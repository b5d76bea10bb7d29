// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/cluster/packet.hpp>

namespace troupe::cluster {

using namespace troupe::centrifuge;

namespace {

std::size_t size(const payload& p) { return p.bytes.size(); }

std::size_t size(const client_info& i) {
  return i.user.size() + i.client.size() + size(i.conn_info) + size(i.chan_info);
}

std::size_t size(const publication& p) {
  std::size_t bytes = sizeof p + size(p.data) + p.epoch.size() + (p.info ? size(*p.info) : 0);
  for (const auto& [key, value] : p.tags) bytes += key.size() + value.size();
  return bytes;
}

std::size_t size(const broadcast& b) {
  return sizeof b + b.message.bytes().size() + b.to.name.size() + b.key.size();
}

template <class List>
std::size_t sum(const List& of) {
  std::size_t bytes = 0;
  for (const auto& p : of) bytes += size(*p);
  return bytes;
}

struct measure {
  std::size_t operator()(const subscribe_channel& m) const { return size(m.info) + size(m.data) + size(m.reply_data); }
  std::size_t operator()(const publish_channel& m) const {
    std::size_t bytes = size(m.data) + (m.info ? size(*m.info) : 0) + m.key.size() + m.idempotency_key.size();
    for (const auto& [key, value] : m.tags) bytes += key.size() + value.size();
    return bytes;
  }
  std::size_t operator()(const subscribe_answered& m) const {
    const auto* r = std::get_if<subscribe_result>(&m.value);
    if (!r) return 0;
    auto bytes = size(r->data);
    for (const auto& p : r->publications) bytes += size(*p.publication) + p.delta.size();
    return bytes;
  }
  std::size_t operator()(const presence_answered& m) const {
    std::size_t bytes = 0;
    if (const auto* r = std::get_if<presence_result>(&m.value))
      for (const auto& [client, info] : r->clients) bytes += client.size() + sizeof info + size(info);
    return bytes;
  }
  std::size_t operator()(const history_answered& m) const {
    const auto* page = std::get_if<history_page>(&m.value);
    return page ? sum(page->publications) : 0;
  }
  std::size_t operator()(const adopt_stream& m) const {
    auto bytes = sum(m.part.publications);
    for (const auto& each : m.part.keys) bytes += sizeof each + each.key.size();
    return bytes;
  }
  std::size_t operator()(const distant_event& m) const {
    return m.channel.size() + (m.publication ? size(*m.publication) : 0) + size(m.origin.member) + m.origin.key.size();
  }
  std::size_t operator()(const distant_match& m) const {
    return m.channel.size() + m.pattern.size() + size(*m.publication);
  }
  std::size_t operator()(const distant_broadcasts& m) const {
    std::size_t bytes = 0;
    for (const auto& b : m.what) bytes += size(b);
    return bytes;
  }
  std::size_t operator()(const distant_confirm& m) const { return size(m.what); }
  std::size_t operator()(const node_call& m) const { return m.body.size(); }
  std::size_t operator()(const node_answer& m) const { return m.body.size(); }
  template <class Other>
  std::size_t operator()(const Other&) const { return 0; } // of one name or so
};

} // namespace

std::size_t bytes_of(const content& what) noexcept { return sizeof(packet) + std::visit(measure{}, what); }

} // namespace troupe::cluster
