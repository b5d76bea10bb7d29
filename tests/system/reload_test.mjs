// SIGHUP and the console's reload: what of the configuration holds from then on, while everybody stays connected.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Api } from "./support/api.mjs";
import { Peer } from "./support/centrifuge_peer.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { builds, collect, connectSdk, next, subscribeSdk } from "./support/centrifuge_sdk.mjs";
import { Client } from "./support/client.mjs";
import { config, startCentrifuge } from "./support/centrifuge_server.mjs";
import { EventBook, Receiver } from "./support/receiver.mjs";
import { request, runToEnd } from "./support/server.mjs";
import { elapsed, eventually } from "./support/time.mjs";
import { hmacToken } from "./support/tokens.mjs";

const timeout = 60_000;

/** A server with a configuration that can be replaced. */
async function start(t, sections) {
  const server = await startCentrifuge(t, sections);
  const file = server.configFile;
  const console = (command) => runToEnd(["console", "--socket", server.event("listening").console, "-c", command]);
  return {
    server,
    console,
    file,
    /** @returns what the console says of the new configuration. */
    async reload(next) {
      writeFileSync(file, config(next));
      const { code, stdout, stderr } = await console("reload");
      assert.equal(code, 0, stderr);
      return stdout;
    },
  };
}

test("reload: SIGHUP takes over what can change, names what cannot, and nobody is disconnected", { timeout }, async (t) => {
  const { server, file } = await start(t, {});
  const client = await server.connect();
  writeFileSync(file, config({ api: { key: "new" }, limit: { header_count: 50 } }));
  server.signal("SIGHUP");
  await eventually("it has", () => server.event("restart_needed"));
  assert.equal(server.event("reloaded").changed, "api.key");
  assert.equal(server.event("restart_needed").options, "limit.header_count");
  assert.equal((await new Api(server.adminPort).call("info", {})).status, 401);
  assert.equal((await new Api(server.adminPort).call("info", {}, { headers: { "X-API-Key": "new" } })).status, 200);
  client.send("still here");
  assert.equal(await client.nextText(), "still here");
});

test("reload: a configuration that cannot be changes nothing, and the reason is told", { timeout }, async (t) => {
  const { server, file, console, reload } = await start(t, {});
  writeFileSync(file, config({ api: { key: "new" }, limit: { header_counts: 50 } }));
  const { code, stdout, stderr } = await console("reload");
  assert.equal(code, 1, stdout);
  assert.match(stderr, /limit\.header_counts: no such option; did you mean limit\.header_count\?/);
  assert.match(server.event("reload_refused").reason, /no such option/);
  writeFileSync(file, config({ client: { queue_max_size: "10KiB" }, websocket: { max_message_bytes: "8KiB" }, api: { key: "new" } }));
  assert.match((await console("reload")).stderr, /queue_max_size = 10KiB \(until the next start\) must hold a message.* = 64KiB/);
  assert.equal((await new Api(server.adminPort).call("info", {})).status, 200, "the old key");
  assert.equal(await reload({}), "nothing changed\n");
});

test("reload: new secrets of tokens hold for who comes, and who is there stays", { timeout }, async (t) => {
  const { server, reload } = await start(t, { token: { hmac_secret_key: "old" } });
  const token = (secret) => hmacToken({ sub: "42" }, secret);
  const before = await connectSdk(t, builds[0], server.port, { token: token("old") });
  const told = await reload({ token: { hmac_secret_key: "new", hmac_previous_secret_key: "old" } });
  assert.equal(told, "changed: client.token.hmac_secret_key, client.token.hmac_previous_secret_key\n");
  await connectSdk(t, builds[0], server.port, { token: token("new") });
  await connectSdk(t, builds[0], server.port, { token: token("old") });
  await reload({ token: { hmac_secret_key: "new" } });
  await assert.rejects(connectSdk(t, builds[0], server.port, { token: token("old"), minReconnectDelay: 60_000 }));
  assert.equal(before.state, "connected");
});

for (const build of builds)
  test(`reload: centrifuge-js ${build.name}: namespaces change under those who are subscribed`, { timeout }, async (t) => {
    const room = { history_size: 10, history_ttl: "60s", allow_subscribe_for_client: true, allow_subscribe_for_anonymous: true };
    const { server, reload } = await start(t, { added: { room, other: room } });
    const client = await connectSdk(t, build, server.port);
    const [inRoom, inOther] = [await subscribeSdk(client, "room:1"), await subscribeSdk(client, "other:1")];
    const heard = collect(inRoom, "publication");
    const [roomAgain, otherAgain] = [collect(inRoom, "subscribing"), collect(inOther, "subscribing")];
    const publish = (number) => inRoom.publish(build.pack({ number }));
    const history = async (channel) =>
      (await new Api(server.adminPort).result("history", { channel, limit: 100 })).publications.length;
    await assert.rejects(publish(0), { code: 103 });
    const open = { ...room, allow_publish_for_subscriber: true, allow_publish_for_anonymous: true, history_size: 2 };
    assert.equal(await reload({ added: { room: open, other: room } }), "changed: channel.namespaces\n");
    for (const number of [1, 2, 3]) await publish(number);
    assert.equal(await history("room:1"), 2);
    assert.deepEqual(heard.map(({ data }) => build.unpack(data).number), [1, 2, 3]);
    assert.deepEqual([roomAgain.length, otherAgain.length], [0, 0]);
    // With presence from now on everybody subscribes again, so that nobody is missing.
    const present = { ...open, presence: true, allow_presence_for_subscriber: true, allow_presence_for_anonymous: true };
    const subscribed = next(inRoom, "subscribed");
    await reload({ added: { room: present, other: room } });
    await subscribed;
    assert.equal(roomAgain[0].code, 2500);
    assert.deepEqual(Object.keys((await inRoom.presence()).clients), [client.session.client]);
    // One that is gone takes its subscriptions along.
    const unsubscribed = next(inOther, "unsubscribed");
    await reload({ added: { room: present } });
    assert.equal((await unsubscribed).code, 2000);
    assert.equal(client.state, "connected");
    assert.equal(server.event("restart_needed"), undefined);
  });

test("reload: origins, limits and policies hold for what comes", { timeout }, async (t) => {
  const { server, console, reload } = await start(t, { limit: { connections_per_address: 100 } });
  const from = (origin) => server.connect("/ws", { origin });
  await assert.rejects(from("http://new.example"), /403/);
  const told = await reload({
    websocket: { allowed_origins: ["http://new.example"], allow_missing_origin: false, policy: "drop-oldest" },
    limit: { connections: 3, connections_per_address: 2 },
    outbox: { max_bytes: "2MiB" },
  });
  assert.equal(told, "changed: websocket.policy, websocket.allowed_origins, websocket.allow_missing_origin, "
    + "limit.connections, limit.connections_per_address, outbox.max_bytes\n");
  await assert.rejects(from("http://ok.example"), /403/);
  await assert.rejects(server.connect(), /403/);
  // Those that were refused count until their sockets are closed.
  const enters = () => from("http://new.example").then(() => true, () => false);
  await eventually("the first is in", enters);
  await eventually("the second is in", enters);
  await assert.rejects(from("http://new.example"), /429/);
  const [id] = (await console("top conns n 1")).stdout.match(/[0-9a-f-]{36}/);
  assert.match((await console(`conn ${id}`)).stdout, /^max_bytes +2\.00MiB$/m);
});

test("reload: rates that were only counted are enforced", { timeout }, async (t) => {
  const rate = { connection_message: "2/m" };
  const { server, reload } = await start(t, { rate: { ...rate, mode: "count" } });
  const client = await server.connect();
  for (let sent = 0; sent < 5; ++sent) client.send("x");
  for (let heard = 0; heard < 5; ++heard) await client.nextText();
  assert.equal(await reload({ rate: { ...rate, mode: "refuse" } }), "changed: rate.mode\n");
  client.send("x");
  assert.equal((await client.closed).code, 4013);
});

test("reload: rates hold for those who are there, also if there were none at the start", { timeout }, async (t) => {
  const { server, console, reload } = await start(t, {});
  const flood = await server.connect();
  const bystander = await server.connect();
  for (let sent = 0; sent < 5; ++sent) flood.send("x");
  for (let heard = 0; heard < 5; ++heard) await bystander.nextText();
  const rates = { connection_message: "2/m", address_connect: "1/h" };
  assert.equal(await reload({ rate: rates }), "changed: rate.connection_message, rate.address_connect\n");
  for (let sent = 0; sent < 3; ++sent) flood.send("y");
  assert.equal((await flood.closed).code, 4013);
  for (let heard = 0; heard < 2; ++heard) assert.equal(await bystander.nextText(), "y");
  (await server.connect()).close();
  await assert.rejects(server.connect(), /429/);
  assert.match((await request(server.adminPort, "/metrics")).body,
    /^troupe_rate_exceeded_total\{scope="connection",operation="message"\} 1$/m);
  assert.equal(await reload({}), "changed: rate.connection_message, rate.address_connect\n");
  await server.connect();
  for (let sent = 0; sent < 5; ++sent) bystander.send("z");
  for (let heard = 0; heard < 5; ++heard) assert.equal(await bystander.nextText(), "z");
});

test("reload: the next drain keeps the new pace", { timeout }, async (t) => {
  const { server, reload } = await start(t, {});
  const clients = await server.connectMany(50);
  assert.equal(await reload({ drain: { rate: 50 } }), "changed: drain.rate\n");
  server.signal("SIGTERM");
  const time = await elapsed(Promise.all(clients.map((client) => client.closed)));
  assert.ok(time >= 800 && time <= 3000, `50 clients at 50 a second took ${time.toFixed(0)} ms`);
});

test("reload: the next drain ends by the new deadline", { timeout }, async (t) => {
  const slow = { outbox: { close_timeout: "20s" } };
  const { server, reload } = await start(t, { ...slow, drain: { timeout: "30s" } });
  await Promise.all(Array.from({ length: 3 }, () => server.rawPeer())); // never answer the close
  assert.equal(await reload({ ...slow, drain: { timeout: "1s" } }), "changed: drain.timeout\n");
  server.signal("SIGTERM");
  const time = await elapsed(server.exit());
  assert.ok(time >= 900 && time <= 5000, `exit after ${time.toFixed(0)} ms`);
});

test("reload: connections are accepted at the new pace", { timeout }, async (t) => {
  const { server, reload } = await start(t, {});
  assert.equal(await reload({ limit: { accepts_per_second: 20 } }), "changed: limit.accepts_per_second\n");
  const time = await elapsed(server.connectMany(40));
  assert.ok(time >= 1000 && time <= 8000, `40 clients at 20 a second took ${time.toFixed(0)} ms`);
});

test("reload: the queues of clients that are there get the new bound", { timeout }, async (t) => {
  const { server, console, reload } = await start(t, {});
  const peer = await Peer.open(t, server);
  const { client } = await peer.result({ connect: {} });
  const bound = async () => (await console(`conn ${client}`)).stdout.match(/^max_bytes +(.*)$/m)[1];
  assert.equal(await bound(), "1.00MiB");
  assert.equal(await reload({ client: { queue_max_size: "3MiB" } }), "changed: client.queue_max_size\n");
  await peer.result({ subscribe: { channel: "pub:a" } });
  assert.equal(await bound(), "3.00MiB");
});

test("reload: heartbeats hold for who connects, and for who is pinged next", { timeout }, async (t) => {
  const { server, reload } = await start(t, { heartbeat: { ping_interval: "2s", pong_timeout: "1s" } });
  const pinged = (client) => new Promise((resolve) => client.socket.once("ping", resolve));
  const early = await server.connect();
  const told = await reload({ heartbeat: { ping_interval: "400ms", pong_timeout: "200ms" }, client: { ping_interval: "3s", pong_timeout: "1s" } });
  assert.equal(told, "changed: heartbeat.ping_interval, heartbeat.pong_timeout, client.ping_interval, client.pong_timeout\n");
  const late = await server.connect();
  assert.ok(await elapsed(pinged(late)) < 1000);
  await pinged(early); // at the old pace
  await pinged(early);
  assert.ok(await elapsed(pinged(early)) < 1000);
  assert.equal((await (await Peer.open(t, server)).result({ connect: {} })).ping, 3);
});

test("reload: the certificate is taken from another path", { timeout }, async (t) => {
  const [first, second] = [makeCertificate(t), makeCertificate(t)];
  const at = ({ certificate, key }) => ({ tls: { certificate, key } });
  const { server, reload } = await start(t, at(first));
  const enters = (ca) => Client.open(`wss://127.0.0.1:${server.port}/ws`, { ca, origin: "http://ok.example" });
  const before = await enters(first.ca);
  assert.equal(await reload(at(second)), "changed: tls.certificate, tls.key\n");
  await eventually("it is there", () => server.event("certificate_reloaded"));
  await assert.rejects(enters(first.ca));
  const after_ = await enters(second.ca);
  before.send("from before");
  assert.equal(await after_.nextText(), "from before");
  for (const client of [before, after_]) client.terminate();
});

test("reload: the log keeps to the new number of lines", { timeout }, async (t) => {
  const verbose = { level: "debug" };
  const { server, reload } = await start(t, { log: { ...verbose, lines_per_second: 0 } });
  assert.equal(await reload({ log: { ...verbose, lines_per_second: 3 } }), "changed: log.lines_per_second\n");
  await eventually("the rest is counted", async () => {
    for (const client of await server.connectMany(10)) client.terminate();
    return server.event("log_dropped")?.over_limit > 0;
  });
});

test("reload: tokens of the console, and what the log tells, change", { timeout }, async (t) => {
  const { server, reload } = await start(t, { console: { operator_token: "the-old-operators-token" } });
  const command = async (token) => (await request(server.adminPort, "/debug/command", {
    method: "POST", headers: { Authorization: `Bearer ${token}` }, body: '{"command":"sessions"}',
  })).status;
  assert.equal(await command("the-old-operators-token"), 200);
  await (await server.connect()).terminate();
  assert.equal(server.event("connection_closed"), undefined);
  const tokens = { operator_token: "the-new-operators-token" };
  assert.equal(await reload({ console: tokens }), "changed: console.operator_token\n");
  assert.equal(await command("the-old-operators-token"), 401);
  assert.equal(await command("the-new-operators-token"), 200);
  assert.equal(await reload({ console: tokens, log: { level: "debug" } }), "changed: log.level\n");
  await (await server.connect()).terminate();
  await eventually("its end is logged", () => server.event("connection_closed"));
});

test("reload: the next delivery of events goes to the new receiver, signed with the new secret", { timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "troupe-reload-events-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const receive = async (secret) => {
    const book = new EventBook(secret);
    const receiver = await Receiver.start(t, (_path, body, headers) => book.take(headers, body) ?? {});
    return { book, events: { endpoint: receiver.url("/events"), secret, directory: folder } };
  };
  const [first, second] = [await receive("old"), await receive("new")];
  const { server, reload } = await start(t, { events: first.events });
  const gone = await server.connect();
  await eventually("the first receiver hears of it", () => first.book.of("connection_up").length === 1);
  assert.equal(await reload({ events: second.events }), "changed: events.endpoint, events.secret\n");
  gone.terminate();
  await eventually("the second receiver hears of the rest", () => second.book.of("connection_down").length === 1);
  assert.equal(first.book.events.length, 1);
  assert.equal(first.book.forged + second.book.forged, 0);
});

test("reload: a webhook that has moved is asked at once, for methods and for who connects", { timeout }, async (t) => {
  const answering = (user) => Receiver.start(t, (path) => ({
    body: JSON.stringify(path === "/rpc" ? { result: { data: user } } : { result: { user } }),
  }));
  const [first, second] = [await answering("first"), await answering("second")];
  const at = (receiver) => ({ connect: receiver.url("/connect"), rpc: receiver.url("/rpc"), breaker_failures: 1, breaker_pause: "10m" });
  const client = { allow_anonymous_connect_without_token: false };
  const { server, reload } = await start(t, { client, webhook: at(first) });
  const peer = await Peer.open(t, server);
  await peer.result({ connect: {} });
  const calls = async () => (await peer.call({ rpc: { method: "who", data: {} } }));
  assert.equal((await calls()).rpc.data, "first");
  await first.stop();
  assert.equal((await calls()).error.code, 100);
  await eventually("it is not asked any more", () => server.event("webhook_not_asked"));
  const moved = { ...at(second), static_headers: ["X-Api-Key: new"] };
  assert.equal(await reload({ client, webhook: moved }), "changed: webhook.connect, webhook.rpc, webhook.static_headers\n");
  assert.equal((await calls()).rpc.data, "second");
  const other = await Peer.open(t, server);
  assert.ok((await other.result({ connect: {} })).client);
  assert.deepEqual(second.requests.map(({ path, headers }) => [path, headers["x-api-key"]]), [["/rpc", "new"], ["/connect", "new"]]);
});
