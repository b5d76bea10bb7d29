// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Writes what a server would send to one client, for client_test.mjs to feed to the real one: a
// line for each frame, "<encoding> <step> <frame in hex> [<expected payload in hex>]".
#include "actors/centrifuge/random_edits.hpp"
#include "net/centrifuge/samples.hpp"

#include <troupe/centrifuge/fossil.hpp>

#include <cstdio>

using namespace troupe::net::centrifuge::test;
using namespace std::chrono_literals;

namespace {

/// A JSON string with a random text.
class changing_document {
public:
  std::string next() {
    text_ = random_.edit(text_.empty() ? random_.text(300) : text_);
    return "{\"text\":\"" + troupe::centrifuge::test::to_utf8(text_) + "\"}";
  }

private:
  troupe::centrifuge::test::random_edits random_{7};
  std::u32string text_;
};

struct script {
  const codec& format;
  std::string name;

  template <class Message>
  void line(const char* step, const Message& message, std::string_view expected = {}) const {
    std::printf("%s %s %s %s\n", name.c_str(), step, to_hex(*format.encode(message)).c_str(),
                to_hex(expected).c_str());
  }

  void play() const {
    connect_result connect;
    connect.client = "c1";
    connect.version = "0";
    connect.ping = 25s;
    connect.pong = true;
    line("connect", reply{1, connect});

    changing_document document;
    std::vector<publication_ptr> stream;
    for (std::uint64_t offset = 1; offset <= 400; ++offset)
      stream.push_back(published(document.next(), offset));

    // The first five are recovered, the rest is live. All but the first as deltas, where smaller.
    subscribe_result subscribe;
    subscribe.positioned = subscribe.recoverable = subscribe.delta = true;
    subscribe.was_recovering = subscribe.recovered = true;
    subscribe.position = {0, "e"};
    publication_ptr previous;
    for (std::size_t i = 0; i < 5; ++i) {
      subscribe.publications.push_back(delta_rendition(previous, stream[i]));
      previous = stream[i];
    }
    line("subscribe", reply{2, subscribe});
    for (std::size_t i = 0; i < 5; ++i)
      line("expect", reply{0, publish_result{}}, stream[i]->data.bytes);
    for (std::size_t i = 5; i < stream.size(); ++i) {
      line("publication", push{"doc", delta_rendition(previous, stream[i])}, stream[i]->data.bytes);
      previous = stream[i];
    }

    const client_info ann{"42", "c1", json_payload(R"({"name":"Ann"})"), {}};
    line("join", push{"doc", join_push{ann}});
    line("leave", push{"doc", leave_push{ann}});
    line("message", push{"", message_push{json_payload("[1]")}}, "[1]");
    line("reply", reply{3, history_result{{published(R"({"n":3})", 3)}, {3, "e"}}});
    line("reply", reply{4, presence_result{{{"c1", ann}}}});
    line("reply", reply{5, presence_stats_result{2, 1}});
    line("reply", reply{6, rpc_result{json_payload("2")}});
    line("reply", reply{7, publish_result{}});
    line("reply", reply{8, error_result(error_code::permission_denied)});
    line("unsubscribe", push{"doc", unsubscribe_push{unsubscribe_code::server_unsubscribe}});
  }
};

} // namespace

int main() {
  script{json(), "json"}.play();
  script{protobuf(), "protobuf"}.play();
}
