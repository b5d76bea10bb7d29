// Clients without a WebSocket: npm's centrifuge over HTTP streaming, and the endpoints by themselves.
import assert from "node:assert/strict";
import https from "node:https";
import net from "node:net";
import test from "node:test";
import { Api } from "./support/api.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { builds, collect, connectSdk, next, subscribeSdk } from "./support/centrifuge_sdk.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { request } from "./support/server.mjs";
import { connectStream, openByHand, post, rawRequest, streams } from "./support/streams.mjs";
import { eventually, within } from "./support/time.mjs";
import { hmacToken } from "./support/tokens.mjs";

const timeout = 90_000;
const [json] = builds;

for (const build of builds) {
  test(`http_stream, ${build.name}: connects, subscribes, publishes, calls`, { timeout }, async (t) => {
    const server = await startCentrifuge(t, streams);
    const alice = await connectStream(t, build, server.port);
    const bob = await connectSdk(t, build, server.port); // over a WebSocket
    assert.equal(alice.session.transport, "http_stream");
    const [sending, receiving] = [await subscribeSdk(alice, "pub:room"), await subscribeSdk(bob, "pub:room")];
    const [own, heard] = [next(sending, "publication"), next(receiving, "publication")];
    const text = "hello, Привет 🙂 \u2028 \\n";
    await sending.publish(build.pack({ text }));
    for (const { data, info } of [await own, await heard]) {
      assert.deepEqual(build.unpack(data), { text });
      assert.equal(info.client, alice.session.client);
    }
    await assert.rejects(alice.publish("pub:closed", build.pack(1)), { code: 103 });
    await assert.rejects(alice.rpc("method", build.pack(1)), { code: 108 });
  });

  test(`http_stream, ${build.name}: publications of any size come whole and in order`, { timeout }, async (t) => {
    const server = await startCentrifuge(t, streams);
    const client = await connectStream(t, build, server.port);
    const seen = collect(await subscribeSdk(client, "long:sizes"), "publication");
    const api = new Api(server.adminPort);
    const sizes = [0, 1, 100, 125, 126, 127, 16_000, 65_535, 65_536, 65_537, 200_000, 1];
    for (const size of sizes) await api.result("publish", { channel: "long:sizes", data: "x".repeat(size) });
    await eventually("all have come", () => seen.length === sizes.length);
    assert.deepEqual(seen.map(({ data }) => build.unpack(data).length), sizes);
    assert.deepEqual(seen.map(({ offset }) => offset), sizes.map((_, index) => index + 1));
  });

  test(`http_stream, ${build.name}: is told why it has to go, comes back and recovers what it missed`, { timeout }, async (t) => {
    const server = await startCentrifuge(t, { ...streams, token: { hmac_secret_key: "secret" } });
    const client = await connectStream(t, build, server.port, { token: hmacToken({ sub: "ann" }) });
    const subscription = await subscribeSdk(client, "hist:room");
    const seen = collect(subscription, "publication");
    const [ended, again] = [next(client, "connecting"), next(subscription, "subscribed")];
    await new Api(server.adminPort).answer("batch", { commands: [
      { disconnect: { user: "ann", disconnect: { code: 4000, reason: "come again" } } },
      ...[0, 1, 2].map((data) => ({ publish: { channel: "hist:room", data } })),
    ] });
    assert.deepEqual([(await ended).code, (await ended).reason], [4000, "come again"]);
    assert.equal((await again).recovered, true);
    await eventually("all have come", () => seen.length === 3);
    assert.deepEqual(seen.map(({ data }) => build.unpack(data)), [0, 1, 2]);
  });
}

test("http_stream: pings come and are answered, and who answers none is told why it ends", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { ...streams, client: { ping_interval: "1s", pong_timeout: "500ms" } });
  const client = await connectStream(t, json, server.port);
  const interruptions = collect(client, "connecting");
  const [silent, lively] = [await openByHand(t, server.port), await openByHand(t, server.port)];
  const living = (async () => {
    for (let ping = 0; ping < 3; ping++) {
      assert.deepEqual(await lively.next(), {});
      assert.equal(await lively.say({}), 204);
    }
  })();
  assert.equal(silent.first.connect.ping, 1);
  assert.deepEqual(await silent.next(), {});
  assert.deepEqual(await silent.next(), { push: { disconnect: { code: 3012, reason: "no pong" } } });
  assert.equal(await silent.next(), null);
  await living;
  assert.deepEqual(interruptions, []);
});

test("http_stream: the end of the client is seen at once, and its presence goes", { timeout }, async (t) => {
  const server = await startCentrifuge(t, streams);
  const watcher = await connectSdk(t, json, server.port);
  const there = await subscribeSdk(watcher, "pres:room");
  const leaves = collect(there, "leave");
  const guest = await openByHand(t, server.port);
  assert.equal(await guest.say({ id: 2, subscribe: { channel: "pres:room" } }), 204);
  assert.equal((await guest.next()).id, 2);
  guest.end();
  await eventually("it has left", () => leaves.some(({ info }) => info.client === guest.first.connect.client));
  assert.equal(await guest.say({ id: 3, send: { data: 1 } }), 404);
});

test("http_stream: what is wrong is told, and nothing else is disturbed", { timeout }, async (t) => {
  const server = await startCentrifuge(t, streams);
  const client = await connectStream(t, json, server.port);
  const status = async (path, body, headers) => (await post(server.port, path, body, headers)).status;
  assert.equal(await status("/connection/http_stream", ""), 400);
  assert.equal(await status("/connection/http_stream", "{}", { Origin: "http://evil.example" }), 403);
  assert.equal((await fetch(`http://127.0.0.1:${server.port}/connection/http_stream`)).status, 405);
  assert.equal((await fetch(`http://127.0.0.1:${server.port}/connection/sse`)).status, 400);
  const long = { method: "POST", body: "x".repeat(65_537) }; // fetch does not like to be answered before it is through
  assert.equal((await request(server.port, "/emulation", long)).status, 413);
  for (const wrong of ["", "[]", "{}", '{"session":"0.x","node":"","data":1}', '{"session":"\xff"}'])
    assert.equal(await status("/emulation", wrong), 400, wrong);
  for (const session of ["", "0.", "0.7b0c", "9.7b0c", "99999999999999999999.1", "-1.x"])
    assert.equal(await status("/emulation", JSON.stringify({ session, node: "", data: "{}" })), 404, session);
  const peer = await openByHand(t, server.port);
  const { node } = peer.first.connect;
  assert.equal(await status("/emulation", JSON.stringify({ session: "0.7b0c", node, data: "{}" })), 404);
  assert.equal(await peer.say("not a command"), 204);
  assert.deepEqual(await peer.next(), { push: { disconnect: { code: 3501, reason: "bad request" } } });
  assert.equal(await peer.next(), null);
  const refused = await openByHand(t, server.port, { connect: { token: "no token" } });
  assert.ok(refused.first.error ?? refused.first.push);
  assert.equal(client.state, "connected");
});

test("http_stream: who speaks faster than allowed is refused, and nothing of it is taken", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { ...streams, websocket: { messages_per_second: 1, message_burst: 3 } });
  const peer = await openByHand(t, server.port); // the first of three
  assert.equal(await peer.say({ id: 2, subscribe: { channel: "pub:a" } }, { id: 3, subscribe: { channel: "pub:b" } }), 204);
  assert.equal(await peer.say({ id: 4, subscribe: { channel: "pub:c" } }), 204);
  assert.equal(await peer.say({ id: 5, subscribe: { channel: "pub:d" } }), 429);
  for (const id of [2, 3, 4]) assert.equal((await peer.next()).id, id);
  assert.equal((await server.totals()).reads_paused, 1);
  await eventually("it may speak again", async () => (await peer.say({ id: 6, subscribe: { channel: "pub:e" } })) === 204);
  assert.equal((await peer.next()).id, 6);
});

test("http_stream: who reads nothing is ended, and nobody else waits for it", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { ...streams, client: { queue_max_size: "128KiB" }, outbox: { write_timeout: "30s", close_timeout: "1s" } });
  const api = new Api(server.adminPort);
  const slow = net.connect(server.port, "127.0.0.1");
  t.after(() => slow.destroy());
  slow.on("error", () => {}); // it is cut
  slow.write(rawRequest({ id: 1, connect: {} }, { id: 2, subscribe: { channel: "pub:flood" } }));
  const client = await connectStream(t, json, server.port);
  const seen = collect(await subscribeSdk(client, "pub:flood"), "publication");
  const members = async () => (await api.result("connections", { channel: "pub:flood" })).connections.length;
  await eventually("both are there", async () => (await members()) === 2);
  slow.pause();
  let sent = 0;
  for (; (await members()) === 2; sent++) await api.result("publish", { channel: "pub:flood", data: "x".repeat(50_000) });
  await eventually("the other one has all", () => seen.length === sent);
  const { status, body } = await request(server.adminPort, "/debug/closed.json?reason=slow_consumer");
  assert.equal(status, 200, body);
  assert.match(body, /slow_consumer/);
});

test("http_stream: of HTTP 1.0 the end of the connection ends the body", { timeout }, async (t) => {
  const server = await startCentrifuge(t, streams);
  const peer = net.connect(server.port, "127.0.0.1");
  t.after(() => peer.destroy());
  let text = "";
  peer.on("data", (chunk) => { text += chunk; });
  const ended = new Promise((resolve) => peer.once("end", resolve));
  peer.write(rawRequest({ id: 1, connect: {} }).replace("HTTP/1.1", "HTTP/1.0"));
  await eventually("it is connected", () => text.includes('"connect"'));
  server.signal("SIGTERM");
  await within(10_000, "the end", ended);
  assert.match(text, /^HTTP\/1\.0 200 OK\r\n/);
  assert.match(text, /\r\n\r\n\{"id":1,"connect":\{.*\}\}\n\{"push":.*\}\n$/);
  assert.doesNotMatch(text, /Transfer-Encoding/);
});

test("http_stream: pages of allowed origins may use it, and their browsers are told so", { timeout }, async (t) => {
  const server = await startCentrifuge(t, streams);
  const origin = "http://ok.example";
  for (const path of ["/connection/http_stream", "/connection/sse", "/emulation"]) {
    const asked = await fetch(`http://127.0.0.1:${server.port}${path}`, { method: "OPTIONS", headers: {
      Origin: origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type" } });
    assert.deepEqual([asked.status, asked.headers.get("access-control-allow-origin"), asked.headers.get("access-control-allow-headers"),
      asked.headers.get("access-control-allow-credentials"), asked.headers.get("vary")],
    [204, origin, "content-type", "true", "Origin"]);
    const evil = await fetch(`http://127.0.0.1:${server.port}${path}`, { method: "OPTIONS", headers: { Origin: "http://evil.example" } });
    assert.deepEqual([evil.status, evil.headers.get("access-control-allow-origin")], [403, null]);
  }
  const { response } = await openByHand(t, server.port, { headers: { Origin: origin } });
  assert.equal(response.headers.get("access-control-allow-origin"), origin);
  assert.equal(response.headers.get("cache-control"), "no-store");
});

test("without the options there are no streams", { timeout }, async (t) => {
  const server = await startCentrifuge(t, {});
  for (const path of ["/connection/http_stream", "/connection/sse", "/emulation"])
    assert.equal((await post(server.port, path, "{}")).status, 404);
});

test("a stream is a connection like others: in the list, with the transport it has, and closed when the server stops", { timeout },
  async (t) => {
    const server = await startCentrifuge(t, { ...streams, drain: { timeout: "10s" } });
    const peer = await openByHand(t, server.port);
    const { connections } = await new Api(server.adminPort).result("connections", { transport: "http_stream-json" });
    assert.deepEqual(connections.map((c) => [c.client, c.transport]), [[peer.first.connect.client, "http_stream-json"]]);
    server.signal("SIGTERM");
    const last = await peer.next();
    assert.equal(last.push.disconnect.code, 3001);
    assert.equal(await peer.next(), null);
    assert.deepEqual(await server.exit(), { code: 0, signal: null });
  });

test("http_stream: over TLS, to its end", { timeout }, async (t) => {
  const certificate = makeCertificate(t);
  const server = await startCentrifuge(t, streams, ...certificate.flags);
  let text = "";
  const first = JSON.stringify({ id: 1, connect: {} });
  const ended = new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: server.port, path: "/connection/http_stream", method: "POST", ca: certificate.ca };
    const asked = https.request(options, (response) => {
      response.on("data", (chunk) => { text += chunk; });
      response.on("end", resolve);
    });
    asked.on("error", reject);
    asked.end(first);
  });
  await eventually("it is connected", () => text.includes('"connect"'));
  server.signal("SIGTERM");
  await within(10_000, "the end of the stream", ended);
  assert.match(text, /\n\{"push":\{"disconnect":\{"code":3001,"reason":"shutdown"\}\}\}\n$/);
});
