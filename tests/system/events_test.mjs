// Events of connections and channels, as their receiver gets them: nothing lost and nothing twice, whatever the
// receiver and the server go through.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Peer } from "./support/centrifuge_peer.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { EventBook, Receiver } from "./support/receiver.mjs";
import { Server, request, runToEnd } from "./support/server.mjs";
import { eventually, parallel } from "./support/time.mjs";
import { hmacToken } from "./support/tokens.mjs";

const secret = "a secret of theirs";

async function scratchFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), "troupe-events-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function flags(receiver, folder, ...more) {
  return ["--events-endpoint", receiver.url("/events"), "--events-secret", secret, "--events-directory", folder,
    "--events-retry-first", "50ms", "--events-retry-max", "1s", "--events-timeout", "1s",
    "--client-allow-anonymous-connect-without-token", "true", ...more];
}

/** A receiver that takes everything. */
async function goodReceiver(t, book) {
  return Receiver.start(t, (path, body, headers) => {
    book.take(headers, body);
    return { status: 200 };
  });
}

async function metric(server, name) {
  const { body } = await request(server.adminPort, "/metrics");
  return Number(body.match(new RegExp(`^${name} (\\S+)$`, "m"))[1]);
}

async function settled(server, ms = 60_000) {
  await eventually("all events are delivered", async () => (await metric(server, "troupe_events_waiting")) === 0, ms);
}

/** Types of a client's events, by client. */
function lives(book) {
  const byClient = new Map();
  for (const { client, type } of book.events.filter((event) => event.type.startsWith("connection_")))
    byClient.set(client, [...(byClient.get(client) ?? []), type]);
  return byClient;
}

test("each connection gives one up and one down, with its reason", { timeout: 60_000 }, async (t) => {
  const book = new EventBook(secret);
  const receiver = await goodReceiver(t, book);
  const server = await Server.start(t, ...flags(receiver, await scratchFolder(t)));
  const polite = await server.connect();
  const rude = await server.connect();
  await polite.close();
  rude.reset();
  await server.settle(0);
  await eventually("two ups and two downs", () => book.of("connection_down").length === 2, 20_000);
  assert.equal(book.of("connection_up").length, 2);
  assert.deepEqual(book.of("connection_down").map(({ reason }) => reason).sort(), ["peer_closed", "peer_reset"]);
  for (const event of book.events) {
    assert.equal(event.transport, "websocket");
    assert.equal(event.address, "127.0.0.1");
    assert.ok(Math.abs(Date.now() - event.time) < 60_000);
  }
  assert.equal(book.forged, 0);
});

test("channels are occupied and vacated, members join and leave", { timeout: 60_000 }, async (t) => {
  const book = new EventBook(secret);
  const receiver = await goodReceiver(t, book);
  const folder = await scratchFolder(t);
  const server = await Server.start(t, ...flags(receiver, folder, "--client-insecure", "true",
    "--events-about", "channels,members"));
  const one = await Peer.connected(t, server);
  const other = await Peer.connected(t, server);
  await one.result({ subscribe: { channel: "news" } });
  await other.result({ subscribe: { channel: "news" } });
  await one.result({ unsubscribe: { channel: "news" } });
  other.terminate(); // leaves by its end
  await eventually("the channel is vacated", () => book.of("channel_vacated").length === 1, 20_000);
  assert.deepEqual(book.events.map(({ type, client }) => [type, client]), [
    ["channel_occupied", undefined], ["member_joined", one.id], ["member_joined", other.id],
    ["member_left", one.id], ["member_left", other.id], ["channel_vacated", undefined]]);
  assert.ok(book.events.every(({ channel }) => channel === "news"));
});

test("of each client the up comes first, then what it does in channels, then the down", { timeout: 120_000 }, async (t) => {
  const book = new EventBook(secret);
  const receiver = await goodReceiver(t, book);
  const server = await Server.start(t, ...flags(receiver, await scratchFolder(t), "--client-insecure", "true",
    "--listen-loops", "2"));
  const clients = 400;
  await parallel(clients, 20, async (i) => {
    const peer = await Peer.connected(t, server);
    for (const channel of [`room-${i % 10}`, `own-${i}`, "all"]) await peer.result({ subscribe: { channel } });
    if (i % 3 === 0) await peer.result({ unsubscribe: { channel: "all" } });
    if (i % 2 === 0) peer.sendCommands({ id: 99, subscribe: { channel: "last" } }); // is under way as it ends
    peer.terminate();
  });
  await server.settle(0, 60_000);
  await eventually("all downs", () => book.of("connection_down").length === clients, 30_000);
  await eventually("all lefts", () => book.of("member_left").length === book.of("member_joined").length, 30_000);
  await settled(server);
  const byClient = book.by("client");
  assert.equal(byClient.size, clients);
  for (const events of byClient.values()) {
    assert.equal(events[0].type, "connection_up");
    assert.equal(events.at(-1).type, "connection_down");
    const inside = new Set();
    for (const { type, channel } of events.slice(1, -1)) {
      if (type === "member_joined") assert.ok(!inside.has(channel) && inside.add(channel));
      else assert.ok(type === "member_left" && inside.delete(channel), `${type} ${channel}`);
    }
    assert.equal(inside.size, 0);
    assert.ok(events.length >= 8);
  }
  const members = new Map(); // of channels, as told
  for (const { type, channel } of book.events.filter((event) => event.channel)) {
    const of = members.get(channel) ?? 0;
    if (type === "channel_occupied" || type === "channel_vacated") assert.equal(of, 0);
    else members.set(channel, type === "member_joined" ? of + 1 : of - 1);
  }
});

test("connections of one user are told in the order in which they came and went, on whatever loop", { timeout: 120_000 }, async (t) => {
  const book = new EventBook(secret);
  const receiver = await goodReceiver(t, book);
  const server = await startCentrifuge(t, {
    token: { hmac_secret_key: "secret" }, withoutNamespace: { allow_subscribe_for_client: true },
  }, ...flags(receiver, await scratchFolder(t), "--listen-loops", "2"));
  const [users, visits] = [20, 15];
  await parallel(users, users, async (i) => {
    for (let visit = 0; visit < visits; visit++) {
      const peer = await Peer.open(t, server);
      await peer.result({ connect: { token: hmacToken({ sub: `user-${i}` }) } });
      for (const channel of ["all", `${i}-${visit}`]) await peer.result({ subscribe: { channel } });
      peer.terminate();
      await pause(50); // until the server has seen it
    }
  });
  await server.settle(0, 60_000);
  await eventually("all downs", () => book.of("connection_down").length === users * visits, 30_000);
  await settled(server);
  const byUser = book.by("user");
  assert.equal(byUser.size, users);
  for (const events of byUser.values()) {
    const ends = events.filter(({ type }) => /^connection_/.test(type));
    ends.forEach(({ client, type }, at) => {
      assert.equal(type, at % 2 === 0 ? "connection_up" : "connection_down");
      if (at % 2 === 1) assert.equal(client, ends[at - 1].client);
    });
  }
  const entered = (visit, i) => [["connection_up", undefined], ["member_joined", "all"], ["member_joined", `${i}-${visit}`]];
  for (let i = 0; i < users; i++)
    assert.deepEqual(
      byUser.get(`user-${i}`).filter(({ type }) => /up|joined/.test(type)).map(({ type, channel }) => [type, channel]),
      Array.from({ length: visits }, (_, visit) => entered(visit, i)).flat());
});

test("5,000 clients churn while the receiver fails, stalls and restarts: 0 lost, 0 doubled", { timeout: 300_000 }, async (t) => {
  const book = new EventBook(secret);
  const moods = ["good", "failing", "good", "stalling", "good", "gone", "good", "deaf"];
  let mood = 0;
  const receiver = await Receiver.start(t, (path, body, headers) => {
    if (moods[mood] === "failing") return { status: 503 };
    if (moods[mood] === "stalling") return undefined;
    book.take(headers, body);
    return moods[mood] === "deaf" ? undefined : { status: 200 }; // takes it, and nobody hears so
  });
  const server = await Server.start(t, ...flags(receiver, await scratchFolder(t)));
  let done = false;
  const swings = (async () => {
    while (!done) {
      await new Promise((resolve) => { setTimeout(resolve, 500); });
      if (moods[mood] === "gone") await receiver.listen();
      mood = (mood + 1) % moods.length;
      if (moods[mood] === "gone") await receiver.stop();
    }
    if (moods[mood] === "gone") await receiver.listen();
    mood = 0;
  })();
  const clients = 5_000;
  await parallel(clients, 40, async (i) => {
    const client = await server.connect();
    if (i % 3 === 0) client.terminate();
    else await client.close();
  });
  await server.settle(0, 60_000);
  done = true;
  await swings;
  await settled(server);
  // One that is surely taken while nobody hears so.
  mood = moods.indexOf("deaf");
  await (await server.connect()).close();
  await eventually("the last one's up", () => book.of("connection_up").length === clients + 1, 20_000);
  mood = 0;
  await server.settle(0);
  await eventually("the last one's down", () => book.of("connection_down").length === clients + 1, 20_000);
  await settled(server);
  assert.equal(book.forged, 0);
  assert.equal(book.of("connection_up").length, clients + 1);
  const all = lives(book);
  assert.equal(all.size, clients + 1);
  for (const types of all.values()) assert.deepEqual(types, ["connection_up", "connection_down"]);
  assert.ok(book.repeated > 0, "some were delivered again, since the receiver was deaf");
  assert.equal(await metric(server, "troupe_events_lost_total"), 0);
  assert.equal(await metric(server, "troupe_events_missed_total"), 0);
  const sequences = book.events.map(({ sequence }) => sequence);
  assert.ok(sequences.every((sequence, i) => i === 0 || sequence > sequences[i - 1]), "in order");
});

test("after kill -9 the next start tells the downs of the lost connections, once", { timeout: 120_000 }, async (t) => {
  const book = new EventBook(secret);
  const receiver = await goodReceiver(t, book);
  const folder = await scratchFolder(t);
  const first = await Server.start(t, ...flags(receiver, folder));
  const clients = await first.connectMany(100);
  await Promise.all(clients.slice(0, 20).map((client) => client.close()));
  await first.settle(80);
  await eventually("they are in the journal", async () => (await metric(first, "troupe_events_journaled_total")) === 120);
  first.signal("SIGKILL");
  await first.exit();

  const second = await Server.start(t, ...flags(receiver, folder));
  await eventually("the log says so", () => second.event("connections_lost"));
  assert.equal(Number(second.event("connections_lost").count), 80);
  await settled(second);
  await eventually("100 downs", () => book.of("connection_down").length === 100, 20_000);
  const all = lives(book);
  assert.equal(all.size, 100);
  for (const types of all.values()) assert.deepEqual(types, ["connection_up", "connection_down"]);
  assert.equal(book.of("connection_down").filter(({ reason }) => reason === "server_died").length, 80);
  second.signal("SIGKILL");
  await second.exit();

  const third = await Server.start(t, ...flags(receiver, folder));
  await settled(third);
  assert.equal(third.event("connections_lost"), undefined);
  assert.equal(book.of("connection_down").length, 100);
});

test("what the receiver has not taken survives the server's end, a kill included", { timeout: 120_000 }, async (t) => {
  const book = new EventBook(secret);
  let takes = false;
  const receiver = await Receiver.start(t, (path, body, headers) => {
    if (takes) book.take(headers, body);
    return { status: takes ? 200 : 500 };
  });
  const folder = await scratchFolder(t);
  const first = await Server.start(t, ...flags(receiver, folder));
  await first.connectMany(50);
  await eventually("they are in the journal", async () => (await metric(first, "troupe_events_journaled_total")) === 50);
  first.signal("SIGKILL");
  await first.exit();
  const second = await Server.start(t, ...flags(receiver, folder));
  await second.connectMany(10);
  second.signal("SIGTERM");
  assert.deepEqual(await second.exit(), { code: 0, signal: null });
  takes = true;
  const third = await Server.start(t, ...flags(receiver, folder));
  await settled(third);
  const all = lives(book);
  assert.equal(all.size, 60);
  for (const types of all.values()) assert.deepEqual(types, ["connection_up", "connection_down"]);
});

test("two servers do not share a journal", { timeout: 60_000 }, async (t) => {
  const receiver = await goodReceiver(t, new EventBook(secret));
  const folder = await scratchFolder(t);
  await Server.start(t, ...flags(receiver, folder));
  const { code, stderr } = await runToEnd(["serve", "--listen-port", "0", ...flags(receiver, folder)]);
  assert.notEqual(code, 0);
  assert.match(stderr, /events\.directory: cannot use .*another process is using it/);
});
