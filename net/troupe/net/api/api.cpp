// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include <troupe/net/api/api.hpp>

#include <troupe/centrifuge/hub.hpp>
#include <troupe/hooks/directory.hpp>
#include <troupe/net/base64.hpp>
#include <troupe/net/api/paced.hpp>
#include <troupe/net/api/reader.hpp>
#include <troupe/net/centrifuge/codecs.hpp>

#include <unordered_map>
#include <utility>

namespace troupe::net::api {

using namespace troupe::centrifuge;

namespace {

constexpr std::string_view json = "application/json";

decision malformed() { return {.status = 400, .body = "Bad Request\n"}; }

decision json_decision(std::string body) { return {.content_type = json, .body = std::move(body)}; }

decision told(const answer& what, api_errors errors) {
  const auto* why = std::get_if<failure>(&what);
  if (!why || errors == api_errors::body) return json_decision(enveloped(what));
  return {.status = http_status(*why), .content_type = json, .body = to_json(*why)};
}

/// The payload to publish; nothing if its base64 is wrong.
std::optional<payload> content_of(publish_request& r) {
  if (r.b64data.empty()) return std::move(r.data);
  auto bytes = decode(base64::standard, r.b64data);
  if (!bytes) return std::nullopt;
  return centrifuge::make_payload(*std::move(bytes));
}

bool may_begin(const std::function<bool()>& is_awaited) { return !is_awaited || is_awaited(); }

/// Answers of several steps, with a bound on their bytes together.
class collected {
public:
  collected(std::size_t count, std::size_t max_bytes)
    : answers_(count, answer{error_code::internal}), max_bytes_(max_bytes) {}

  void put(std::size_t at, answer what) {
    if (const auto* text = std::get_if<std::string>(&what)) bytes_ += text->size();
    answers_[at] = bytes_ > max_bytes_ ? answer{error_code::limit_exceeded} : std::move(what);
  }
  [[nodiscard]] const std::vector<answer>& answers() const noexcept { return answers_; }

private:
  std::vector<answer> answers_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
};

} // namespace

api_actor::behavior_type api_state::make_behavior(std::shared_ptr<const api_settings> settings) {
  settings_ = std::move(settings);
  return {[this](const troupe::cluster::node_call& m) { return on_node_call(m); },
          [this](answer_call& m) { on_call(m); }};
}

// -- calls -----------------------------------------------------------------------------------------

void api_state::on_call(answer_call& m) {
  if (m.method.empty()) return on_legacy(m);
  auto parsed = read_request(m.method, m.body);
  if (!parsed) return m.respond(malformed());
  auto respond = std::move(m.respond);
  if (auto* batch = std::get_if<batch_request>(&*parsed))
    return run_batch(std::move(*batch), std::move(m.is_awaited), [respond = std::move(respond)](std::string replies) {
      respond(json_decision(std::move(replies)));
    });
  const then done = [respond = std::move(respond), errors = m.errors](const answer& what) {
    respond(told(what, errors));
  };
  begin(std::get<command>(*parsed), done);
}

void api_state::on_legacy(answer_call& m) {
  struct open_call {
    std::vector<legacy_command> commands;
    collected answers;
    std::function<void(decision)> respond;
    std::function<bool()> is_awaited;
  };
  auto parsed = read_legacy(m.body);
  if (!parsed) return m.respond(malformed());
  const auto count = parsed->size();
  const auto open = std::make_shared<open_call>(
    open_call{*std::move(parsed), {count, settings_->options.max_response_bytes},
              std::move(m.respond), std::move(m.is_awaited)});
  const auto begin = [this, open](std::size_t at, const std::function<void()>& done) {
    if (!may_begin(open->is_awaited)) return done();
    run_each(open->commands[at].what, [open, at, done](answer what) {
      open->answers.put(at, std::move(what));
      done();
    });
  };
  paced::run(count, 1, begin, [open] {
    std::string lines;
    for (std::size_t i = 0; i < open->commands.size(); ++i)
      (lines += i == 0 ? "" : "\n") += legacy_json(open->commands[i].id, open->answers.answers()[i]);
    open->respond(json_decision(std::move(lines)));
  });
}

void api_state::run_batch(batch_request r, std::function<bool()> is_awaited,
                          std::function<void(std::string)> done) {
  struct open_batch {
    batch_request asked;
    collected answers;
    std::vector<std::string_view> methods;
  };
  const auto count = r.commands.size();
  const auto open = std::make_shared<open_batch>(
    open_batch{std::move(r), {count, settings_->options.max_response_bytes}, {}});
  for (const auto& each : open->asked.commands) {
    const auto* named = std::get_if<command>(&each);
    open->methods.push_back(
      named ? std::visit([](const auto& c) { return std::string_view{c.method}; }, *named)
            : std::string_view{});
  }
  const auto begin = [this, open, is_awaited = std::move(is_awaited)](std::size_t at, const std::function<void()>& ended) {
    if (!may_begin(is_awaited)) return ended();
    run_each(open->asked.commands[at], [open, at, ended](answer what) {
      open->answers.put(at, std::move(what));
      ended();
    });
  };
  paced::run(count, open->asked.parallel ? window : 1, begin,
             [open, done = std::move(done)] {
               done(batch_json(open->answers.answers(), open->methods));
             });
}

void api_state::run_each(batch_command& what, const then& done) {
  if (const auto* code = std::get_if<error_code>(&what)) return done(*code);
  begin(std::get<command>(what), done);
}

// -- channels --------------------------------------------------------------------------------------

const namespaces::entry* api_state::look_up(const std::string& channel, const then& done) {
  if (channel.empty()) {
    done(error_code::bad_request);
    return nullptr;
  }
  const auto* in = settings_->channels->find(channel);
  if (!in) done(error_code::unknown_channel);
  return in;
}

template <class Answered, class Message, class F>
void api_state::ask(Message question, const then& done, F make_json) {
  auto hub = hub_of(question.channel, settings_->hubs);
  self_->request(hub, caf::infinite, std::move(question))
    .then(
      [done, make_json](const Answered& m) {
        if (const auto* code = std::get_if<error_code>(&m.value)) done(*code);
        else done(make_json(std::get<0>(m.value)));
      },
      [done](const caf::error&) { done(error_code::internal); });
}

void api_state::publish(const std::string& channel, const payload& data, const publish_request& how,
                        const then& done) {
  const auto* in = look_up(channel, done);
  if (!in) return;
  if (!accepts(in->options.publication_data_format, data)) return done(error_code::bad_request);
  ask<publish_answered>(publish_channel{.channel = channel,
                                        .data = data,
                                        .info = {},
                                        .tags = how.tags,
                                        .exclude = {},
                                        .key = {},
                                        .skip_history = how.skip_history,
                                        .delta = how.delta,
                                        .idempotency_key = how.idempotency_key,
                                        .version = how.version,
                                        .version_epoch = how.version_epoch},
                        done, [](const stream_position& at) { return to_json(publish_result{at}); });
}

void api_state::run(publish_request& r, const then& done) {
  const auto data = content_of(r);
  if (!data) return done(error_code::bad_request);
  publish(r.channel, *data, r, done);
}

void api_state::run(broadcast_request& r, const then& done) {
  struct open_broadcast {
    broadcast_request asked;
    payload data;
    collected answers;
  };
  auto data = content_of(r);
  if (!data || r.channels.empty()) return done(error_code::bad_request);
  const auto count = r.channels.size();
  const auto open = std::make_shared<open_broadcast>(open_broadcast{
    std::move(r), *std::move(data), {count, settings_->options.max_response_bytes}});
  const auto begin = [this, open](std::size_t at, const std::function<void()>& ended) {
    publish(open->asked.channels[at], open->data, open->asked, [open, at, ended](answer what) {
      open->answers.put(at, std::move(what));
      ended();
    });
  };
  paced::run(count, window, begin,
             [open, done] { done(broadcast_json(open->answers.answers())); });
}

void api_state::run(presence_request& r, const then& done) {
  const auto* in = look_up(r.channel, done);
  if (!in) return;
  if (!in->options.presence) return done(error_code::not_available);
  ask<presence_answered>(get_presence{r.channel}, done,
                         [](const presence_result& p) { return to_json(p); });
}

void api_state::run(presence_stats_request& r, const then& done) {
  const auto* in = look_up(r.channel, done);
  if (!in) return;
  if (!in->options.presence) return done(error_code::not_available);
  ask<presence_stats_answered>(get_presence_stats{r.channel}, done,
                               [](const presence_stats_result& p) { return to_json(p); });
}

void api_state::run(history_request& r, const then& done) {
  const auto* in = look_up(r.channel, done);
  if (!in) return;
  if (!in->options.has_history()) return done(error_code::not_available);
  const auto fits = [most = settings_->options.max_response_bytes](const history_page& kept) {
    std::size_t bytes = 0;
    for (const auto& p : kept.publications) bytes += p->data.bytes.size();
    return bytes <= most;
  };
  ask<history_answered>(get_history{r.channel, {r.limit, std::move(r.since), r.reverse},
                                    in->options.history_size},
                        done, [fits](const history_page& kept) -> answer {
                          if (!fits(kept)) return error_code::limit_exceeded;
                          return to_json(kept);
                        });
}

void api_state::run(history_remove_request& r, const then& done) {
  const auto* in = look_up(r.channel, done);
  if (!in) return;
  if (!in->options.has_history()) return done(error_code::not_available);
  ask<remove_history_answered>(remove_history{r.channel}, done,
                               [](const history_removed&) { return to_json(empty_result{}); });
}

// -- the whole node --------------------------------------------------------------------------------

struct api_state::survey {
  membership in;
  std::shared_ptr<const glob> pattern;
  std::vector<std::unordered_map<std::string, std::size_t>> by_shard;
  std::vector<std::size_t> bytes; // of their names
  std::size_t missing;
  std::size_t max_bytes;
  std::function<void(std::optional<sizes>)> done;

  [[nodiscard]] bool is_too_much() const {
    std::size_t sum = 0;
    for (const auto each : bytes) sum += each;
    return sum > max_bytes;
  }
  void finish() {
    if (is_too_much()) return done(std::nullopt);
    sizes all;
    for (auto& sets : by_shard)
      for (const auto& [set, size] : sets) all[set] += size;
    done(std::move(all));
  }
};

void api_state::list(membership in, std::shared_ptr<const glob> pattern,
                     std::function<void(std::optional<sizes>)> done) {
  const auto count = settings_->shards.size();
  const auto all = std::make_shared<survey>(
    survey{in, std::move(pattern), {}, std::vector<std::size_t>(count), count,
           settings_->options.max_response_bytes, std::move(done)});
  all->by_shard.resize(count);
  for (std::size_t i = 0; i < count; ++i) list_part(all, i, {});
}

void api_state::list_part(const std::shared_ptr<survey>& of, std::size_t shard,
                          const membership_index::part& from) {
  const auto ended = [of] {
    if (--of->missing == 0) of->finish();
  };
  self_->request(settings_->shards[shard], caf::infinite, list_sets{of->in, of->pattern, from})
    .then(
      [this, of, shard, ended](const listed_sets& m) {
        auto& sets = of->by_shard[shard];
        auto& bytes = of->bytes[shard];
        if (m.part.anew) {
          sets.clear();
          bytes = 0;
        }
        for (const auto& [set, size] : m.sets)
          if (sets.insert_or_assign(set, size).second) bytes += set.size() + 32; // JSON around it
        if (m.part.through || of->is_too_much()) ended();
        else list_part(of, shard, m.part);
      },
      [ended](const caf::error&) { ended(); }); // gone, with its connections
}

void api_state::run(channels_request& r, const then& done) {
  std::shared_ptr<const glob> pattern;
  if (!r.pattern.empty()) {
    auto parsed = glob::parse(r.pattern);
    if (!parsed) return done(error_code::internal); // what the API has always said
    pattern = std::make_shared<const glob>(*std::move(parsed));
  }
  list(membership::channel, std::move(pattern), [this, done](const std::optional<sizes>& found) {
    if (!found) return done(error_code::limit_exceeded);
    channels_result result;
    for (const auto& [channel, clients] : *found)
      if (const auto* in = settings_->channels->find(channel); !in || !in->is_of_patterns)
        result.channels.emplace(channel, channel_figures{clients});
    done(to_json(result));
  });
}

std::uint64_t api_state::total(counter loop_counters::* which) const noexcept {
  std::uint64_t sum = 0;
  for (const auto* each : settings_->counters) sum += (each->*which).value();
  return sum;
}

void api_state::run(info_request&, const then& done) {
  list(membership::user, nullptr, [this, done](const std::optional<sizes>& users) {
    if (!users) return done(error_code::limit_exceeded);
    const auto& s = *settings_;
    std::uint64_t named = 0;
    for (const auto& [user, connections] : *users) named += connections;
    node_figures node{s.uid, s.name, s.version};
    node.clients = total(&loop_counters::connections);
    node.users = users->size() + (node.clients > named ? 1 : 0); // the anonymous one
    node.channels = total(&loop_counters::channels_occupied);
    node.subscriptions = total(&loop_counters::subscriptions);
    node.uptime = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(self_->home().now() - s.started).count());
    done(to_json(info_result{{std::move(node)}}));
  });
}

void api_state::run(rpc_request& r, const then& done) {
  if (r.method_name.empty()) return done(error_code::bad_request);
  hooks::method_keeper_actor keeper;
  if (const auto& all = settings_->extensions) {
    keeper = all->method(r.method_name, self_->home().index());
    if (!keeper) keeper = all->fallback(self_->home().index());
  }
  if (!keeper) return done(error_code::method_not_found);
  self_->request(keeper, caf::infinite, hooks::call{std::move(r.method_name), std::move(r.params), {}})
    .then(
      [done](const hooks::call_result& m) {
        if (m.error.code != 0) done(failure{m.error.code, m.error.message});
        else done(to_json(rpc_result{m.data}));
      },
      [done](const caf::error& why) {
        done(why == hooks::failure::overloaded ? error_code::too_many_requests
             : why == hooks::failure::gave_up  ? error_code::not_available
                                               : error_code::internal);
      });
}

api_actor::behavior_type api(api_state::pointer self, std::shared_ptr<const api_settings> settings) {
  return self->state.make_behavior(std::move(settings));
}

} // namespace troupe::net::api
