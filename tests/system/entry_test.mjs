// Who may enter, and as whom: tokens at /ws, rates, and proxies that speak for others.
import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";
import { Api } from "./support/api.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { Peer } from "./support/centrifuge_peer.mjs";
import { request, runToEnd } from "./support/server.mjs";
import { eventually, within } from "./support/time.mjs";
import { hmacToken, known, now, unsignedToken } from "./support/tokens.mjs";

const timeout = 60_000;
const token = { hmac_secret_key: "secret" };
const tokenOf = (claims) => hmacToken({ sub: "42", ...claims });
const bearer = (text) => ({ headers: { Authorization: `Bearer ${text}` } });

/** The row of the API about the only connection that matches. */
async function connectionOf(server, filter) {
  let found;
  await eventually(`one connection of ${JSON.stringify(filter)}`, async () => {
    ({ connections: found } = await new Api(server.adminPort).result("connections", filter));
    return found.length === 1;
  });
  return found[0];
}

// --- tokens at /ws ---

test("entry: a token at /ws gives the connection its user and labels", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { token });
  const text = tokenOf({ labels: ["beta"] });
  const clients = [await server.connect(`/ws?token=${text}`), await server.connect("/ws/red", bearer(text))];
  await eventually("both are known", async () =>
    (await new Api(server.adminPort).result("connections", { user: "42", label: "beta" })).connections.length === 2);
  const receipt = await new Api(server.adminPort).result("send", { user: "42", text: "hello" });
  assert.deepEqual(receipt, { matched: 2, queued: 2, dropped: 0 });
  for (const client of clients) await client.close();
  await (await server.connect("/ws")).close(); // anonymous ones are still welcome
});

test("entry: a token that is worth nothing gets 401", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { token });
  const worthless = [hmacToken({ sub: "42" }, "other"), unsignedToken({ sub: "42" }), known.expired, known.room1, "rubbish"];
  for (const text of worthless) {
    const refused = await server.refusal("/ws", bearer(text));
    assert.equal(refused.status, 401, text);
    assert.equal(refused.headers["www-authenticate"], "Bearer");
    assert.equal((await server.refusal(`/ws/red?token=${text}`)).status, 401, text);
  }
  assert.equal((await server.totals()).opened, 0);
});

test("entry: where tokens are required, none is 401", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { token, websocket: { require_token: true, echo_route: "/echo" } });
  for (const path of ["/ws", "/ws/red", "/echo"]) {
    assert.equal((await server.refusal(path)).status, 401, path);
    await (await server.connect(path, bearer(tokenOf()))).close();
  }
  const peer = await Peer.open(t, server); // connects by its own rules
  await peer.result({ connect: { token: tokenOf() } });
  const { code, stderr } = await runToEnd(["check-config", "--websocket-require-token", "true"]);
  assert.equal(code, 2);
  assert.match(stderr, /websocket\.require_token = true \(--websocket-require-token\) needs a key in client\.token/);
});

test("entry: a connection ends with its token", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { token });
  const client = await server.connect("/ws", bearer(tokenOf({ exp: now() + 3 })));
  const { code, reason } = await within(20_000, "the end", client.closed);
  assert.deepEqual([code, String(reason)], [3005, "connection expired"]);
});

// --- rates ---

/** Values of a metric, by its labels. */
async function metric(server, name) {
  const { body } = await request(server.adminPort, "/metrics");
  return Object.fromEntries([...body.matchAll(new RegExp(`^${name}\\{(.*?)\\} (\\S+)$`, "gm"))].map(([, labels, value]) => [labels, Number(value)]));
}

const exceeded = async (server, scope, operation) =>
  (await metric(server, "troupe_rate_exceeded_total"))[`scope="${scope}",operation="${operation}"`];

test("entry: commands beyond a rate are error 111, of one connection and of one user", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { token, rate: { connection_publish: "2/h", user_history: "3/h" } });
  const connected = async () => {
    const peer = await Peer.open(t, server);
    await peer.result({ connect: { token: tokenOf() } });
    return peer;
  };
  const [one, other] = [await connected(), await connected()];
  for (const peer of [one, other]) {
    await peer.subscribe("hist:a");
    for (let count = 0; count < 2; count++) await peer.publish("hist:a", count);
    assert.equal(await peer.errorCode({ publish: { channel: "hist:a", data: 3 } }), 111);
  }
  const outcomes = [];
  for (const peer of [one, other, one, other, one]) outcomes.push(Object.keys(await peer.call({ history: { channel: "hist:a", limit: 1 } }))[0]);
  assert.deepEqual(outcomes, ["history", "history", "history", "error", "error"]);
  assert.equal(await exceeded(server, "connection", "publish"), 2);
  assert.equal(await exceeded(server, "user", "history"), 2);
});

test("entry: upgrades and messages of one address have a rate", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { rate: { address_connect: "3/h", address_message: "4/h" } });
  const clients = [await server.connect(), await server.connect(), await server.connect("/ws/red")];
  const refused = await server.refusal();
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers["retry-after"]) > 0);
  for (let count = 0; count < 5; count++) clients[count % 2].send(`${count}`);
  const { code, reason } = await within(10_000, "the end", Promise.race(clients.slice(0, 2).map((client) => client.closed)));
  assert.deepEqual([code, String(reason)], [4013, "too many requests"]);
  assert.equal(await exceeded(server, "address", "message"), 1);
  assert.equal(await exceeded(server, "address", "connect"), 1);
});

test("entry: rates that only count refuse nothing", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { rate: { address_connect: "1/h", mode: "count" } });
  for (let count = 0; count < 3; count++) await (await server.connect()).close();
  assert.equal(await exceeded(server, "address", "connect"), 2);
});

// --- proxies ---

/** An upgrade of /ws in raw bytes behind `first`; resolves with the socket when the answer's head has come, or the end. */
async function upgradeBehind(t, server, first, more = "") {
  const socket = net.connect(server.port, "127.0.0.1");
  t.after(() => socket.destroy());
  const head = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n${more}\r\n`;
  socket.write(Buffer.concat([Buffer.from(first), Buffer.from(head)]));
  socket.answer = await within(10_000, "the answer", new Promise((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.includes("\r\n\r\n")) resolve(text);
    });
    socket.on("error", () => {}); // a reset: it was cut with bytes unread
    socket.on("close", () => resolve(text));
  }));
  return socket;
}

function version2(address) {
  const header = Buffer.alloc(28);
  Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1").copy(header);
  header.set([0x21, 0x11, 0, 12], 12);
  header.set([...address.split(".").map(Number), 10, 0, 0, 1], 16);
  return header;
}

const line = (address) => `PROXY TCP4 ${address} 10.0.0.1 4711 80\r\n`;

test("entry: a trusted proxy names its clients, and limits count them", { timeout }, async (t) => {
  const server = await startCentrifuge(t, {
    proxy: { trusted: ["127.0.0.1"], protocol: true }, limit: { connections: 100, connections_per_address: 1 },
  });
  for (const [header, address] of [[version2("192.0.2.1"), "192.0.2.1"], [line("192.0.2.2"), "192.0.2.2"]]) {
    const socket = await upgradeBehind(t, server, header);
    assert.match(socket.answer, /^HTTP\/1\.1 101 /);
    assert.equal((await connectionOf(server, { address })).address, address);
    assert.match((await upgradeBehind(t, server, header)).answer, /^HTTP\/1\.1 429 /);
  }
  const again = await upgradeBehind(t, server, version2("192.0.2.3"));
  again.destroy();
  await eventually("the place is free again", async () =>
    (await upgradeBehind(t, server, version2("192.0.2.3"))).answer.startsWith("HTTP/1.1 101 "));
  for (const broken of ["", "PROXY TCP4 192.0.2.1\r\n"]) assert.equal((await upgradeBehind(t, server, broken)).answer, "");
});

test("entry: nobody believes a stranger about addresses", { timeout }, async (t) => {
  const server = await startCentrifuge(t, {
    proxy: { trusted: ["192.0.2.0/24"], protocol: true, header: "x-forwarded-for" },
  });
  assert.match((await upgradeBehind(t, server, version2("198.51.100.1"))).answer, /^HTTP\/1\.1 400 /);
  const socket = await upgradeBehind(t, server, "", "X-Forwarded-For: 198.51.100.1\r\n");
  assert.match(socket.answer, /^HTTP\/1\.1 101 /);
  assert.equal((await connectionOf(server, {})).address, "127.0.0.1");
});

for (const [kind, header] of [
  ["x-forwarded-for", "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 198.51.100.1, 127.0.0.1\r\n"],
  ["forwarded", 'Forwarded: for=6.6.6.6, for="198.51.100.1:4711";proto=https\r\n'],
]) {
  test(`entry: ${kind} of a trusted proxy names the client`, { timeout }, async (t) => {
    const server = await startCentrifuge(t, {
      proxy: { trusted: ["127.0.0.1"], header: kind }, limit: { connections: 100, connections_per_address: 1 },
    });
    const socket = await upgradeBehind(t, server, "", header);
    assert.match(socket.answer, /^HTTP\/1\.1 101 /);
    assert.equal((await connectionOf(server, {})).address, "198.51.100.1");
    assert.match((await upgradeBehind(t, server, "", header)).answer, /^HTTP\/1\.1 429 /);
    assert.match((await upgradeBehind(t, server, "")).answer, /^HTTP\/1\.1 101 /); // the proxy itself
  });
}

test("entry: all addresses of one IPv6 network share its limits", { timeout }, async (t) => {
  const server = await startCentrifuge(t, {
    proxy: { trusted: ["127.0.0.1"], header: "x-forwarded-for" }, limit: { connections: 100, connections_per_address: 2 },
    rate: { address_message: "2/h" },
  });
  const from = async (address) => upgradeBehind(t, server, "", `X-Forwarded-For: ${address}\r\n`);
  const [first, second] = [await from("2001:db8::1"), await from("2001:db8::2")];
  for (const socket of [first, second]) assert.match(socket.answer, /^HTTP\/1\.1 101 /);
  assert.match((await from("2001:db8::3")).answer, /^HTTP\/1\.1 429 /);
  assert.match((await from("2001:db8:0:1::1")).answer, /^HTTP\/1\.1 101 /);
  const hello = Buffer.from([0x82, 0x81, 0, 0, 0, 0, 0x2a]); // binary, masked with zeros
  for (const socket of [first, second, first]) socket.write(hello);
  await within(10_000, "the refusal", (async () => {
    while (await exceeded(server, "address", "message") === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  })());
});

test("entry: a PROXY header that never ends is given up", { timeout }, async (t) => {
  const server = await startCentrifuge(t, {
    proxy: { trusted: ["127.0.0.1"], protocol: true }, limit: { handshake_timeout: "1s" },
  });
  const socket = net.connect(server.port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.write("PROXY TCP4 192.");
  await within(10_000, "the end", new Promise((resolve) => socket.once("close", resolve)));
});
