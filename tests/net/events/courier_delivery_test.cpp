// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The courier over real sockets: whatever its receiver goes through, it misses nothing and can tell what it has
// seen before.
#include <troupe/net/events/courier.hpp>

#include "../web/receiver.hpp"
#include "net/support/small_system.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace troupe;
using namespace troupe::net;
using namespace troupe::net::events;
using namespace std::chrono_literals;
using nlohmann::json;
using web::tests::posted;
using web::tests::receiver;
using web::tests::reply;

namespace {

constexpr auto patience = 30s;

enum class mood {
  good,
  failing,  ///< Takes nothing, and says so.
  breaking, ///< Takes nothing, and hangs up.
  stalling, ///< Takes it, and answers too late.
  deaf,     ///< Takes it, and hangs up before it has said so.
};

/// What a receiver has taken, over its restarts.
class inbox {
public:
  reply answer(const posted& request) {
    const std::lock_guard lock{mutex_};
    ++requests_;
    if (mood_ == mood::failing) return {.status = 503};
    if (mood_ == mood::breaking) return {.next = reply::then::silence};
    const auto body = json::parse(request.body());
    for (const auto& each : body["events"])
      if (!taken_.emplace(each["id"], each).second) ++repeated_;
      else in_order_.push_back(each);
    if (mood_ == mood::stalling) return {.after = 2s, .next = reply::then::close};
    if (mood_ == mood::deaf) return {.next = reply::then::silence};
    return {};
  }
  void become(mood next) {
    const std::lock_guard lock{mutex_};
    mood_ = next;
    requests_ = 0;
  }
  [[nodiscard]] int requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
  }
  [[nodiscard]] int repeated() const {
    const std::lock_guard lock{mutex_};
    return repeated_;
  }
  /// Each once.
  [[nodiscard]] std::vector<json> events() const {
    const std::lock_guard lock{mutex_};
    return in_order_;
  }

private:
  mutable std::mutex mutex_;
  mood mood_ = mood::good;
  int requests_ = 0; // in this mood
  int repeated_ = 0;
  std::map<std::string, json> taken_; // by ID
  std::vector<json> in_order_;
};

template <class F>
void await(F holds) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(1ms);
  }
}

/// A receiver that can be restarted on its port, and a courier that delivers to it.
class delivery_world {
public:
  delivery_world() {
    open();
    courier_settings with{.options = {.endpoint = server_->url("/events"), .secret = "secret", .timeout = 300ms,
                                      .batch_events = 40, .retry_first = 5ms, .retry_max = 50ms},
                          .node = "here", .run = "run"};
    with.book = std::make_shared<journal>(disk_.path(), journal_limits{});
    with.figures = figures;
    with.send = [web = web_](web::request what, auto done) { web->send(std::move(what), std::move(done)); };
    who_ = system_.get().spawn<caf::detached>(courier, std::move(with));
  }
  ~delivery_world() { caf::anon_send(who_, finish{}); }

  void open() {
    server_.emplace([this](const posted& m) { return box.answer(m); }, port_);
    port_ = server_->port();
  }
  void close() { server_.reset(); }

  /// Connections that come and go.
  void churn(int connections) {
    connection_events batch;
    for (int i = 0; i < connections; ++i) {
      const connection_profile_ptr one{
        new connection_profile({0, 1, 0}, client_id::random(), "u" + std::to_string(i % 7), {}, {}, {}, {}), false};
      batch.events.emplace_back(connection_up{one, {}});
      batch.events.emplace_back(connection_down{one, {}, {close_reason::peer_closed, 0, 1000, {}}, {}});
    }
    caf::scoped_actor self{system_.get()};
    bool is_noted = false;
    self->request(who_, patience, std::move(batch))
      .receive([&](const noted&) { is_noted = true; }, [](const caf::error&) {});
    REQUIRE(is_noted);
    told += 2U * static_cast<std::size_t>(connections);
  }

  inbox box;
  std::shared_ptr<counters> figures = std::make_shared<counters>();
  std::size_t told = 0;

private:
  troupe::tests::scratch_folder disk_;
  std::shared_ptr<web::client> web_ = std::make_shared<web::client>();
  std::optional<receiver> server_;
  std::uint16_t port_ = 0;
  troupe::tests::small_system system_; // waits for the courier
  courier_actor who_;
};

} // namespace

TEST_CASE("courier: a receiver that fails, stalls, hangs up and restarts misses nothing and knows what it has seen",
          "[net][events][courier]") {
  delivery_world w;
  for (int round = 0; round < 3; ++round) {
    for (const auto next : {mood::failing, mood::good, mood::deaf, mood::breaking, mood::stalling, mood::good}) {
      w.box.become(next);
      w.churn(50);
      await([&] { return w.box.requests() != 0; });
    }
    const auto failures = w.figures->failures.value();
    w.close();
    w.churn(50);
    await([&] { return w.figures->failures.value() > failures; });
    w.open();
  }
  w.box.become(mood::good);
  await([&] { return w.figures->waiting.value() == 0; });
  const auto events = w.box.events();
  CHECK(events.size() == w.told);
  CHECK(w.box.repeated() > 0);
  CHECK(w.figures->delivered.value() == w.told);
  CHECK(w.figures->lost.value() == 0);
  std::map<std::string, std::vector<std::string>> lives;
  for (std::size_t i = 0; i < events.size(); ++i) {
    REQUIRE(events[i]["sequence"] == i + 1);
    lives[events[i]["client"]].push_back(events[i]["type"]);
  }
  for (const auto& [client, types] : lives)
    REQUIRE(types == std::vector<std::string>{"connection_up", "connection_down"});
}
