// The JavaScript client of the Centrifuge protocol, as it is, against the real server: JSON and protobuf builds.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import readline from "node:readline";
import test from "node:test";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { builds, collect, connectSdk, next, subscribeSdk } from "./support/centrifuge_sdk.mjs";
import { Proxy } from "./support/centrifuge_proxy.mjs";
import { endpoint, startCentrifuge } from "./support/centrifuge_server.mjs";
import { eventually, within } from "./support/time.mjs";

const timeout = 60_000;
const child = fileURLToPath(new URL("./support/centrifuge_child.mjs", import.meta.url));

/** The same test for each build. */
function each(title, options, run) {
  for (const build of builds) {
    test(`centrifuge-js ${build.name}: ${title}`, options, async (t) => {
      const server = await startCentrifuge(t, options.sections);
      await run({ t, build, server, connect: (more) => connectSdk(t, build, server.port, more) });
    });
  }
}

each("connects, subscribes, publishes", { timeout }, async ({ build, connect }) => {
  const [alice, bob] = [await connect(), await connect()];
  assert.equal(alice.state, "connected");
  assert.ok(alice.session.client && alice.session.client !== bob.session.client);
  const [sending, receiving] = [await subscribeSdk(alice, "pub:room"), await subscribeSdk(bob, "pub:room")];
  const [own, heard] = [next(sending, "publication"), next(receiving, "publication")];
  await sending.publish(build.pack({ text: "hello, Привет 🙂" }));
  for (const { data, info } of [await own, await heard]) {
    assert.deepEqual(build.unpack(data), { text: "hello, Привет 🙂" });
    assert.equal(info.client, alice.session.client);
  }
});

each("subscribes before it is connected, in one frame with connect", { timeout }, async ({ t, build, server }) => {
  const url = `ws://127.0.0.1:${server.port}${endpoint}`;
  const client = new build.Client(url, { websocket: WebSocket });
  t.after(() => client.disconnect());
  const subscriptions = Array.from({ length: 100 }, (_, index) => client.newSubscription(`pub:early-${index}`));
  const subscribed = subscriptions.map((subscription) => next(subscription, "subscribed"));
  for (const subscription of subscriptions) subscription.subscribe();
  client.connect();
  await Promise.all(subscribed);
});

each("learns what it may not do", { timeout }, async ({ build, connect }) => {
  const client = await connect();
  await assert.rejects(client.publish("pub:closed", build.pack(1)), { code: 103 });
  await assert.rejects(client.presence("pub:closed"), { code: 108 });
  await assert.rejects(client.history("pub:closed", { limit: 1 }), { code: 108 });
  await assert.rejects(client.rpc("method", build.pack(1)), { code: 108 });
  const refused = client.newSubscription("priv:x");
  const ended = next(refused, "unsubscribed");
  refused.subscribe();
  assert.equal((await ended).code, 103);
});

each("unsubscribes, and subscribes again", { timeout }, async ({ build, connect }) => {
  const [publisher, client] = [await connect(), await connect()];
  const source = await subscribeSdk(publisher, "pub:u");
  const subscription = await subscribeSdk(client, "pub:u");
  const heard = collect(subscription, "publication");
  subscription.unsubscribe();
  await source.publish(build.pack("missed"));
  await client.ready();
  const again = next(subscription, "subscribed");
  subscription.subscribe();
  await again;
  await source.publish(build.pack("heard"));
  await eventually("a publication", () => heard.length > 0);
  assert.deepEqual(heard.map(({ data }) => build.unpack(data)), ["heard"]);
});

each("presence, presence stats, join and leave; two tabs of one user are one user", { timeout }, async ({ connect }) => {
  const [a, b] = [await connect(), await connect()];
  let joins, leaves;
  const first = await subscribeSdk(a, "pres:room", {}, (subscription) => {
    joins = collect(subscription, "join");
    leaves = collect(subscription, "leave");
  });
  const second = await subscribeSdk(b, "pres:room");
  const ids = [a, b].map(({ session }) => session.client);
  await eventually("two joins", () => joins.length === 2);
  assert.deepEqual(joins.map(({ info }) => info.client), ids);
  assert.deepEqual(Object.keys((await first.presence()).clients).sort(), [...ids].sort());
  const { numClients, numUsers } = await first.presenceStats();
  assert.deepEqual([numClients, numUsers], [2, 1]);
  second.unsubscribe();
  await eventually("a leave", () => leaves.length > 0);
  assert.deepEqual(leaves.map(({ info }) => info.client), [ids[1]]);
  const after = await first.presenceStats();
  assert.deepEqual([after.numClients, after.numUsers], [1, 1]);
});

each("a process killed by SIGKILL leaves exactly once", { timeout }, async ({ connect, server, t }) => {
  const watcher = await connect();
  let events = [];
  const subscription = await subscribeSdk(watcher, "pres:killed", {}, (it) => {
    it.on("join", ({ info }) => events.push(["join", info.client]));
    it.on("leave", ({ info }) => events.push(["leave", info.client]));
  });
  await eventually("its own join", () => events.length === 1);
  events = [];
  for (let round = 0; round < 3; round++) {
    const victim = spawn(process.execPath, [child, `ws://127.0.0.1:${server.port}${endpoint}`, "pres:killed"],
      { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => victim.kill("SIGKILL"));
    const lines = readline.createInterface({ input: victim.stdout });
    const id = await within(15_000, "the client's id", new Promise((resolve) => lines.once("line", resolve)));
    await eventually("its join", () => events.length === 1);
    victim.kill("SIGKILL");
    await eventually("its leave", () => events.length > 1);
    assert.deepEqual((await subscription.presenceStats()).numClients, 1); // a second leave would be here by now
    assert.deepEqual(events, [["join", id], ["leave", id]]);
    events = [];
  }
});

each("a pattern subscribes to whatever matches, and tells what it was", { timeout }, async ({ build, connect }) => {
  const [publisher, client] = [await connect(), await connect()];
  const patterns = ["wild:floor.*.light", "wild:floor.>", "wild:>"];
  const heard = {};
  for (const pattern of patterns) {
    const { told } = await subscribeSdk(client, pattern, { recoverable: true, joinLeave: true }, (it) => { heard[pattern] = collect(it, "publication"); });
    assert.equal(told.recoverable, false);
  }
  const channels = Array.from({ length: 20 }, (_, index) => `wild:floor.${index}.light`);
  for (const channel of [...channels, "wild:floor.1", "wild:roof", "hist:floor.1.light"]) {
    await publisher.publish(channel, build.pack(channel));
  }
  const expected = {
    "wild:floor.*.light": channels,
    "wild:floor.>": [...channels, "wild:floor.1"],
    "wild:>": [...channels, "wild:floor.1", "wild:roof"],
  };
  for (const pattern of patterns) {
    await eventually(`all that matches ${pattern}`, () => heard[pattern].length >= expected[pattern].length);
    assert.deepEqual(heard[pattern].map(({ data, channel, tags, offset, info }) =>
      [build.unpack(data), channel, tags.channel, offset, info.client]),
    expected[pattern].map((channel) => [channel, pattern, channel, undefined, publisher.session.client]));
  }
  client.getSubscription("wild:>").unsubscribe();
  await publisher.publish("wild:floor.1", build.pack("again"));
  await eventually("one more", () => heard["wild:floor.>"].length === 22);
  assert.equal(heard["wild:>"].length, 22);
  await assert.rejects(client.publish("wild:>", build.pack(1)), { code: 107 });
});

each("history, both ways", { timeout }, async ({ build, connect }) => {
  const client = await connect();
  const subscription = await subscribeSdk(client, "hist:h");
  for (let number = 1; number <= 5; number++) await subscription.publish(build.pack(number));
  const read = async (options) => {
    const { publications, offset } = await subscription.history(options);
    assert.equal(offset, 5);
    return publications.map(({ data }) => build.unpack(data));
  };
  const { epoch } = await subscription.history({ limit: 0 });
  assert.deepEqual(await read({ limit: 2 }), [1, 2]);
  assert.deepEqual(await read({ limit: 2, reverse: true }), [5, 4]);
  assert.deepEqual(await read({ limit: -1, since: { offset: 3, epoch } }), [4, 5]);
  await assert.rejects(subscription.history({ limit: 1, since: { offset: 3, epoch: "other" } }), { code: 112 });
});

each("the first subscription recovers from where it is told", { timeout }, async ({ build, connect }) => {
  const client = await connect();
  for (let number = 1; number <= 3; number++) await client.publish("hist:since", build.pack(number));
  let heard;
  const subscription = await subscribeSdk(client, "hist:since", { since: {} }, (it) => { heard = collect(it, "publication"); });
  assert.deepEqual([subscription.told.wasRecovering, subscription.told.recovered], [true, true]);
  await eventually("what was there", () => heard.length === 3);
  assert.deepEqual(heard.map(({ data, offset }) => [build.unpack(data), offset]), [[1, 1], [2, 2], [3, 3]]);
});

each("check 38: a cache gives its latest publication to a new subscriber", { timeout }, async ({ build, connect }) => {
  const client = await connect();
  for (const value of ["old", "new"]) await client.publish("cache:c", build.pack(value));
  let heard;
  await subscribeSdk(client, "cache:c", { since: {} }, (it) => { heard = collect(it, "publication"); });
  await eventually("the latest", () => heard.length > 0);
  assert.deepEqual(heard.map(({ data }) => build.unpack(data)), ["new"]);
});

// Edits within characters of several bytes: a delta that splits one could not be a JSON string.
const alphabet = ["a", "ж", "з", "€", "₭", "🙂", "🙃", "é", "è"];

function* edits(count) {
  let seed = 1;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const text = Array.from({ length: 200 }, () => alphabet[random(alphabet.length)]);
  for (let version = 0; version < count; version++) {
    text[random(text.length)] = alphabet[random(alphabet.length)];
    yield { version, text: text.join("") };
  }
}

each("checks 43 and 44: deltas decode to what was published, through cuts too", { timeout }, async ({ t, build, server, connect }) => {
  const proxy = await Proxy.start(t, server.port);
  const [publisher, plain] = [await connect(), await connect()];
  const subscriber = await connectSdk(t, build, proxy.port);
  const options = { delta: "fossil" };
  let decoded, whole;
  await subscribeSdk(subscriber, "delta:text", options, (it) => { decoded = collect(it, "publication"); });
  await subscribeSdk(plain, "delta:text", {}, (it) => { whole = collect(it, "publication"); });
  const published = [...edits(300)];
  for (const [index, document] of published.entries()) {
    await publisher.publish("delta:text", build.pack(document));
    if (index % 50 === 25) proxy.cut();
    // History keeps 100.
    await eventually("the subscriber is not far behind", () => index - decoded.length < 90, 20_000);
  }
  for (const heard of [decoded, whole]) {
    await eventually("every publication", () => heard.length >= published.length, 20_000);
    assert.deepEqual(heard.map(({ data }) => build.unpack(data)), published);
  }
});

each("check 36: cut 20 times during 10,000 publications, none is lost and none comes twice", { timeout: 180_000 },
  async ({ t, build, server, connect }) => {
    const proxy = await Proxy.start(t, server.port);
    const publisher = await connect();
    const subscriber = await connectSdk(t, build, proxy.port);
    const states = collect(subscriber, "connecting");
    const got = [];
    let recoveries;
    await subscribeSdk(subscriber, "long:cuts", {}, (it) => {
      it.on("publication", ({ data, offset }) => got.push([build.unpack(data), offset]));
      recoveries = collect(it, "subscribed");
    });
    const count = 10_000;
    const batch = 50;
    for (let first = 1; first <= count; first += batch) {
      const replies = [];
      for (let number = first; number < first + batch; number++) {
        replies.push(publisher.publish("long:cuts", build.pack(number)));
        if (number % 500 === 250) proxy.cut();
      }
      await Promise.all(replies);
      // No more than 300 missed publications are recovered.
      await eventually("the subscriber is not far behind", () => first + batch - got.length < 250, 30_000);
    }
    await eventually("every publication", () => got.length >= count, 30_000);
    assert.deepEqual(got, Array.from({ length: count }, (_, index) => [index + 1, index + 1]));
    assert.ok(states.length >= 10, `${states.length} cuts were felt`);
    const [, ...again] = recoveries;
    assert.ok(again.length > 0 && again.every(({ recovered }) => recovered), "every reconnect recovered");
  });

each("check 52: a graceful stop makes it reconnect", { timeout }, async ({ connect, server }) => {
  const client = await connect();
  const connecting = next(client, "connecting");
  server.signal("SIGTERM");
  assert.equal((await connecting).code, 3001);
  client.disconnect();
  await server.exit();
});
