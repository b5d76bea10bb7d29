// SIGTERM and SIGINT: everyone is told 1001, what was accepted is delivered, the process ends with 0.
import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Receiver } from "./support/receiver.mjs";
import { request, Server } from "./support/server.mjs";
import { elapsed, eventually, every } from "./support/time.mjs";

const timeout = 60_000;
const goingAway = { code: 1001, reason: "shutting down" };

for (const signal of ["SIGTERM", "SIGINT"]) {
  test(`drain: ${signal} under load closes everyone with 1001 and ends with 0`, { timeout }, async (t) => {
    const server = await Server.start(t);
    const clients = await server.connectMany(200);
    for (const client of clients) client.take = () => {};
    every(t, 10, () => {
      for (const client of clients.slice(0, 20))
        if (client.socket.readyState === client.socket.OPEN) client.send("x".repeat(200));
    });
    await eventually("the load runs", async () => (await server.totals()).connections === clients.length);

    server.signal(signal);
    for (const client of clients) assert.deepEqual(await client.closed, goingAway);
    assert.deepEqual(await server.exit(), { code: 0, signal: null });
  });
}

test("drain: what was delivered to an outbox before the signal arrives before the close frame", { timeout }, async (t) => {
  const server = await Server.start(t);
  const [speaker, witness, ...listeners] = await server.connectMany(50);
  for (let sent = 0; sent < 500; sent++) speaker.send(String(sent));
  for (let heard = 0; heard < 500; heard++) await witness.nextText(); // the server has fanned them out
  server.signal("SIGTERM");
  for (const client of listeners) {
    assert.deepEqual(await client.closed, goingAway);
    assert.deepEqual(client.received.map(({ data }) => Number(data)), Array.from({ length: 500 }, (_, index) => index));
  }
});

test("drain: connections are closed at the rate set", { timeout }, async (t) => {
  const server = await Server.start(t, "--drain-rate", "100");
  const clients = await server.connectMany(200);
  const start = performance.now();
  const times = clients.map((client) => elapsed(client.closed, start));
  server.signal("SIGTERM");
  const sorted = (await Promise.all(times)).sort((a, b) => a - b);
  const total = sorted.at(-1);
  assert.ok(total >= 1700 && total <= 3500, `200 clients at 100 a second took ${total.toFixed(0)} ms`);
  const half = sorted[100];
  assert.ok(half > total * 0.3 && half < total * 0.7, `half of them after ${half.toFixed(0)} ms: evenly paced`);
  assert.deepEqual(await server.exit(), { code: 0, signal: null });
});

test("drain: meanwhile nobody is accepted and readiness is false", { timeout }, async (t) => {
  const server = await Server.start(t, "--drain-rate", "5");
  await server.connectMany(10);
  assert.equal((await request(server.adminPort, "/health")).status, 200);
  server.signal("SIGTERM");
  await eventually("the port is closed", () => new Promise((resolve) => {
    const probe = net.connect(server.port, "127.0.0.1");
    probe.once("error", () => resolve(true));
    probe.once("connect", () => { probe.destroy(); resolve(false); });
  }), 1000);
  assert.equal((await request(server.adminPort, "/health")).status, 503);
  assert.deepEqual(await server.exit(), { code: 0, signal: null });
});

test("drain: peers that never answer the close do not hold the exit beyond the deadline", { timeout }, async (t) => {
  const server = await Server.start(t, "--drain-timeout", "1500ms", "--outbox-close-timeout", "20s");
  await Promise.all(Array.from({ length: 20 }, () => server.rawPeer()));
  server.signal("SIGTERM");
  const time = await elapsed(server.exit());
  assert.ok(time >= 1400 && time <= 3500, `exit after ${time.toFixed(0)} ms`);
  assert.deepEqual(await server.exit(), { code: 0, signal: null });
});

test("drain: a second signal ends the process at once", { timeout }, async (t) => {
  const server = await Server.start(t, "--drain-rate", "1");
  const clients = await server.connectMany(30);
  server.signal("SIGTERM");
  await Promise.race(clients.map((client) => client.closed)); // the drain has begun
  await pause(500);
  server.signal("SIGTERM");
  assert.ok(await elapsed(server.exit()) < 1000);
});

test("drain: an idle server exits at once", { timeout }, async (t) => {
  const server = await Server.start(t);
  server.signal("SIGTERM");
  assert.ok(await elapsed(server.exit()) < 2000);
  assert.deepEqual(await server.exit(), { code: 0, signal: null });
});

test("drain: a request of the API that is under way gets its answer, and connections are not kept meanwhile", { timeout }, async (t) => {
  let go;
  const held = new Promise((resolve) => { go = resolve; });
  const receiver = await Receiver.start(t, async () => (await held, { body: '{"result":{"data":7}}' }));
  const server = await Server.start(t, "--api-key", "k", "--webhook-rpc", receiver.url("/rpc"));
  const ask = (method, body) => request(server.adminPort, `/api/${method}`,
    { method: "POST", headers: { "X-API-Key": "k" }, body: JSON.stringify(body) });
  const asked = ask("rpc", { method: "m" });
  await eventually("it is asked", () => receiver.requests.length === 1);
  server.signal("SIGTERM");
  await eventually("nobody else is served", () => request(server.adminPort, "/health").then(() => false, () => true));
  go();
  const { status, headers, body } = await asked;
  assert.deepEqual([status, JSON.parse(body), headers.connection], [200, { result: { data: 7 } }, "close"]);
  assert.deepEqual(await server.exit(), { code: 0, signal: null });
});

test("drain: a request of the API that is never answered does not hold the exit for long", { timeout }, async (t) => {
  const receiver = await Receiver.start(t, () => undefined);
  const server = await Server.start(t, "--api-key", "k", "--webhook-rpc", receiver.url("/rpc"), "--webhook-timeout", "30s");
  const asked = request(server.adminPort, "/api/rpc", { method: "POST", headers: { "X-API-Key": "k" }, body: '{"method":"m"}' });
  asked.catch(() => {});
  await eventually("it is asked", () => receiver.requests.length === 1);
  server.signal("SIGTERM");
  assert.ok(await elapsed(server.exit()) < 6000);
  await assert.rejects(asked);
});
