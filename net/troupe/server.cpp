// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/server.hpp>

#include <troupe/net/centrifuge/codecs.hpp>
#include <troupe/net/server.hpp>
#include <troupe/net/signal_queue.hpp>
#include <troupe/net/signals.hpp>
#include <troupe/net/stderr_log.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

namespace troupe {

namespace {

/// Configured in code only: CAF reads neither the command line nor a file of its own.
struct quiet_config : caf::actor_system_config {
  quiet_config() { set("scheduler.policy", caf::atom("sharing")); } // the default polls when idle
};

} // namespace

class server::impl {
public:
  impl(net::server_options options, hooks::extensions extensions, event_log& log,
       std::vector<net::page> pages)
    : edge(system, std::move(options), log, std::move(pages), std::move(extensions)) {}

  quiet_config config;
  caf::actor_system system{config};
  net::server edge;
};

server::server(net::server_options options, hooks::extensions extensions, event_log& log,
               std::vector<net::page> pages)
  : impl_(std::make_unique<impl>(std::move(options), std::move(extensions), log, std::move(pages))) {}

server::~server() = default;

std::uint16_t server::port() const noexcept { return impl_->edge.port(); }
caf::actor_system& server::system() noexcept { return impl_->system; }
registry_actor server::registry() const { return impl_->edge.registry(); }
centrifuge::channels server::channels() const { return impl_->edge.channels(); }

hooks::users server::users() const { return impl_->edge.users(); }

acceptance server::send(broadcast what) { return impl_->edge.send(std::move(what)); }

std::optional<receipt> server::confirm(broadcast what, std::chrono::milliseconds patience) {
  caf::scoped_actor self{impl_->system};
  std::optional<receipt> answer;
  self->request(registry(), patience, confirm_broadcast{std::move(what)})
    .receive([&](const receipt& r) { answer = r; }, [](const caf::error&) {});
  return answer;
}

centrifuge::publish_answer server::publish(std::string channel, centrifuge::payload data,
                                           std::chrono::milliseconds patience) {
  caf::scoped_actor self{impl_->system};
  centrifuge::publish_answer answer = centrifuge::error_code::internal;
  const auto to = channels().of(channel);
  self->request(to, patience,
                centrifuge::publish_channel{.channel = std::move(channel), .data = std::move(data)})
    .receive([&](const centrifuge::publish_answered& m) { answer = m.value; },
             [](const caf::error&) {});
  return answer;
}

void server::on_failure(std::function<void()> f) { impl_->edge.on_failure(std::move(f)); }
bool server::has_failed() const noexcept { return impl_->edge.has_failed(); }
void server::reload(const net::server_options& next) { impl_->edge.reload(next); }
void server::reload_tls() { impl_->edge.reload_tls(); }
void server::stop() { impl_->edge.stop(); }
bool server::join() { return impl_->edge.join(); }

int serve(net::server_options options, hooks::extensions extensions, std::vector<net::page> pages) {
  try {
    net::prepare_signals();
    net::signal_queue signals;
    const net::signal_watch watch{[&](int signal) { signals.push(signal); }};
    net::stderr_log log;
    server running{std::move(options), std::move(extensions), log, std::move(pages)};
    fmt::print("listening on http://localhost:{}/\n", running.port());
    std::fflush(stdout);
    running.on_failure([&] { signals.push(SIGTERM); });
    while (signals.pop() == SIGHUP && watch.hangup_reloads())
      running.reload_tls();
    running.stop();
    running.join();
    return running.has_failed() ? 1 : 0;
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 2;
  }
}

std::uint16_t port_argument(int argc, char** argv) {
  return static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8000);
}

centrifuge::payload payload_of(std::string bytes) {
  return net::centrifuge::make_payload(std::move(bytes));
}

} // namespace troupe
