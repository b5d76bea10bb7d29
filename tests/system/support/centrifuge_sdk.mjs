// The JavaScript client of the Centrifuge protocol, npm's centrifuge, in both of its builds.
import { Centrifuge } from "centrifuge";
import { Centrifuge as ProtobufCentrifuge } from "centrifuge/build/protobuf";
import WebSocket from "ws";
import { endpoint } from "./centrifuge_server.mjs";
import { within } from "./time.mjs";

/** `pack` makes of a JSON value what the build publishes, `unpack` takes it out of what it received. */
export const builds = [
  { name: "json", Client: Centrifuge, pack: (value) => value, unpack: (data) => data },
  {
    name: "protobuf",
    Client: ProtobufCentrifuge,
    pack: (value) => new TextEncoder().encode(JSON.stringify(value)),
    unpack: (data) => JSON.parse(new TextDecoder().decode(data)),
  },
];

/** Resolves with the context of the next `name` event. */
export function next(emitter, name, ms = 10_000) {
  return within(ms, `the event ${name}`, new Promise((resolve) => emitter.once(name, resolve)));
}

/** The contexts of all `name` events from now on, as they come. */
export function collect(emitter, name) {
  const events = [];
  emitter.on(name, (context) => events.push(context));
  return events;
}

/** A client that is connected; it ends with the test `t`. */
export async function connectSdk(t, build, port, options = {}) {
  const client = new build.Client(`ws://127.0.0.1:${port}${endpoint}`,
    { websocket: WebSocket, minReconnectDelay: 1, maxReconnectDelay: 20, ...options });
  t.after(() => client.disconnect());
  const connected = next(client, "connected");
  client.connect();
  client.session = await connected; // what the server told: client, transport, version
  return client;
}

/** A subscription that is active. */
export async function subscribeSdk(client, channel, options = {}, prepare = () => {}) {
  const subscription = client.newSubscription(channel, options);
  prepare(subscription);
  const subscribed = next(subscription, "subscribed");
  subscription.subscribe();
  subscription.told = await subscribed;
  return subscription;
}
