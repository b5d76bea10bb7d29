// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// READERS: Beast's WebSocket streams, which the sessions of a loop share. One takes 2.5 KB, of which a buffer is most,
// and is needed only while bytes of a message are there and while a connection opens or closes: whoever is between two
// messages has none (docs/decisions/0013-shared-readers.md).
// Thread: its loop's. Bounded by: most_kept; more are made when they are needed, and dropped afterwards.
#pragma once
#include <troupe/net/internal/wire_stream.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace troupe::net {

/// One for each loop, found by asio::use_service().
template <class Lower>
class readers final : public asio::execution_context::service {
public:
  using reader = websocket::stream<wire_stream<Lower>>;
  static inline asio::execution_context::id id;
  static constexpr std::size_t most_kept = 256; // twice what one look at the sockets finds ready

  explicit readers(asio::execution_context& loop) : service(loop) { kept_.reserve(most_kept); }

  /// One that has had its handshake, without compression and between two messages. Nobody is attached to it.
  std::unique_ptr<reader> take(const io_executor& loop) {
    if (kept_.empty()) return opened(loop);
    auto taken = std::move(kept_.back());
    kept_.pop_back();
    return taken;
  }

  /// Takes one of take() back: between two messages, with nothing under way.
  void give_back(std::unique_ptr<reader> unused) noexcept {
    unused->next_layer().detach();
    unused->control_callback();
    if (kept_.size() < most_kept) kept_.push_back(std::move(unused));
  }

  [[nodiscard]] std::size_t kept() const noexcept { return kept_.size(); }

private:
  // Beast opens a stream by a handshake and in no other way: here it is with nobody.
  static std::unique_ptr<reader> opened(const io_executor& loop) {
    http::request<http::empty_body> upgrade{http::verb::get, "/", 11};
    upgrade.set(http::field::host, "nobody");
    upgrade.set(http::field::connection, "upgrade");
    upgrade.set(http::field::upgrade, "websocket");
    upgrade.set(http::field::sec_websocket_version, "13");
    upgrade.set(http::field::sec_websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
    auto made = std::make_unique<reader>(loop);
    made->accept(upgrade);
    return made;
  }

  void shutdown() noexcept override { kept_.clear(); }

  std::vector<std::unique_ptr<reader>> kept_;
};

} // namespace troupe::net
