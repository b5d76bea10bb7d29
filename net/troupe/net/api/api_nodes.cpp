// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Methods of the API that are about all nodes: each answers for its own connections, and one answer is made of all.
#include <troupe/net/api/api.hpp>

#include <troupe/net/api/node_text.hpp>
#include <troupe/net/api/reader.hpp>

#include <algorithm>
#include <utility>

namespace troupe::net::api {

using namespace troupe::cluster;

namespace {

/// What other nodes would say, too.
bool is_wrong_anywhere(const answer& here) {
  const auto* why = std::get_if<failure>(&here);
  return why && why->code != static_cast<std::uint32_t>(error_code::internal);
}

/// Where a page goes on: "UID/CURSOR-OF-THAT-NODE".
struct node_cursor {
  std::string uid;
  std::string rest;

  explicit node_cursor(const std::string& text) : uid(text.substr(0, text.find('/'))) {
    if (const auto slash = text.find('/'); slash != text.npos) rest = text.substr(slash + 1);
  }
};

} // namespace

void api_state::begin(command& what, const then& done) {
  std::visit(
    [&]<class Request>(Request& r) {
      if constexpr (is_about_nodes<Request>) {
        if (settings_->engine) return begin_everywhere(r, done);
      }
      run(r, done);
    },
    what);
}

template <class Request>
void api_state::begin_everywhere(Request& r, const then& done) {
  auto body = request_text(r); // before it is taken apart
  run(r, [this, body = std::move(body), done](const answer& here) {
    if (is_wrong_anywhere(here)) return done(here);
    self_->request(settings_->engine, caf::infinite, ask_nodes{{std::string{Request::method}, body}})
      .then(
        [here, done, most = settings_->options.max_response_bytes](const nodes_said& m) {
          std::vector<answer> said{here};
          for (const auto& each : m.answers) said.push_back(answer_of(each.body));
          if (m.missing != 0) said.emplace_back(error_code::internal); // it may be on its way out
          auto all = merged(Request::method, said);
          const auto* text = std::get_if<std::string>(&all);
          done(text && text->size() > most ? answer{error_code::limit_exceeded} : std::move(all));
        },
        [done](const caf::error&) { done(error_code::internal); });
  });
}

void api_state::begin_everywhere(connections_request& r, const then& done) {
  const node_cursor at{r.cursor};
  self_->request(settings_->engine, caf::infinite, list_nodes{})
    .then(
      [this, r, at, done](const listed_nodes& m) {
        std::vector<std::string> uids;
        for (const auto& n : m.nodes)
          if (n.met) uids.push_back(n.uid);
        std::ranges::sort(uids); // the same on each node
        auto now = at.uid.empty() ? uids.begin() : std::ranges::lower_bound(uids, at.uid);
        if (now == uids.end()) return done(to_json(connections_result{}));
        auto part = r;
        part.cursor = *now == at.uid ? at.rest : std::string{}; // that node is gone: the one behind it
        page_of_node(*now, now + 1 == uids.end() ? std::string{} : *(now + 1), std::move(part), done);
      },
      [done](const caf::error&) { done(error_code::internal); });
}

void api_state::page_of_node(const std::string& uid, const std::string& next, connections_request r, const then& done) {
  const auto told = [uid, next, done](const answer& said) {
    const auto* text = std::get_if<std::string>(&said);
    done(text ? answer{with_cursor_of_node(*text, uid, next)} : said);
  };
  if (uid == settings_->uid) return run(r, told);
  self_->request(settings_->engine, caf::infinite, ask_nodes{{std::string{r.method}, request_text(r)}, uid})
    .then([told](const nodes_said& m) { told(m.answers.empty() ? answer{error_code::internal} : answer_of(m.answers.front().body)); },
          [told](const caf::error&) { told(error_code::internal); });
}

caf::typed_response_promise<node_answer> api_state::on_node_call(const node_call& m) {
  auto promise = self_->make_response_promise<node_answer>();
  auto parsed = is_method(m.method) ? read_request(m.method, m.body) : std::nullopt;
  auto* asked = parsed ? std::get_if<command>(&*parsed) : nullptr;
  if (!asked) return promise.deliver(node_answer{enveloped(error_code::bad_request)});
  std::visit(
    [&]<class Request>(Request& r) {
      const then told = [to = promise](const answer& what) mutable { to.deliver(node_answer{enveloped(what)}); };
      if constexpr (is_about_nodes<Request>) run(r, told);
      else told(error_code::method_not_found);
    },
    *asked);
  return promise;
}

} // namespace troupe::net::api
