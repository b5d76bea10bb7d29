// A peer that is gone without a word is found out in time; one that is only silent stays.
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { frame, opcode } from "./support/raw_peer.mjs";
import { Server } from "./support/server.mjs";
import { elapsed, every, within } from "./support/time.mjs";

const timeout = 60_000;
const interval = 500;
const pong = 400;
const close = 300;
const slack = 1000; // a busy machine with two cores
const heartbeat = ["--heartbeat-ping-interval", `${interval}ms`, "--heartbeat-pong-timeout", `${pong}ms`,
  "--outbox-close-timeout", `${close}ms`];

/** Connects half-open peers and checks that each is told within ping interval + pong timeout, then cut. */
async function assertFoundOut(t, server, count) {
  const start = performance.now();
  const peers = await Promise.all(Array.from({ length: count }, () => server.rawPeer()));
  const told = await Promise.all(peers.map(async (peer) => {
    const status = await peer.closeFrame();
    assert.deepEqual(status, { code: 4012, reason: "no pong" });
    return performance.now() - start;
  }));
  const cut = await Promise.all(peers.map((peer) => elapsed(peer.ended, start)));
  t.diagnostic(`told after ${Math.min(...told).toFixed(0)} to ${Math.max(...told).toFixed(0)} ms, ` +
    `cut by ${Math.max(...cut).toFixed(0)} ms`);
  assert.ok(Math.min(...told) >= interval / 2 + pong, "nobody goes before the pong timeout");
  assert.ok(Math.max(...told) <= interval + pong + slack, "nobody stays longer");
  assert.ok(Math.max(...cut) <= interval + pong + close + slack, "the closing does not wait for an answer");
}

test("heartbeat: half-open peers leave within ping interval and pong timeout", { timeout }, async (t) => {
  const server = await Server.start(t, ...heartbeat);
  const base = await server.openDescriptors();
  await assertFoundOut(t, server, 100);
  const totals = await server.settleEmpty(base);
  assert.equal(totals.closed_by_reason.pong_timeout, 100);
});

test("heartbeat: half-open peers leave in time while broadcasts run", { timeout }, async (t) => {
  const server = await Server.start(t, ...heartbeat);
  const speaker = await server.connect();
  speaker.take = () => {};
  every(t, 20, () => speaker.send("x".repeat(100)));
  await assertFoundOut(t, server, 20);
  const totals = await server.settle(1);
  assert.equal(totals.closed_by_reason.pong_timeout, 20);
});

test("heartbeat: clients that answer pings stay, however silent", { timeout }, async (t) => {
  const server = await Server.start(t, ...heartbeat);
  const clients = await server.connectMany(50);
  const fivePings = clients.map((client) => new Promise((resolve) => {
    let pings = 0;
    client.socket.on("ping", () => { if (++pings === 5) resolve(); });
  }));
  await within(10 * (interval + slack), "five pings each", Promise.all(fivePings));
  assert.equal((await server.totals()).connections, clients.length);
});

test("heartbeat: clients that send pings of their own take no more memory than silent ones", { timeout }, async (t) => {
  const count = 1000;
  const server = await Server.start(t, "--listen-loops", "1");
  const peers = [];
  while (peers.length < count) peers.push(...await Promise.all(Array.from({ length: 100 }, () => server.rawPeer())));
  const { now: before } = await server.memory();
  for (const peer of peers) peer.write(frame(opcode.ping, "alive"));
  for (const peer of peers) assert.deepEqual(await peer.nextFrame(), { code: opcode.pong, payload: Buffer.from("alive") });
  const grown = ((await server.memory()).now - before) / count;
  t.diagnostic(`${grown.toFixed(0)} B a connection`);
  assert.ok(grown < 1000, `each took ${grown.toFixed(0)} B more`);
});

test("heartbeat: pings are spread over the interval instead of sent in one instant", { timeout }, async (t) => {
  const spread = 2000;
  const server = await Server.start(t, "--heartbeat-ping-interval", `${spread}ms`, "--heartbeat-pong-timeout", "1s");
  const clients = await server.connectMany(100);
  const times = await Promise.all(clients.map((client) =>
    new Promise((resolve) => client.socket.once("ping", () => resolve(performance.now())))));
  const width = Math.max(...times) - Math.min(...times);
  assert.ok(width > spread / 3, `100 first pings came within ${width.toFixed(0)} ms`);
});

test("heartbeat: an idle client is closed though it answers pings, an active one is not", { timeout }, async (t) => {
  const idle = 1000;
  const server = await Server.start(t, ...heartbeat, "--heartbeat-idle-timeout", `${idle}ms`);
  const active = await server.connect();
  active.take = () => {};
  every(t, idle / 5, () => active.send("here"));
  const silent = await server.connect();
  const time = await elapsed(silent.closed);
  assert.ok(time >= idle - 100 && time <= idle + slack, `closed after ${time} ms`);
  const totals = await server.settle(1);
  assert.equal(totals.closed_by_reason.idle, 1);
});

test("heartbeat: a handshake that is never finished is cut at its deadline, however slowly it drips", { timeout }, async (t) => {
  const deadline = 1000;
  const server = await Server.start(t, "--limit-handshake-timeout", `${deadline}ms`);
  const base = await server.openDescriptors();
  const start = performance.now();
  const silent = await server.rawPeer({ upgraded: false });
  const half = await server.rawPeer({ upgraded: false });
  half.write("GET /ws HTTP/1.1\r\nHost: loc");
  const dripping = await server.rawPeer({ upgraded: false });
  const request = "GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Long: " + "x".repeat(1000);
  let at = 0;
  every(t, 100, () => dripping.write(request[at++]));
  for (const peer of [silent, half, dripping]) {
    const time = await elapsed(peer.ended, start);
    assert.ok(time >= deadline - 100 && time <= deadline + slack, `cut after ${time} ms`);
  }
  await server.settleEmpty(base);
});

test("heartbeat: a message that is never finished is closed with 1008, one that takes its time is not", { timeout }, async (t) => {
  const server = await Server.start(t, "--websocket-message-timeout", "1s", "--outbox-close-timeout", "300ms");
  const start = performance.now();
  const peer = await server.rawPeer();
  peer.write(frame(opcode.text, "begun", { fin: false }));
  const slow = await server.connect();
  for (const fin of [false, false, true]) {
    slow.send("x", { fin });
    await pause(250);
  }
  assert.equal(await slow.nextText(), "xxx");
  assert.deepEqual(await peer.closeFrame(), { code: 1008, reason: "message timeout" });
  const time = performance.now() - start;
  assert.ok(time >= 1000 && time <= 1000 + slack, `closed after ${time.toFixed(0)} ms`);
  await slow.close();
  const totals = await server.settle(0);
  assert.equal(totals.closed_by_reason.message_timeout, 1);
});

test("heartbeat: a peer that never answers the close frame is cut at the close timeout", { timeout }, async (t) => {
  const server = await Server.start(t, "--outbox-close-timeout", "500ms");
  const base = await server.openDescriptors();
  const peer = await server.rawPeer();
  peer.write(frame(opcode.text, Buffer.from([0xff]))); // not UTF-8: the server starts the closing
  assert.equal((await peer.closeFrame()).code, 1007);
  assert.ok(await elapsed(peer.ended) <= 500 + slack);
  await server.settleEmpty(base);
});
