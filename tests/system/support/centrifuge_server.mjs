// The real server with channels configured as the tests of the Centrifuge protocol need them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server } from "./server.mjs";

/** Everybody in these tests is anonymous, so whatever is allowed is allowed to anonymous users. */
const anonymous = {
  allow_subscribe_for_client: true,
  allow_subscribe_for_anonymous: true,
  allow_publish_for_anonymous: true,
  allow_presence_for_anonymous: true,
  allow_history_for_anonymous: true,
};
const stream = { ...anonymous, history_size: 10, history_ttl: "60s", force_recovery: true, allow_publish_for_client: true };
const presence = { ...anonymous, presence: true, join_leave: true, allow_presence_for_subscriber: true };

export const namespaces = {
  pub: { ...anonymous, allow_publish_for_subscriber: true },
  hist: { ...stream, allow_history_for_subscriber: true },
  long: { ...stream, history_size: 20_000 }, // for those that miss much
  cache: { ...stream, history_size: 1, force_recovery_mode: "cache" },
  pres: { ...presence, force_push_join_leave: true },
  quiet: presence, // join and leave only to those that ask
  delta: { ...stream, history_size: 100, allowed_delta_types: ["fossil"], delta_publish: true },
  tags: { ...stream, allow_tags_filter: true },
  user: { allow_user_limited_channels: true },
  wild: { ...stream, allow_wildcards: true },
  priv: {},
};

/** A namespace whose history is on disk, for `added`. */
export const kept = { ...stream, history_size: 20_000, history_ttl: "1h", history_persistent: true };

/** Of the server API, which is on the administration port. */
export const apiKey = "k";

/** Sections as the configuration file has them; a test replaces what it needs. */
export function config({
  console = {}, client = {}, token = {}, subscriptionToken = {}, websocket = {}, limit = {}, rate = {}, proxy = {},
  outbox = {}, api = {}, drain = {}, events = {}, history = {}, log = {}, webhook = {}, tls = {}, heartbeat = {},
  engine = {}, nats = {}, httpStream = {}, sse = {},
  withoutNamespace = {}, added = {},
} = {}) {
  const assignments = (values) => Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return [
    "[websocket]", ...assignments({ allowed_origins: ["http://ok.example"], ...websocket }),
    "[limit]", ...assignments(limit),
    "[rate]", ...assignments(rate),
    "[proxy]", ...assignments(proxy),
    "[outbox]", ...assignments(outbox),
    "[drain]", ...assignments(drain),
    "[events]", ...assignments(events),
    "[history]", ...assignments(history),
    "[heartbeat]", ...assignments(heartbeat),
    "[tls]", ...assignments(tls),
    "[webhook]", ...assignments(webhook),
    "[log]", ...assignments(log),
    "[engine]", ...assignments(engine),
    "[nats]", ...assignments(nats),
    "[http_stream]", ...assignments(httpStream),
    "[sse]", ...assignments(sse),
    "[api]", ...assignments({ key: apiKey, ...api }),
    "[console]", ...assignments(console),
    "[client]", ...assignments({ allow_anonymous_connect_without_token: true, ...client }),
    "[client.token]", ...assignments(token),
    "[client.subscription_token]", ...assignments(subscriptionToken),
    "[channel.without_namespace]", ...assignments(withoutNamespace),
    ...Object.entries({ ...namespaces, ...added }).flatMap(([name, options]) => [
      "[[channel.namespaces]]", ...assignments({ name, ...options }),
    ]),
  ].join("\n") + "\n";
}

/** Starts the server with `config(sections)`, in its `configFile`, and `flags`; it ends with the test `t`. */
export async function startCentrifuge(t, sections, ...flags) {
  const folder = mkdtempSync(join(tmpdir(), "troupe-centrifuge-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "troupe.toml");
  writeFileSync(path, config(sections));
  const server = await Server.start(t, "--config", path, ...flags);
  server.configFile = path;
  return server;
}

export const endpoint = "/connection/websocket";
