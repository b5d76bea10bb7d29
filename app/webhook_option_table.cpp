// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
#include "app/option_builders.hpp"
#include "app/option_tables.hpp"

#include <troupe/net/web/address.hpp>

#include <iterator>

namespace troupe::app {

using namespace std::chrono_literals;

namespace {

constexpr auto url = "an http or https URL";
constexpr auto secret_text = "a text without zero bytes";

bool is_url_or_empty(const std::string& value) { return value.empty() || net::web::is_endpoint(value); }

bool is_subject(std::string_view value) {
  return std::ranges::find(net::events::event_subjects, value) != std::end(net::events::event_subjects);
}

bool is_status_rule(std::string_view value) { return net::webhooks::parse_status_rule(value).has_value(); }

} // namespace

std::vector<option> webhook_option_table() {
  return {
      text("webhook.connect", TROUPE_FIELD(server.webhook.connect), url, is_url_or_empty,
           "What is asked about clients that connect without a token; none: nobody is."),
      text("webhook.refresh", TROUPE_FIELD(server.webhook.refresh), url, is_url_or_empty,
           "What is asked about clients whose time is over, instead of asking them for a token."),
      text("webhook.subscribe", TROUPE_FIELD(server.webhook.subscribe), url, is_url_or_empty,
           "What is asked about subscriptions in namespaces with subscribe_proxy_enabled."),
      text("webhook.publish", TROUPE_FIELD(server.webhook.publish), url, is_url_or_empty,
           "What is asked about publications in namespaces with publish_proxy_enabled."),
      text("webhook.sub_refresh", TROUPE_FIELD(server.webhook.sub_refresh), url, is_url_or_empty,
           "What is asked about subscriptions whose time is over, in namespaces with "
           "sub_refresh_proxy_enabled."),
      text("webhook.rpc", TROUPE_FIELD(server.webhook.rpc), url, is_url_or_empty,
           "What answers calls of methods that no actor has."),
      duration("webhook.timeout", TROUPE_FIELD(server.webhook.timeout), {10ms, 60s},
               "A webhook that has not answered by then counts as failed."),
      list("webhook.http_headers", TROUPE_FIELD(server.webhook.http_headers), "names of headers",
           net::webhooks::is_header_name, "Headers of a client's upgrade request that webhooks get."),
      list("webhook.emulated_headers", TROUPE_FIELD(server.webhook.emulated_headers), "names of headers",
           net::webhooks::is_header_name,
           "Headers in a client's connect command that webhooks get; clients choose their values."),
      secret(list("webhook.static_headers", TROUPE_FIELD(server.webhook.static_headers),
                  "headers such as X-Api-Key: key, without commas", net::webhooks::is_header_line,
                  "Headers that webhooks get.")),
      list("webhook.status_codes", TROUPE_FIELD(server.webhook.status_codes),
           "rules such as 404=404:not found, with 400 to 1999 for an error or 4000 to 4999 for a close",
           is_status_rule, "What a webhook's status other than 200 means for the client; else error 100."),
      boolean("webhook.binary_encoding", TROUPE_FIELD(server.webhook.binary_encoding),
              "Whether payloads travel in Base64, as b64data and b64info."),
      boolean("webhook.include_connection_meta", TROUPE_FIELD(server.webhook.include_connection_meta),
              "Whether webhooks get the meta of a client's token or connect webhook."),
      integer("webhook.max_open", TROUPE_FIELD(server.webhook.max_open), "requests", {1, 10'000},
              "Requests under way to one server at once; the rest waits."),
      integer("webhook.max_waiting", TROUPE_FIELD(server.webhook.max_waiting), "requests", any_count,
              "Requests that wait for one of those to end; more fail at once."),
      integer("webhook.breaker_failures", TROUPE_FIELD(server.webhook.breaker_failures), "failures", any_count,
              "After so many in a row a webhook is not asked for a while; 0 is never."),
      duration("webhook.breaker_pause", TROUPE_FIELD(server.webhook.breaker_pause), {100ms, 10min},
               "That while; then one request tries it."),

      text("events.endpoint", TROUPE_FIELD(server.events.endpoint), url, is_url_or_empty,
           "Where events are posted to: connections and channels that come and go; none turns them off."),
      secret(text("events.secret", TROUPE_FIELD(server.events.secret), secret_text, is_path,
                  "What deliveries of events are signed with.")),
      secret(text("events.previous_secret", TROUPE_FIELD(server.events.previous_secret), secret_text, is_path,
                  "A second signature is made with it while receivers change over; none: it is not.")),
      text("events.directory", TROUPE_FIELD(server.events.directory), "a path", is_path,
           "Folder of the journal, which keeps events until they are delivered; this server's alone."),
      list("events.about", TROUPE_FIELD(server.events.about), "some of connections, channels, members",
           is_subject, "What events are about; none: all of it."),
      duration("events.timeout", TROUPE_FIELD(server.events.timeout), {100ms, 10min},
               "A delivery that is not answered by then is repeated."),
      integer("events.batch_events", TROUPE_FIELD(server.events.batch_events), "events", {1, 10'000},
              "Events in one delivery."),
      size("events.batch_bytes", TROUPE_FIELD(server.events.batch_bytes), {1u << 10, 64u << 20},
           "Size of one delivery, unless a single event is longer."),
      duration("events.retry_first", TROUPE_FIELD(server.events.retry_first), {10ms, 10min},
               "Pause after a delivery that failed; it doubles from one to the next."),
      duration("events.retry_max", TROUPE_FIELD(server.events.retry_max), {10ms, 24h},
               "The longest such pause."),
      size("events.journal_max_bytes", TROUPE_FIELD(server.events.journal_max_bytes), {1u << 20, 1ull << 40},
           "Size of the journal; at the limit the oldest events are lost and counted."),
      duration("events.sync_interval", TROUPE_FIELD(server.events.sync_interval), {0ms, 1min},
               "Events are on the disk's medium so long after they were written; 0: before they count."),
  };
}

} // namespace troupe::app
