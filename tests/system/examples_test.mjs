// The examples, each driven by a real client.
import assert from "node:assert/strict";
import test from "node:test";
import WebSocket from "ws";
import { builds, collect, connectSdk, next, subscribeSdk } from "./support/centrifuge_sdk.mjs";
import { startExample } from "./support/example.mjs";
import { hmacToken } from "./support/tokens.mjs";
import { eventually, within } from "./support/time.mjs";

const timeout = 60_000;
const [json] = builds;

test("examples: the clock tells its group the time, and nobody else", { timeout }, async (t) => {
  const { child, exit, port } = await startExample(t, "clock/clock");
  const elsewhere = new WebSocket(`ws://127.0.0.1:${port}/ws/other`);
  elsewhere.on("message", () => assert.fail("another group hears the clock"));
  const listener = new WebSocket(`ws://127.0.0.1:${port}/ws/clock`);
  const times = [];
  await within(10_000, "three times", new Promise((resolve, reject) => {
    listener.on("error", reject);
    listener.on("message", (data) => times.push(String(data)) === 3 && resolve());
  }));
  for (const time of times) assert.match(time, /^\d\d:\d\d:\d\d$/);
  const closed = new Promise((resolve) => listener.once("close", resolve));
  child.kill("SIGTERM");
  assert.equal(await closed, 1001);
  assert.equal(await exit, 0);
});

/** A WebSocket that is open, with the messages it gets. */
async function connect(t, port, where) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${where}`);
  t.after(() => socket.terminate());
  const messages = [];
  socket.on("message", (data) => messages.push(String(data)));
  socket.closed = new Promise((resolve) => socket.once("close", (code, text) => resolve(`${code} ${text}`)));
  await within(10_000, "the upgrade", new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  }));
  return { socket, messages, has: (n) => eventually(`${n} messages`, () => messages.length >= n) };
}

test("examples: echo answers each message with its number, and stops with 1001", { timeout }, async (t) => {
  const { child, exit, port } = await startExample(t, "echo");
  const { socket, messages, has } = await connect(t, port, "/echo");
  socket.send("hello");
  socket.send("again");
  await has(3);
  assert.deepEqual(messages, ["welcome, 127.0.0.1", "1: hello", "2: again"]);
  child.kill("SIGTERM");
  assert.equal(await socket.closed, "1001 shutting down");
  assert.equal(await exit, 0);
});

test("examples: game shows each player those near it, in motion", { timeout }, async (t) => {
  const { port } = await startExample(t, "game");
  const [ann, bob] = [await connect(t, port, "/game"), await connect(t, port, "/game")];
  const latest = (player) => JSON.parse(player.messages.at(-1));
  await eventually("both are seen", () => ann.messages.length > 0 && latest(ann).seen.length === 2);
  bob.socket.send('{"dx":10,"dy":0}'); // out of sight within a second or so
  await eventually("one is out of sight", () => latest(ann).seen.length === 1, 20_000);
  assert.equal(latest(ann).seen[0].n, latest(ann).you);
  await eventually("the other one has that picture too", () => latest(bob).seen[0].x > 300);
  bob.socket.send("nonsense");
  assert.equal(await bob.socket.closed, "4400 not a move");
});

test("examples: chat keeps history, counts guests and refuses bad words", { timeout }, async (t) => {
  const { port } = await startExample(t, "chat");
  const ann = await connectSdk(t, json, port);
  const room = await subscribeSdk(ann, "room:one");
  const heard = collect(room, "publication");
  assert.deepEqual(room.told.data, { rules: "be kind" });
  await room.publish({ text: "hello" });
  await assert.rejects(room.publish({ text: "a badword" }), { code: 103 });
  await assert.rejects(room.publish("no object"), { code: 107 });
  const bob = await connectSdk(t, json, port);
  const late = await subscribeSdk(bob, "room:one");
  const { publications } = await late.history({ limit: -1 });
  assert.ok(publications.some(({ data }) => data.text === "hello"));
  assert.equal(Object.keys((await late.presence()).clients).length, 2);
  await eventually("two guests", () => heard.some(({ data }) => data.guests === 2));
  bob.disconnect();
  await eventually("one guest", () => heard.at(-1).data.guests === 1);
});

test("examples: ticker publishes each symbol again and again, and nobody else may", { timeout }, async (t) => {
  const { port } = await startExample(t, "ticker");
  const client = await connectSdk(t, json, port);
  const prices = await subscribeSdk(client, "price:all");
  const heard = collect(prices, "publication");
  const times = (symbol) => heard.filter(({ data }) => data.symbol === symbol).length;
  await eventually("three prices each", () => ["AAA", "BBB", "CCC"].every((symbol) => times(symbol) >= 3));
  await assert.rejects(prices.publish({}), { code: 103 });
  const other = client.newSubscription("price:other");
  const refused = next(other, "unsubscribed");
  other.subscribe();
  assert.equal((await refused).code, 102);
});

test("examples: backend answers calls and lets in who knows the password", { timeout }, async (t) => {
  const { port } = await startExample(t, "backend");
  const client = await connectSdk(t, json, port);
  assert.equal((await client.rpc("sum", [1, 2, 3])).data, 6);
  assert.deepEqual((await client.rpc("report", {})).data, { for: client.session.client });
  await assert.rejects(client.rpc("sum", {}), { code: 107 });
  await assert.rejects(client.rpc("sum", ["1"]), { code: 400, message: "not a number" });
  await assert.rejects(client.rpc("other", {}), { code: 104 });
  const outside = client.newSubscription("vip:lounge", { data: { password: "foe" } });
  const refused = next(outside, "unsubscribed");
  outside.subscribe();
  assert.equal((await refused).code, 103);
  client.removeSubscription(outside);
  const inside = await subscribeSdk(client, "vip:lounge", { data: { password: "friend" } });
  assert.deepEqual(inside.told.data, { level: 1 });
  const left = next(client, "disconnected");
  await client.send("logout");
  assert.equal((await left).code, 4501);
});

test("examples: numbering numbers what is said", { timeout }, async (t) => {
  const { port } = await startExample(t, "numbering");
  const client = await connectSdk(t, json, port);
  const channel = await subscribeSdk(client, "numbers:a");
  const heard = collect(channel, "publication");
  await channel.publish("hello");
  await channel.publish({ a: [1] });
  await eventually("both", () => heard.length === 2);
  assert.deepEqual(heard.map(({ data }) => data), [{ n: 1, said: "hello" }, { n: 2, said: { a: [1] } }]);
});

test("examples: messenger brings letters to all devices of a user, the late ones too", { timeout }, async (t) => {
  const { port } = await startExample(t, "messenger");
  const device = async (user) => {
    const client = await connectSdk(t, json, port, { token: hmacToken({ sub: user }) });
    client.letters = collect(client, "message");
    return client;
  };
  const has = (client, text) => eventually(text, () => client.letters.some(({ data }) => data.text === text));
  const [ann, bob, phone] = [await device("ann"), await device("bob"), await device("bob")];
  assert.deepEqual((await ann.rpc("write", { to: "bob", text: "hi" })).data, { delivered: true });
  await has(bob, "hi");
  await has(phone, "hi");
  assert.deepEqual(bob.letters[0].data, { from: "ann", text: "hi" });
  const tablet = await device("bob");
  await tablet.rpc("write", { to: "ann", text: "I am here" });
  await has(ann, "I am here");
  await tablet.rpc("write", { to: "bob", text: "a note to myself" }); // after what was kept
  await has(tablet, "a note to myself");
  assert.deepEqual(tablet.letters.map(({ data }) => data.text), ["hi", "a note to myself"]);
  await assert.rejects(ann.rpc("write", { to: "nobody", text: "hi" }), { code: 108 });
  await assert.rejects(ann.rpc("write", {}), { code: 107 });
  await assert.rejects(ann.rpc("read", {}), { code: 104 });
});

test("examples: bot greets, answers, and survives its crash without losing count", { timeout }, async (t) => {
  const { port } = await startExample(t, "bot");
  const client = await connectSdk(t, json, port);
  const lobby = client.newSubscription("lobby:main");
  const heard = collect(lobby, "publication");
  const says = (pattern) => eventually(String(pattern), () => heard.some(({ data }) => pattern.test(data)));
  lobby.subscribe();
  await says(/^hello!$/);
  await lobby.publish("!time");
  await says(/question 1$/);
  await assert.rejects(lobby.publish("!crash"), { code: 100 });
  await lobby.publish("!time"); // waits for the successor
  await says(/question 2$/);
  assert.equal(client.state, "connected");
});
