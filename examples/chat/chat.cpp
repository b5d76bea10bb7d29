// CHAT: rooms with history and presence. Clients are of the Centrifuge protocol, rooms are the channels
// room:NAME. The actor of the namespace greets who comes and keeps bad words out.
//
//   chat [PORT]
#include <troupe/server.hpp>

#include <caf/send.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <string>

#include "chat_page.hpp"

namespace {

using namespace troupe;
using centrifuge::error_code;

// snippet: state
struct room_state {
  std::map<std::string, std::size_t> guests; // by channel
};

using room_pointer = hooks::namespace_actor::stateful_pointer<room_state>;

/// What everyone in a room is told.
void say(const hooks::birth& born, const std::string& channel, const nlohmann::json& what) {
  caf::anon_send(born.channels.of(channel),
                 centrifuge::publish_channel{.channel = channel, .data = payload_of(what.dump())});
}
// end

// snippet: actor
hooks::namespace_actor::behavior_type rooms(room_pointer self, const hooks::birth& born) {
  for (const auto& m : born.members) ++self->state.guests[m.channel];
  return {
    [](const hooks::subscribe&) { return hooks::admission::granted(payload_of(R"({"rules":"be kind"})")); },
    [](const hooks::publish& m) {
      const auto said = nlohmann::json::parse(m.data.bytes, nullptr, false);
      if (!said.is_object() || !said.contains("text") || !said["text"].is_string())
        return hooks::ruling::refuse(error_code::bad_request);
      if (said["text"].get_ref<const std::string&>().find("badword") != std::string::npos)
        return hooks::ruling::refuse(error_code::permission_denied);
      return hooks::ruling::as_it_is();
    },
    [](const hooks::read_channel&) { return hooks::view::as_it_is(); },
    [self, born](const hooks::entered& m) {
      say(born, m.channel, {{"guests", ++self->state.guests[m.channel]}});
    },
    [self, born](const hooks::left& m) {
      auto& guests = self->state.guests[m.channel];
      say(born, m.channel, {{"guests", --guests}});
      if (guests == 0) self->state.guests.erase(m.channel);
    },
  };
}
// end

/// Anybody may do anything in the rooms; who asks for it gets the last 50 messages of 10 minutes.
centrifuge::channel_options open_rooms() {
  centrifuge::channel_options o;
  o.history_size = 50;
  o.history_ttl = std::chrono::minutes{10};
  o.presence = o.join_leave = true;
  o.force_recovery = true;
  o.allow_subscribe_for_client = o.allow_subscribe_for_anonymous = true;
  o.allow_publish_for_subscriber = o.allow_publish_for_anonymous = true;
  o.allow_history_for_subscriber = o.allow_history_for_anonymous = true;
  o.allow_presence_for_subscriber = o.allow_presence_for_anonymous = true;
  return o;
}

} // namespace

int main(int argc, char** argv) {
  net::server_options options;
  options.listen.port = port_argument(argc, argv);
  options.client.allow_anonymous_connect_without_token = true;
  options.channels.namespaces = {{"room", open_rooms()}};
  return serve(options, {.namespaces = {{.name = "room", .actor = hooks::on_scheduler(rooms)}}},
               {{"/", "text/html; charset=utf-8", chat_page}});
}
