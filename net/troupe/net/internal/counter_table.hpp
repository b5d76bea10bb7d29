// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// What loops count, under its names: in /debug/totals.json and in /metrics, where Prometheus' customs
// hold (units in the name, "_total" for what only rises).
#pragma once
#include <troupe/counters.hpp>

namespace troupe::net {

struct counter_row {
  const char* name;
  const char* metric;
  counter loop_counters::*value;
  bool is_gauge;
  const char* help;
};

inline constexpr counter_row counter_table[] = {
  {"connections", "troupe_connections", &loop_counters::connections, true,
   "WebSocket connections that are registered now"},
  {"opened", "troupe_connections_opened_total", &loop_counters::opened, false,
   "WebSocket connections registered"},
  {"closed", nullptr, &loop_counters::closed, false, ""}, // by reason in metrics
  {"refused", "troupe_connections_refused_total", &loop_counters::refused, false,
   "Sockets answered 503 or 429 for a limit of connections"},
  {"accept_errors", "troupe_accept_errors_total", &loop_counters::accept_errors, false,
   "Failures to accept, such as for lack of descriptors"},
  {"messages_in", "troupe_messages_received_total", &loop_counters::messages_in, false,
   "Whole messages of clients"},
  {"bytes_in", "troupe_received_bytes_total", &loop_counters::bytes_in, false,
   "Payload of messages of clients"},
  {"broadcasts", "troupe_broadcasts_total", &loop_counters::broadcasts, false,
   "Messages that shards have fanned out, each once per loop"},
  {"broadcasts_refused", "troupe_broadcasts_refused_total", &loop_counters::broadcasts_refused, false,
   "Messages of in-process actors dropped because too many were waiting to be fanned out"},
  {"relays_dropped", "troupe_relays_dropped_total", &loop_counters::relays_dropped, false,
   "Messages that connections of other nodes did not get because too many were on their way there"},
  {"messages_queued", "troupe_messages_queued_total", &loop_counters::messages_queued, false,
   "Messages put into clients' queues"},
  {"messages_dropped", "troupe_messages_dropped_total", &loop_counters::messages_dropped, false,
   "Messages clients did not get, by a policy or because they were closing"},
  {"messages_conflated", "troupe_messages_conflated_total", &loop_counters::messages_conflated, false,
   "Messages replaced by a later one of the same key"},
  {"bytes_out", "troupe_sent_bytes_total", &loop_counters::bytes_out, false,
   "Bytes the kernel has taken for clients"},
  {"queued_bytes", "troupe_queued_bytes", &loop_counters::queued_bytes, true,
   "Bytes in clients' queues now"},
  {"reads_paused", "troupe_reads_paused_total", &loop_counters::reads_paused, false,
   "Times that a client was not read further because its messages were not fanned out yet"},
  {"channels", "troupe_channels", &loop_counters::channels, true, "Channels that are alive"},
  {"channels_occupied", "troupe_channels_occupied", &loop_counters::channels_occupied, true,
   "Channels that have subscribers"},
  {"subscriptions", "troupe_subscriptions", &loop_counters::subscriptions, true,
   "Subscriptions of clients to channels"},
  {"streams_moved", "troupe_streams_moved_total", &loop_counters::streams_moved, false,
   "Histories of channels handed to the nodes they belong to now"},
  {"streams_lost", "troupe_streams_lost_total", &loop_counters::streams_lost, false,
   "Histories of channels that could not be handed over"},
  {"channels_failed", "troupe_channels_failed_total", &loop_counters::channels_failed, false,
   "Channels ended by an error; their subscribers were told"},
  {"channels_refused", "troupe_channels_refused_total", &loop_counters::channels_refused, false,
   "Channels not made because a loop had as many as it may"},
  {"publications", "troupe_publications_total", &loop_counters::publications, false,
   "Publications in channels"},
  {"publications_refused", "troupe_publications_refused_total", &loop_counters::publications_refused,
   false, "Publications refused because too many of their channel were not fanned out yet"},
  {"extension_requests", "troupe_extension_requests_total", &loop_counters::extension_requests, false,
   "Messages, and other requests, for actors of extensions"},
  {"extension_failures", "troupe_extension_failures_total", &loop_counters::extension_failures, false,
   "Of those: lost with an actor that failed, or not answered in time"},
  {"extension_overflows", "troupe_extension_overflows_total", &loop_counters::extension_overflows, false,
   "Of those: beyond what may wait for an actor"},
  {"extension_restarts", "troupe_extension_restarts_total", &loop_counters::extension_restarts, false,
   "Actors of extensions that failed and are started again"},
  {"users", "troupe_users", &loop_counters::users, true, "Users who have an actor of their own"},
  {"users_refused", "troupe_users_refused_total", &loop_counters::users_refused, false,
   "Users who got no actor of their own because there were as many as there may be"},
  {"loop_holds", "troupe_loop_holds_total", &loop_counters::loop_holds, false,
   "Times that an actor held its loop, and so all connections of it, for 10 ms or more"},
};

} // namespace troupe::net
