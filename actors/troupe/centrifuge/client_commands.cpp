// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// The commands that ask a channel once, and those that nobody here serves.
#include <troupe/centrifuge/client.hpp>
#include <troupe/centrifuge/disconnects.hpp>
#include <troupe/centrifuge/hub.hpp>
#include <troupe/hooks/directory.hpp>

#include <utility>

namespace troupe::centrifuge {

const namespaces::entry* client_state::look_up(std::uint32_t id, const std::string& channel) {
  const auto& channels = *settings_->channels;
  const auto* in = channels.find(channel);
  if (in && in->accepts(channel, channels.syntax())) return in;
  fail(id, in ? error_code::bad_request : error_code::unknown_channel);
  return nullptr;
}

requester client_state::asks_about(const std::string& channel) const {
  const auto found = subscriptions_.find(channel);
  return {profile_.user, found != subscriptions_.end() && found->second.is_live()};
}

client_info client_state::me(const std::string& channel) const {
  const auto found = subscriptions_.find(channel);
  return {profile_.user, profile_.id.to_string(), info_,
          found == subscriptions_.end() ? payload{} : found->second.info()};
}

template <class Answered, class Message, class F>
void client_state::ask(std::uint32_t id, Message question, F make_result) {
  busy_ = true;
  auto hub = hub_of(question.channel, settings_->hubs);
  self_->request(hub, caf::infinite, std::move(question))
      .then(
          [this, id, make_result](const Answered& m) {
            if (const auto* code = std::get_if<error_code>(&m.value)) fail(id, *code);
            else reply(id, make_result(std::get<0>(m.value)));
            go_on();
          },
          [this, id](const caf::error&) {
            fail(id, error_code::internal);
            go_on();
          });
}

void client_state::on(std::uint32_t id, const publish_request& r) {
  if (r.type != 0) return fail(id, error_code::not_available);
  const auto* in = look_up(id, r.channel);
  if (!in) return;
  if (in->is_of_patterns || !accepts(in->options.publication_data_format, r.data))
    return fail(id, error_code::bad_request);
  if (in->options.publish_proxy_enabled) return ask_to_publish(id, r);
  if (!may_publish(in->options, asks_about(r.channel)))
    return fail(id, error_code::permission_denied);
  publish(id, r, {});
}

void client_state::publish(std::uint32_t id, const publish_request& r, const publication_terms& terms) {
  const bool excludes = settings_->channels->find(r.channel)->options.exclude_publisher;
  ask<publish_answered>(
      id,
      publish_channel{.channel = r.channel, .data = terms.data.empty() ? r.data : terms.data,
                      .info = me(r.channel), .tags = terms.tags,
                      .exclude = excludes ? line_.handle() : connection_handle{}, .key = {},
                      .skip_history = terms.skip_history, .delta = terms.delta,
                      .idempotency_key = terms.idempotency_key, .version = terms.version,
                      .version_epoch = terms.version_epoch},
      [](const stream_position&) { return publish_result{}; });
}

void client_state::on(std::uint32_t id, const presence_request& r) {
  const auto* in = look_up(id, r.channel);
  if (!in) return;
  if (!in->options.presence) return fail(id, error_code::not_available);
  if (!may_see_presence(in->options, asks_about(r.channel)))
    return fail(id, error_code::permission_denied);
  ask<presence_answered>(id, get_presence{r.channel}, [](const presence_result& p) { return p; });
}

void client_state::on(std::uint32_t id, const presence_stats_request& r) {
  const auto* in = look_up(id, r.channel);
  if (!in) return;
  if (!in->options.presence) return fail(id, error_code::not_available);
  if (!may_see_presence(in->options, asks_about(r.channel)))
    return fail(id, error_code::permission_denied);
  ask<presence_stats_answered>(id, get_presence_stats{r.channel},
                               [](const presence_stats_result& p) { return p; });
}

void client_state::on(std::uint32_t id, const history_request& r) {
  const auto* in = look_up(id, r.channel);
  if (!in) return;
  if (!in->options.has_history()) return fail(id, error_code::not_available);
  if (!may_read_history(in->options, asks_about(r.channel)))
    return fail(id, error_code::permission_denied);
  ask<history_answered>(id, get_history{r.channel, {r.limit, r.since, r.reverse}},
                        [](const history_page& page) {
                          return history_result{page.publications, page.top};
                        });
}

// -- methods of extensions ---

void client_state::on(std::uint32_t id, const rpc_request& r) {
  if (!r.method.empty() && call(id, r.method, r.data)) return;
  const auto& all = settings_->extensions;
  const bool has_any = all && (all->has_methods() || all->of_users());
  fail(id, has_any ? error_code::method_not_found : error_code::not_available);
}

void client_state::on(std::uint32_t, const send_request& r) {
  if (!call(0, {}, r.data)) disconnect(close_reason::not_available);
}

bool client_state::call(std::uint32_t id, const std::string& method, const payload& data) {
  if (!settings_->extensions) return false;
  const auto& all = *settings_->extensions;
  hooks::call question{method, data, me({}), profile_.origin.over, meta_, profile_.headers};
  const auto loop = self_->home().index();
  std::function<void()> last;
  if (const auto fallback = all.fallback(loop); fallback && !method.empty())
    last = [this, id, fallback, question] { ask_extension(id, fallback, question); };
  if (const auto keeper = all.method(method, loop)) ask_extension(id, keeper, std::move(question));
  else if (all.of_users() && !profile_.user.empty())
    ask_extension(id, all.of_users().of(profile_.user), std::move(question), std::move(last));
  else if (last) last();
  else return false;
  return true;
}

template <class Handle>
void client_state::ask_extension(std::uint32_t id, const Handle& whom, hooks::call question,
                                 std::function<void()> otherwise) {
  busy_ = true;
  self_->request(whom, caf::infinite, std::move(question))
      .then(
          [this, id, otherwise = std::move(otherwise)](const hooks::call_result& r) {
            const bool is_unknown = r.error.code == static_cast<std::uint32_t>(error_code::method_not_found);
            if (otherwise && is_unknown && !line_.is_closing()) return otherwise();
            on_called(id, r);
            go_on();
          },
          [this, id](const caf::error& why) {
            on_called(id, hooks::call_result::fail(
                              why == hooks::failure::overloaded ? error_code::too_many_requests
                              : why == hooks::failure::gave_up  ? error_code::not_available
                                                                : error_code::internal));
            go_on();
          });
}

void client_state::on_called(std::uint32_t id, const hooks::call_result& r) {
  if (id != 0) {
    if (r.error.code != 0) reply(id, r.error);
    else reply(id, rpc_result{r.data});
  }
  if (r.close.reason != close_reason::none) close(translated(r.close), closing::handshake);
}

void client_state::on(std::uint32_t, const std::monostate&) {
  disconnect(close_reason::bad_request);
}

} // namespace troupe::centrifuge
