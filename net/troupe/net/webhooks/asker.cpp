// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/webhooks/asker.hpp>

#include <utility>

namespace troupe::net::webhooks {

namespace {

const std::string& url_of(hook about, const webhook_options& o) {
  switch (about) {
    case hook::connect: return o.connect;
    case hook::refresh: return o.refresh;
    case hook::subscribe: return o.subscribe;
    case hook::publish: return o.publish;
    case hook::sub_refresh: return o.sub_refresh;
    case hook::rpc: return o.rpc;
  }
  return o.connect;
}

} // namespace

asker::asker(asker_settings settings, std::function<void(hook_answered)> tell)
  : settings_(std::move(settings)), tell_(std::move(tell)), seen_(&options()) {
  breakers_.assign(hook_count, breaker{seen_->breaker_failures, seen_->breaker_pause});
  read_rules();
}

void asker::read_rules() {
  rules_.clear();
  for (const auto& text : seen_->status_codes) rules_.push_back(parse_status_rule(text).value());
  fixed_.clear();
  fixed_.emplace_back("Content-Type", "application/json");
  for (const auto& line : seen_->static_headers)
    fixed_.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 2));
}

// What has failed may have been mended by just that: each is asked again at once.
void asker::renew() {
  if (seen_ == &options()) return;
  seen_ = &options();
  read_rules();
  for (std::size_t i = 0; i < hook_count; ++i) {
    if (breakers_[i].is_open()) settings_.figures->of(static_cast<hook>(i)).breaker_open.set(0);
    breakers_[i] = breaker{seen_->breaker_failures, seen_->breaker_pause};
  }
}

void asker::ask(hook about, std::string text, const troupe::centrifuge::request_headers* headers,
                web::delivery repeat, time_point now, continuation then) {
  renew();
  auto& count = settings_.figures->of(about);
  if (!breakers_[static_cast<std::size_t>(about)].allows(now)) {
    count.refused.add();
    return then(std::nullopt);
  }
  count.requests.add();
  web::request what{.to = web::parse_address(url_of(about, *seen_)).value(), .how = web::method::post};
  what.headers = fixed_;
  if (headers) what.headers.insert(what.headers.end(), headers->begin(), headers->end());
  what.body = std::move(text);
  what.timeout = seen_->timeout;
  what.repeat = repeat;
  const auto ticket = ++last_ticket_;
  open_.emplace(ticket, open_question{about, now, std::move(then)});
  settings_.send(std::move(what), [tell = tell_, ticket](web::outcome got) {
    tell(hook_answered{ticket, std::move(got)});
  });
}

void asker::on_answered(const hook_answered& m, time_point now) {
  const auto asked = open_.extract(m.ticket);
  if (asked.empty()) return;
  const auto& [about, since, then] = asked.mapped();
  std::string why;
  auto answer = read(m.what, why);
  if (answer) {
    settings_.figures->of(about).times.add(now - since);
    note_success(about);
  } else {
    note_failure(about, why, now);
  }
  then(std::move(answer));
}

std::optional<internal::envelope> asker::read(const web::outcome& what, std::string& why) const {
  if (const auto* failed = std::get_if<web::failure>(&what)) {
    why = failed->why;
    return std::nullopt;
  }
  const auto& answer = std::get<web::response>(what);
  if (answer.status != 200) {
    for (const auto& rule : rules_) {
      if (rule.status != answer.status) continue;
      internal::denial no;
      if (rule.closes()) no.close = {close_reason::kicked, static_cast<std::uint16_t>(rule.code), rule.text};
      else no.error = {rule.code, rule.text, false};
      return internal::envelope{{}, std::move(no)};
    }
    why = web::problem_of(what);
    return std::nullopt;
  }
  auto said = internal::read_envelope(answer.body);
  if (!said) why = "the answer is none";
  return said;
}

void asker::note_success(hook about) {
  auto& by = breakers_[static_cast<std::size_t>(about)];
  if (by.is_open())
    settings_.log->write(severity::info, "webhook_recovered", {{"hook", hook_names[static_cast<std::size_t>(about)]}});
  by.succeed();
  settings_.figures->of(about).breaker_open.set(0);
}

void asker::note_failure(hook about, const std::string& why, time_point now) {
  auto& by = breakers_[static_cast<std::size_t>(about)];
  auto& count = settings_.figures->of(about);
  const bool was_open = by.is_open();
  count.failures.add();
  by.fail(now);
  count.breaker_open.set(by.is_open() ? 1 : 0);
  if (was_open) return;
  settings_.log->write(severity::warning, by.is_open() ? "webhook_not_asked" : "webhook_failed",
                       {{"hook", hook_names[static_cast<std::size_t>(about)]}, {"reason", why}});
}

void asker::complain(hook about, const char* why) {
  settings_.figures->of(about).failures.add();
  settings_.log->write(severity::warning, "webhook_failed",
                       {{"hook", hook_names[static_cast<std::size_t>(about)]}, {"reason", why}});
}

} // namespace troupe::net::webhooks
