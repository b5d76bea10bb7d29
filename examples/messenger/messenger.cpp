// MESSENGER: users who write to each other. Each has an actor, which keeps what came lately and hands it to all
// devices of the user, those that come later included.
//
//   messenger [PORT]
#include <troupe/server.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <any>
#include <cstdio>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace {

using namespace troupe;
using centrifuge::error_code;

constexpr std::size_t most_kept = 50;

struct inbox_state {
  static constexpr const char* name = "inbox";
  std::map<client_id, hooks::visitor> devices;
  std::deque<centrifuge::payload> kept;
};

using inbox_pointer = hooks::user_actor::stateful_pointer<inbox_state>;

/// {"to":"bob","text":"hi"} goes to bob's actor, and is answered when bob's actor has it.
caf::result<hooks::call_result> write(inbox_pointer self, const hooks::users& users, const hooks::call& m) {
  const auto in = nlohmann::json::parse(m.data.bytes, nullptr, false);
  if (!in.is_object() || !in.value("to", nlohmann::json{}).is_string())
    return hooks::call_result::fail(error_code::bad_request);
  const auto to = in["to"].get<std::string>();
  const nlohmann::json what{{"from", m.from.user}, {"text", in.value("text", nlohmann::json{})}};
  return self->delegate(users.of(to), hooks::letter{to, payload_of(what.dump()), m.from.user});
}

// snippet: inbox
hooks::user_actor::behavior_type inbox(inbox_pointer self, const hooks::birth& born) {
  auto& [devices, kept] = self->state;
  for (const auto& v : born.present) devices.emplace(v.id, v); // after a failure
  return {
    [self, &devices, &kept](const hooks::opened& m) {
      devices.emplace(m.what.id, m.what);
      for (const auto& letter : kept) hooks::push_to(self, m.what, letter);
    },
    [&devices](const hooks::closed& m) { devices.erase(m.id); },
    [self, born](const hooks::call& m) -> caf::result<hooks::call_result> {
      if (m.method != "write") return hooks::call_result::fail(error_code::method_not_found);
      return write(self, born.users, m);
    },
    [self, &devices, &kept](const hooks::letter& m) {
      kept.push_back(m.data);
      if (kept.size() > most_kept) kept.pop_front();
      for (const auto& [id, device] : devices) hooks::push_to(self, device, m.data);
      return hooks::call_result::of(payload_of(R"({"delivered":true})"));
    },
  };
}
// end

// snippet: audit
struct audit_state {
  std::size_t online = 0;
};

hooks::observer_actor::behavior_type audit(hooks::observer_actor::stateful_pointer<audit_state> self,
                                           const hooks::birth& born) {
  auto& online = self->state.online;
  if (const auto* before = std::any_cast<std::size_t>(&born.state)) online = *before; // after a failure
  const auto say = [self, born, &online](const connection_profile& who, std::string_view what) {
    self->send(born.keeper, hooks::hand_over{online});
    fmt::print(stderr, "{} {}, {} online\n", who.user, what, online);
  };
  return {
    [&online, say](const connection_up& m) {
      ++online;
      say(*m.who, "is here");
    },
    [](const connection_changed&) {},
    [&online, say](const connection_down& m) {
      --online;
      say(*m.who, "is gone: " + to_string(m.how.reason));
    },
    [](const centrifuge::channel_occupied&) {},
    [](const centrifuge::member_joined&) {},
    [](const centrifuge::member_left&) {},
    [](const centrifuge::channel_vacated&) {},
    [](const hooks::missed&) {},
  };
}
// end

} // namespace

int main(int argc, char** argv) {
  net::server_options options;
  options.listen.port = port_argument(argc, argv);
  options.auth.connection.hmac_secret_key = "secret"; // users prove who they are
  return serve(options, {.users = hooks::user_hook{.actor = hooks::on_scheduler(inbox)},
                         .observers = {{.name = "audit", .actor = hooks::on_own_thread(audit)}}});
}
