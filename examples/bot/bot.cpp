// BOT: an actor that takes part in a channel: it greets who comes, and answers questions. It is an ordinary
// CAF actor; it could sit in any program that holds the server's handles.
//
//   bot [PORT]
#include <troupe/server.hpp>

#include <caf/send.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <string>

namespace {

using namespace troupe;

constexpr const char* lobby = "lobby:main";

// snippet: bot
struct bot_state {
  std::size_t questions = 0;
};

hooks::namespace_actor::behavior_type
bot(hooks::namespace_actor::stateful_pointer<bot_state> self, const hooks::birth& born) {
  // A successor goes on counting where the one before it failed.
  if (const auto* before = std::any_cast<std::size_t>(&born.state)) self->state.questions = *before;
  const auto say = [born](std::string text) {
    caf::anon_send(born.channels.of(lobby),
                   centrifuge::publish_channel{.channel = lobby,
                                               .data = payload_of(std::move(text)),
                                               .info = centrifuge::client_info{.user = "bot"}});
  };
  return {
    [](const hooks::subscribe&) { return hooks::admission::granted(); },
    [self, born, say](const hooks::publish& m) {
      if (m.from.user == "bot") return hooks::ruling::as_it_is(); // it hears itself
      if (m.data.bytes == R"("!crash")") throw std::runtime_error{"told to"};
      if (m.data.bytes != R"("!time")") return hooks::ruling::as_it_is();
      self->send(born.keeper, hooks::hand_over{++self->state.questions});
      const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
      say(fmt::format(R"("it is {:%H:%M:%S}, question {}")", now, self->state.questions));
      return hooks::ruling::done(); // the question itself is not published
    },
    [](const hooks::read_channel&) { return hooks::view::as_it_is(); },
    [say](const hooks::entered&) { say(R"("hello!")"); },
    [](const hooks::left&) {},
  };
}
// end

} // namespace

int main(int argc, char** argv) {
  centrifuge::channel_options open;
  open.allow_subscribe_for_client = open.allow_subscribe_for_anonymous = true;
  open.allow_publish_for_subscriber = open.allow_publish_for_anonymous = true;
  net::server_options options;
  options.listen.port = port_argument(argc, argv);
  options.client.allow_anonymous_connect_without_token = true;
  options.channels.namespaces = {{"lobby", open}};
  return serve(options, {.namespaces = {{.name = "lobby", .actor = hooks::on_scheduler(bot)}}});
}
