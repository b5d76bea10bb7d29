// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Namespaces whose actor has a say, on several nodes.
#include "cluster_world.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace troupe::cluster::test;

namespace {

// What the actor of one node saw and says.
struct diary {
  strings seen;
  hooks::admission admission;
  hooks::ruling ruling;
};

hooks::namespace_actor::behavior_type scripted(hooks::namespace_actor::pointer, const hooks::birth&,
                                               const std::shared_ptr<diary>& book) {
  return {
    [=](const hooks::subscribe& m) {
      book->seen.push_back("subscribe " + m.from.client);
      return book->admission;
    },
    [=](const hooks::publish& m) {
      book->seen.push_back("publish " + m.from.client);
      return book->ruling;
    },
    [=](const hooks::read_channel&) {
      book->seen.emplace_back("read");
      return hooks::view{};
    },
    [=](const hooks::entered& m) { book->seen.push_back("entered " + m.who.client); },
    [=](const hooks::left& m) { book->seen.push_back("left " + m.who.client); },
  };
}

struct hooked {
  hooked() : w({.channels = full(), .extensions = [this](std::size_t at) {
      return hooks::extensions{.namespaces = {{.name = "", .actor = hooks::on_loop(scripted, books[at])}}};
    }}) {}

  static channel_options full() {
    auto o = with_history();
    o.presence = true;
    return o;
  }
  publish_answer publish_as(const fan& f, std::size_t at, const std::string& channel) {
    auto m = centrifuge::test::world::text(channel, "1");
    m.info = f->info;
    return w.asked<publish_answered>(at, std::move(m));
  }

  std::vector<std::shared_ptr<diary>> books{std::make_shared<diary>(), std::make_shared<diary>()};
  cluster_world w;
};

const std::string ann = "6f1c2f6e-8a53-4b0e-9d0e-3b9a4f1c2d77";

} // namespace

TEST_CASE_METHOD(hooked, "cluster: the namespace's actor of the channel's node has the say about clients of all nodes",
                 "[actors][cluster][hooks]") {
  const auto c = w.channel_of(1);
  books[1]->admission = {.data = {"welcome", true}, .info = {"moderator", true}};
  const auto f = w.subscribed(ann, 0, c);
  CHECK(f.result().data.bytes == "welcome");
  const auto present = std::get<presence_result>(w.asked<presence_answered>(0, get_presence{c}));
  CHECK(present.clients.at(ann).chan_info.bytes == "moderator");
  books[1]->ruling = hooks::ruling::refuse(error_code::permission_denied);
  CHECK(publish_as(f, 0, c) == publish_answer{error_code::permission_denied});
  caf::anon_send_exit(f.who, caf::exit_reason::kill);
  w.run();
  CHECK(books[1]->seen == strings{"subscribe " + ann, "entered " + ann, "read", "publish " + ann, "left " + ann});
  CHECK(books[0]->seen.empty());
}

TEST_CASE_METHOD(hooked, "cluster: it closes a client of another node", "[actors][cluster][hooks]") {
  const auto c = w.channel_of(1);
  const auto f = w.subscribed(ann, 0, c);
  books[1]->ruling.close = close_status::of(close_reason::kicked);
  publish_as(f, 0, c);
  CHECK(f->closed == close_reason::kicked);
}
