// The server API from outside, check by check. The numbers are those of the list of checks this server is built
// against.
import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";
import { Api } from "./support/api.mjs";
import { codecs, jsonCodec } from "./support/centrifuge_codec.mjs";
import { Peer } from "./support/centrifuge_peer.mjs";
import { fresh } from "./support/centrifuge_checks.mjs";
import { builds, connectSdk, next } from "./support/centrifuge_sdk.mjs";
import { apiKey, startCentrifuge } from "./support/centrifuge_server.mjs";
import { request, runToEnd } from "./support/server.mjs";
import { hmacToken, now } from "./support/tokens.mjs";
import { eventually, within } from "./support/time.mjs";

const timeout = 60_000;

/** Runs a table of [number, what it shows, test] on one server; a check gets {t, server, api}. */
function checks(title, sections, table) {
  test(`http api: ${title}`, { timeout: 120_000 }, async (t) => {
    const server = await startCentrifuge(t, sections);
    const api = new Api(server.adminPort);
    for (const [number, what, check] of table) {
      await t.test(`check ${number}: ${what}`, { timeout }, (inner) => check({ t: inner, server, api }));
    }
  });
}

const peer = ({ t, server }, codec = jsonCodec) => Peer.connected(t, server, { codec });

checks("requests", {}, [
  [45, "the key comes in a header or in the query", async ({ api }) => {
    const status = async (headers, path = "/api/info") => (await api.call("info", "{}", { headers, path })).status;
    assert.equal(await status({}), 401);
    assert.equal((await api.call("info", "{}", { headers: {} })).body, "");
    assert.equal(await status({ "X-API-Key": "wrong" }), 401);
    assert.equal(await status({ "X-API-Key": apiKey }), 200);
    assert.equal(await status({ Authorization: `apikey ${apiKey}` }), 200);
    assert.equal(await status({ Authorization: `ApiKey ${apiKey}` }), 200);
    assert.equal(await status({}, `/api/info?api_key=${apiKey}`), 200);
    assert.equal(await status({ "X-API-Key": "wrong", Authorization: `apikey ${apiKey}` }), 401);
    assert.equal(await status({ "X-API-Key": "wrong" }, `/api/info?api_key=${apiKey}`), 200);
  }],
  [45, "GET is 405, a broken body 400, an unknown method 404", async ({ api, server }) => {
    const got = await request(server.adminPort, "/api/info", { headers: { "X-API-Key": apiKey } });
    assert.deepEqual([got.status, got.body, got.headers.allow], [405, "", "POST"]);
    for (const broken of ["", "{", "[]", '{"channel":1}'])
      assert.equal((await api.call("publish", broken)).status, 400, broken);
    assert.equal((await api.call("block_user", "{}")).status, 404);
  }],
  [45, "the public port has no API", async ({ server }) => {
    const headers = { "X-API-Key": apiKey };
    const { status } = await request(server.port, "/api/info", { method: "POST", headers, body: "{}" });
    assert.equal(status, 404);
  }],
  [45, "the API describes itself, without a key", async ({ server }) => {
    const { status, headers, body } = await request(server.adminPort, "/api/openapi.json");
    assert.deepEqual([status, headers["content-type"]], [200, "application/json"]);
    assert.match(JSON.parse(body).openapi, /^3\.1/);
    assert.equal((await request(server.port, "/api/openapi.json")).status, 404);
  }],
  [46, "errors in the body, or by a status in transport mode", async ({ api }) => {
    const transport = { headers: { "X-API-Key": apiKey, "X-Centrifugo-Error-Mode": "transport" } };
    assert.deepEqual(await api.answer("publish", {}), { error: { code: 107, message: "bad request" } });
    const bad = await api.call("publish", {}, transport);
    assert.deepEqual([bad.status, JSON.parse(bad.body)], [400, { code: 107, message: "bad request" }]);
    assert.equal((await api.error("publish", { channel: "nons:a", data: 1 })).code, 102);
    assert.equal((await api.call("publish", { channel: "nons:a", data: 1 }, transport)).status, 404);
  }],
  [47, "broadcast and batch", async ({ api }) => {
    const unknown = { error: { code: 102, message: "unknown channel" } };
    assert.deepEqual(await api.result("broadcast", { channels: ["pub:a", "nons:b"], data: 1 }),
      { responses: [{ result: {} }, unknown] });
    const commands = ["pub:a", "nons:b"].map((channel) => ({ publish: { channel, data: 1 } }));
    assert.deepEqual(await api.answer("batch", { commands }), { replies: [{ publish: {} }, unknown] });
    assert.deepEqual(await api.answer("batch", { commands, parallel: true }), { replies: [{ publish: {} }, unknown] });
  }],
  [50, "an idempotency key delivers once", async (context) => {
    const { api } = context;
    const [someone, channel] = [await peer(context), fresh("hist")];
    await someone.subscribe(channel);
    const publication = { channel, data: "once", idempotency_key: "key" };
    const first = await api.result("publish", publication);
    assert.equal(first.offset, 1);
    assert.deepEqual(await api.result("publish", publication), first);
    assert.equal((await api.result("publish", { channel, data: "next" })).offset, 2);
    assert.equal((await someone.push("pub", channel)).data, "once");
    assert.equal((await someone.push("pub", channel)).data, "next");
  }],
  [50, "presence, history, channels and info have their shapes", async (context) => {
    const { api } = context;
    const [someone, pres, hist] = [await peer(context), fresh("pres"), fresh("hist")];
    await someone.subscribe(pres);
    const info = { user: "", client: someone.id };
    assert.deepEqual(await api.result("presence", { channel: pres }), { presence: { [someone.id]: info } });
    assert.deepEqual(await api.result("presence_stats", { channel: pres }), { num_clients: 1, num_users: 1 });
    assert.equal((await api.error("presence", { channel: "pub:a" })).code, 108);
    const { epoch } = await api.result("publish", { channel: hist, data: { n: 1 }, tags: { k: "v" } });
    assert.deepEqual(await api.result("history", { channel: hist, limit: 10 }),
      { publications: [{ data: { n: 1 }, offset: 1, tags: { k: "v" } }], epoch, offset: 1 });
    assert.deepEqual(await api.result("history", { channel: hist }), { publications: [], epoch, offset: 1 });
    assert.equal((await api.error("history", { channel: hist, since: { offset: 0, epoch: "other" } })).code, 112);
    assert.equal((await api.error("history", { channel: "pub:a" })).code, 108);
    assert.deepEqual(await api.result("history_remove", { channel: hist }), {});
    assert.deepEqual(await api.result("channels", { pattern: "pres:*" }),
      { channels: { [pres]: { num_clients: 1 } } });
    const { nodes: [node, ...others] } = await api.result("info", {});
    assert.deepEqual(others, []);
    assert.equal(node.num_channels, 1);
    assert.equal(node.num_subs, 1);
    assert.ok(node.uid && node.name && node.version);
  }],
  [29, "a raw newline inside a payload does not break the line it is sent in", async (context) => {
    const [someone, channel] = [await peer(context), fresh("pub")];
    await someone.subscribe(channel);
    await context.api.result("publish", `{"channel":"${channel}","data":{"a":\n1}}`);
    assert.deepEqual((await someone.push("pub", channel)).data, { a: 1 });
  }],
  [30, "bytes that are no JSON close JSON subscribers and reach the others", async (context) => {
    const [channel, binary] = [fresh("pub"), codecs.find((codec) => codec !== jsonCodec)];
    const [text, bytes] = [await peer(context), await peer(context, binary)];
    for (const each of [text, bytes]) await each.subscribe(channel);
    await context.api.result("publish", { channel, b64data: Buffer.from([0xff, 0xfe]).toString("base64") });
    await text.closesWith(3506);
    const { data } = await bytes.push("pub", channel);
    assert.ok(data !== undefined);
  }],
]);

/** A client of user `user`, by the real SDK in its JSON build. */
function sdk({ t, server }, user, claims = {}) {
  return connectSdk(t, builds[0], server.port, { token: hmacToken({ sub: user, ...claims }) });
}

/** A name no other check uses. */
let users = 0;
const freshUser = () => `user${++users}`;

checks("users", { token: { hmac_secret_key: "secret" } }, [
  [20, "what is published in a channel of the token reaches the client", async (context) => {
    const channel = fresh("pub");
    const client = await sdk(context, freshUser(), { channels: [channel] });
    const heard = next(client, "publication");
    await context.api.result("publish", { channel, data: { n: 1 } });
    const { channel: of, data } = await heard;
    assert.deepEqual([of, data], [channel, { n: 1 }]);
  }],
  [48, "unsubscribe ends a subscription with 2000, for good", async (context) => {
    const [user, channel] = [freshUser(), fresh("pub")];
    const client = await sdk(context, user);
    const subscription = client.newSubscription(channel);
    const subscribed = next(subscription, "subscribed");
    subscription.subscribe();
    await subscribed;
    const ended = next(subscription, "unsubscribed");
    assert.deepEqual(await context.api.result("unsubscribe", { user, channel }), {});
    assert.equal((await ended).code, 2000);
    assert.equal(subscription.state, "unsubscribed");
    assert.equal(client.state, "connected");
  }],
  [48, "subscribe subscribes every connection of the user, with what was missed", async (context) => {
    const { api } = context;
    const [user, channel] = [freshUser(), fresh("hist")];
    const first = await api.result("publish", { channel, data: 1 });
    await api.result("publish", { channel, data: 2 });
    const clients = [await sdk(context, user), await sdk(context, user), await sdk(context, freshUser())];
    const told = clients.slice(0, 2).map((client) => next(client, "subscribed"));
    const heard = clients.slice(0, 2).map((client) => next(client, "publication"));
    assert.deepEqual(await api.result("subscribe", { user, channel, recover_since: first }), {});
    for (const each of told) assert.equal((await each).channel, channel);
    for (const each of heard) assert.deepEqual([(await each).data, (await each).offset], [2, 2]);
    assert.deepEqual((await api.result("channels", { pattern: channel })).channels[channel], { num_clients: 2 });
    assert.equal((await api.error("subscribe", { user, channel })).code, 100);
  }],
  [49, "disconnect closes with 3503, for good", async (context) => {
    const user = freshUser();
    const client = await sdk(context, user);
    const ended = next(client, "disconnected");
    assert.deepEqual(await context.api.result("disconnect", { user }), {});
    assert.equal((await ended).code, 3503);
  }],
  [49, "after 4000 clients come back, after 4500 they do not, and the whitelist stays", async (context) => {
    const user = freshUser();
    const [spared, client] = [await sdk(context, user), await sdk(context, user)];
    const disconnect = (code) => context.api.result("disconnect",
      { user, whitelist: [spared.session.client], disconnect: { code, reason: "r" } });
    const back = next(client, "connected");
    const left = next(client, "connecting");
    await disconnect(4000);
    assert.deepEqual([(await left).code, (await left).reason], [4000, "r"]);
    await back;
    const ended = next(client, "disconnected");
    await disconnect(4500);
    assert.equal((await ended).code, 4500);
    assert.equal(spared.state, "connected");
  }],
  [49, "client narrows it down to one connection", async (context) => {
    const user = freshUser();
    const [stays, goes] = [await sdk(context, user), await sdk(context, user)];
    const ended = next(goes, "disconnected");
    await context.api.result("disconnect", { user, client: goes.session.client });
    await ended;
    const { connections } = await context.api.result("connections", { user });
    assert.deepEqual(connections.map(({ client }) => client), [stays.session.client]);
  }],
  [0, "refresh makes a connection outlive its token, or ends it", async (context) => {
    const user = freshUser();
    const someone = await Peer.open(context.t, context.server);
    await someone.result({ connect: { token: hmacToken({ sub: user, exp: now() + 60 }) } });
    await context.api.result("refresh", { user, expire_at: now() + 600 });
    const { push: { refresh } } = await someone.take("a refresh push", ({ push }) => push?.refresh);
    assert.ok(refresh.expires && refresh.ttl > 590 && refresh.ttl <= 600, `${refresh.ttl}`);
    await context.api.result("refresh", { user, expired: true });
    await someone.closesWith(3005);
  }],
]);

checks("many publications", { outbox: { socket_send_buffer: "16KiB" } }, [
  [51, "who does not read while others publish is closed, they are not harmed", async (context) => {
    const { api } = context;
    const channel = fresh("pub");
    const [slow, other] = [await peer(context), await peer(context)];
    await Promise.all([slow.subscribe(channel), other.subscribe(channel)]);
    slow.socket.pause();
    const data = "x".repeat(50_000);
    let published = 0;
    await eventually("the slow one is gone", async () => {
      for (let count = 0; count < 10; count++) {
        await api.result("publish", { channel, data: [published, data] });
        assert.equal((await other.push("pub", channel)).data[0], published++); // who reads is never behind
      }
      return (await api.result("channels", { pattern: channel })).channels[channel].num_clients === 1;
    }, 30_000);
    slow.socket.resume();
    const { code } = await slow.closed();
    assert.ok(code === 3008 || code === 1006, `${code}`); // 1006 where the close frame was behind what did not fit
  }],
]);

test("http api: check 52: every command is answered, and a server that stops says 3001", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { token: { hmac_secret_key: "secret" } });
  const client = await sdk({ t, server }, "42", { channels: ["pub:s"] });
  const api = new Api(server.adminPort);
  const subscription = client.newSubscription("hist:a");
  const subscribed = next(subscription, "subscribed");
  subscription.subscribe();
  await subscribed;
  await subscription.publish({ n: 1 });
  assert.equal((await subscription.history({ limit: 10 })).publications.length, 1);
  assert.equal((await api.result("publish", { channel: "hist:a", data: 2 })).offset, 2);
  await assert.rejects(client.rpc("none", {}), { code: 108 });
  const left = next(client, "connecting");
  server.signal("SIGTERM");
  assert.equal((await left).code, 3001);
  client.disconnect();
});

/** Everything that comes over `socket` until `enough(text)`. */
function readUntil(socket, enough) {
  let text = "";
  return within(10_000, "the answers", new Promise((resolve, reject) => {
    const look = (chunk) => {
      text += chunk;
      if (!enough(text)) return;
      socket.off("data", look);
      resolve(text);
    };
    socket.on("data", look);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed after ${text}`)));
  }));
}

const raw = (method, body, more = "") =>
  `POST /api/${method} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${apiKey}\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

checks("connections", { api: { max_body_bytes: "8KiB", keep_alive: "1s" } }, [
  [0, "pipelined requests are answered in their order", async ({ t, server }) => {
    const socket = net.connect(server.adminPort, "127.0.0.1");
    t.after(() => socket.destroy());
    const channel = fresh("hist");
    const bodies = Array.from({ length: 50 }, (_, n) => JSON.stringify({ channel, data: n }));
    socket.write(bodies.map((body) => raw("publish", body)).join(""));
    const text = await readUntil(socket, (all) => all.split('"offset"').length === 51);
    assert.deepEqual([...text.matchAll(/"offset":(\d+)/g)].map(([, n]) => Number(n)),
      Array.from({ length: 50 }, (_, n) => n + 1));
  }],
  [0, "a body up to the limit is taken, one byte more is 413", async ({ api }) => {
    const padded = (bytes) => {
      const head = '{"channel":"pub:a","data":"';
      return `${head}${"x".repeat(bytes - head.length - 2)}"}`;
    };
    assert.equal((await api.call("publish", padded(8192))).status, 200);
    assert.equal((await api.call("publish", padded(8193))).status, 413);
  }],
  [0, "a body without the key is not read", async ({ t, server }) => {
    const socket = net.connect(server.adminPort, "127.0.0.1");
    t.after(() => socket.destroy());
    socket.write("POST /api/publish HTTP/1.1\r\nHost: x\r\nContent-Length: 8000\r\n\r\n");
    assert.match(await readUntil(socket, (all) => all.includes("\r\n\r\n")), /^HTTP\/1\.1 401 /);
  }],
  [0, "a client that asks whether to go on is told", async ({ t, server }) => {
    const socket = net.connect(server.adminPort, "127.0.0.1");
    t.after(() => socket.destroy());
    const body = '{"channel":"pub:a","data":1}';
    socket.write(raw("publish", body, "Expect: 100-continue\r\n").slice(0, -body.length));
    await readUntil(socket, (all) => all.startsWith("HTTP/1.1 100 Continue\r\n\r\n"));
    socket.write(body);
    assert.match(await readUntil(socket, (all) => all.endsWith("}")), /"result":\{\}/);
  }],
  [0, "chunked bodies are taken", async ({ t, server }) => {
    const socket = net.connect(server.adminPort, "127.0.0.1");
    t.after(() => socket.destroy());
    socket.write(`POST /api/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: ${apiKey}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    socket.write('e\r\n{"channel":"pu\r\n');
    socket.write('f\r\nb:a","data":1}\n\r\n0\r\n\r\n');
    assert.match(await readUntil(socket, (all) => all.endsWith("}")), /"result":\{\}/);
  }],
  [0, "an idle connection is closed after keep_alive", async ({ t, server }) => {
    const socket = net.connect(server.adminPort, "127.0.0.1");
    t.after(() => socket.destroy());
    socket.write(raw("info", "{}"));
    await readUntil(socket, (all) => all.endsWith("}"));
    await within(10_000, "the end", new Promise((resolve) => socket.once("close", resolve)));
  }],
]);

test("http api: a port of its own, and none on the administration port then", { timeout }, async (t) => {
  const { freePort } = await import("./support/server.mjs");
  const port = await freePort();
  const server = await startCentrifuge(t, { api: { port } });
  assert.equal((await new Api(port).answer("info", {})).result.nodes.length, 1);
  assert.equal((await request(port, "/health")).status, 200);
  assert.equal((await new Api(server.adminPort).call("info", "{}")).status, 404);
  assert.equal(Number(server.event("listening").api_port), port);
});

test("http api: a public address without a key is refused before the start", { timeout }, async () => {
  const { code, stderr } = await runToEnd(["check-config", "--api-address", "0.0.0.0"]);
  assert.equal(code, 2);
  assert.match(stderr, /api\.address = 0\.0\.0\.0 \(--api-address\) must be a loopback address without api\.key/);
  assert.equal((await runToEnd(["check-config", "--api-address", "0.0.0.0", "--api-key", "k"])).code, 0);
});
