// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/console/web_commands.hpp"

#include "app/console/render.hpp"
#include "app/console/session.hpp"

#include <caf/send.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace troupe::app::console {

namespace {

net::admin_answer answer_of(const answer& what, role may) {
  auto text = to_json(what, to_string(may));
  if (text.size() > session::max_answer_bytes)
    return {400, to_json(too_long(text.size(), session::max_answer_bytes), to_string(may))};
  return {what.error.empty() ? 200U : 400U, std::move(text)};
}

net::admin_answer refusal(unsigned status, std::string why) {
  return {status, to_json(answer::failed(std::move(why)))};
}

} // namespace

/// Answers a request once: what nobody runs as well.
class web_commands::reply final : public answer_sink {
public:
  reply(respond to, role may, std::atomic<std::size_t>& under_way)
      : respond_{std::move(to)}, may_{may}, under_way_{under_way} {}
  ~reply() override {
    --under_way_;
    if (respond_)
      respond_(refusal(503, "the server is stopping"));
  }
  reply(const reply&) = delete;
  reply& operator=(const reply&) = delete;

  void deliver(std::uint64_t, answer what) override {
    if (const auto to = std::exchange(respond_, nullptr))
      to(answer_of(what, may_));
  }

private:
  respond respond_;
  role may_;
  std::atomic<std::size_t>& under_way_;
};

net::admin_service web_commands::service() {
  return {std::string{path}, [this](const net::admin_request& asked, respond to) { run(asked, std::move(to)); }};
}

void web_commands::open(executor_actor to) {
  executor_ = std::move(to);
  is_open_.store(true, std::memory_order_release);
}

void web_commands::run(const net::admin_request& asked, respond to) {
  const auto may = tokens_.of(net::auth::credentials(asked.authorization, "Bearer"));
  if (!may)
    return to(refusal(401, "expected the header Authorization: Bearer TOKEN, with console.operator_token or "
                           "console.read_only_token"));
  const auto body = nlohmann::json::parse(asked.body, nullptr, false);
  if (!body.is_object() || body.size() != 1 || !body.contains("command") || !body["command"].is_string())
    return to(refusal(400, R"(expected a body such as {"command":"top conns by queue_bytes"})"));
  if (!is_open_.load(std::memory_order_acquire))
    return to(refusal(503, "the server is starting"));
  if (++under_way_ > max_under_way) {
    --under_way_;
    return to(refusal(503, fmt::format("{} commands are under way already", max_under_way)));
  }
  caf::anon_send(executor_, run_command{std::make_shared<reply>(std::move(to), *may, under_way_),
                                        {.may = *may, .peer = "http"},
                                        {0, body["command"].get<std::string>()}});
}

} // namespace troupe::app::console
