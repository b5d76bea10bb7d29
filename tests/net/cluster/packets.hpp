// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// One of each kind of packet, with all that it can hold. Also the seeds of its fuzz target.
#pragma once
#include <troupe/cluster/packet.hpp>

#include <memory>
#include <string>
#include <vector>

namespace troupe::net::cluster::test {

inline std::vector<troupe::cluster::content> one_of_each() {
  using namespace troupe::centrifuge;
  using namespace troupe::cluster;
  const payload json{R"({"a":1})", true}, binary{"\xff\0x", false};
  const client_info who{"user \xff", "6f1c2f6e-8a53-4b0e-9d0e-3b9a4f1c2d77", json, binary};
  const tag_map tags{{"k", "v"}, {"", "\xff"}};
  const auto kept = std::make_shared<const publication>(publication{json, who, 7, "epoch", tags});
  const auto loose = std::make_shared<const publication>(publication{binary, std::nullopt, 0, {}, {}});
  const connection_handle handle{3, 65'535, 4'000'000'000};
  const auto text = frame::encode(opcode::text, "text"), bytes = frame::encode(opcode::binary, std::string(70'000, 'b'));
  const broadcast message{target::group("g"), text, {}, overflow::latest_per_key, "key"};
  const broadcast joined{target::connection(*client_id::parse(who.client)), frame::join(std::vector{text, bytes}), {}, overflow::drop_newest, {}};
  const broadcast raw{target::everyone(), frame::raw("\x81\x01x"), {}, overflow::disconnect, {}};
  subscribe_result granted;
  granted.positioned = granted.recoverable = granted.was_recovering = granted.recovered = true;
  granted.position = {9, "epoch"};
  granted.publications = {{kept, payload_form::plain, {}, {}}, {loose, payload_form::plain, {}, {}}};
  granted.data = json;
  subscribe_channel subscribe{.channel = "news:a", .where = {}, .info = who, .features = {true, true, true}};
  subscribe.overrides = {true, false, true, false, true};
  subscribe.recover = stream_position{5, "epoch"};
  subscribe.reject_unrecovered = true;
  subscribe.data = json;
  subscribe.reply_data = binary;
  publish_channel publish{.channel = "news:a", .data = binary, .info = who, .tags = tags, .exclude = handle, .key = "key"};
  publish.skip_history = publish.delta = true;
  publish.idempotency_key = "once";
  publish.version = 12;
  publish.version_epoch = "v";
  return {greeting{"host_8000", "1.2.3", true}, no_answer{}, subscribe, subscribe_answered{granted},
          subscribe_answered{error_code::permission_denied}, unsubscribe_channel{"news:a", who.client}, unsubscribed{},
          publish, publish_answered{stream_position{7, "epoch"}}, publish_answered{error_code::too_many_requests},
          get_presence{"p"}, presence_answered{presence_result{{{who.client, who}}}}, presence_answered{error_code::not_available},
          get_presence_stats{"p"}, presence_stats_answered{presence_stats_result{4, 3}},
          get_history{"h", {-1, stream_position{3, "e"}, true}, 100}, history_answered{history_page{{kept}, {7, "epoch"}}},
          history_answered{error_code::unrecoverable_position}, remove_history{"h"}, remove_history_answered{history_removed{}},
          remove_history_answered{error_code::not_available}, distant_watch{"a.*", watch_pattern::action::end}, watching{},
          distant_confirm{message}, change_membership{target::user("u"), change_membership::action::remove, membership::label, "l"},
          close_connections{target::label("l"), close_status::of(close_reason::kicked), closing::cut}, receipt{3, 2, 1},
          node_call{"info", "{}"}, node_answer{R"({"result":{}})"},
          distant_event{"news:a", channel_event::kind::published, kept, {{}, "key", true, handle}},
          distant_event{"news:a", channel_event::kind::joined, nullptr, {who}},
          distant_event{"news:a", channel_event::kind::lost, nullptr, {}, unsubscribe_code::server_unsubscribe},
          distant_match{"a.*", "a.b", loose, "key"}, distant_broadcasts{{message, joined, raw}},
          close_elsewhere{who.client, close_status::of(close_reason::kicked)},
          adopt_stream{"news:a", {{7, "epoch"}, {kept}, std::chrono::milliseconds{1'500}, {12, "v"},
                                  {{"once", 7, std::chrono::milliseconds{2'000}}, {"\xff", 0, {}}}}, true, false},
          adopt_stream{"news:a", {{7, "epoch"}, {kept}, {}, {}, {}}, false, true},
          stream_adopted{stream_adopted::outcome::refused}, want_stream{"news:a"}, stream_sought{true}, handed_over{true, true},
          abandon_channel{"news:a"}};
}

} // namespace troupe::net::cluster::test
