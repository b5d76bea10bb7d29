// BACKEND: what an application server would do, in the same process: clients call methods, and an actor
// decides who may subscribe to what.
//
//   backend [PORT]
#include <troupe/server.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <thread>

namespace {

using namespace troupe;
using centrifuge::error_code;

// snippet: methods
/// sum: [1,2,3] gives 6.
hooks::method_actor::behavior_type sum(hooks::method_actor::pointer) {
  return {[](const hooks::call& m) {
    const auto in = nlohmann::json::parse(m.data.bytes, nullptr, false);
    double total = 0;
    if (!in.is_array()) return hooks::call_result::fail(error_code::bad_request);
    for (const auto& item : in) {
      if (!item.is_number()) return hooks::call_result::fail(400, "not a number");
      total += item.get<double>();
    }
    return hooks::call_result::of(payload_of(nlohmann::json(total).dump()));
  }};
}

/// report: takes its time, as a database would. On a thread of its own, so it holds nobody up.
hooks::method_actor::behavior_type report(hooks::method_actor::pointer) {
  return {[](const hooks::call& m) {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    return hooks::call_result::of(payload_of(nlohmann::json{{"for", m.from.client}}.dump()));
  }};
}

/// What clients `send` has no answer.
hooks::method_actor::behavior_type inbox(hooks::method_actor::pointer) {
  return {[](const hooks::call& m) {
    if (m.data.bytes == R"("logout")") return hooks::call_result::bye(4501, "logged out");
    return hooks::call_result{};
  }};
}
// end

// snippet: door
/// Lets in who knows the password: subscribe with data {"password":"friend"}.
hooks::namespace_actor::behavior_type door(hooks::namespace_actor::pointer) {
  return {
    [](const hooks::subscribe& m) {
      const auto in = nlohmann::json::parse(m.data.bytes, nullptr, false);
      if (!in.is_object() || in.value("password", "") != "friend")
        return hooks::admission::refuse(error_code::permission_denied);
      return hooks::admission::granted(payload_of(R"({"level":1})"));
    },
    [](const hooks::publish&) { return hooks::ruling::as_it_is(); },
    [](const hooks::read_channel&) { return hooks::view::as_it_is(); },
    [](const hooks::entered&) {},
    [](const hooks::left&) {},
  };
}
// end

} // namespace

int main(int argc, char** argv) {
  centrifuge::channel_options vip;
  vip.allow_subscribe_for_client = vip.allow_subscribe_for_anonymous = true;
  vip.allow_publish_for_subscriber = vip.allow_publish_for_anonymous = true;
  net::server_options options;
  options.listen.port = port_argument(argc, argv);
  options.client.allow_anonymous_connect_without_token = true;
  options.channels.namespaces = {{"vip", vip}};
  return serve(options, {.methods = {{.name = "sum", .actor = hooks::on_loop(sum)},
                                     {.name = "report", .actor = hooks::on_own_thread(report)},
                                     {.name = "", .actor = hooks::on_loop(inbox)}},
                         .namespaces = {{.name = "vip", .actor = hooks::on_scheduler(door)}}});
}
