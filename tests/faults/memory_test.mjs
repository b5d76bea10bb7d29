// Fault 14: more is queued than there is memory for. The slowest lose their queues first; the process stays.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { Server } from "../system/support/server.mjs";
import { eventually, every, parallel } from "../system/support/time.mjs";
import { MemoryCage } from "./support/cage.mjs";
import { drained, mib, scale, underFault } from "./support/fault.mjs";

// Each talks to itself and never reads, as fast as loopback lets it, 8 MiB: messages of one group share no bytes with
// others.
const message = frame(opcode.binary, Buffer.alloc(32 * 1024, 7));
async function chatter(server, at) {
  const peer = await server.rawPeer({ target: `/ws/slow-${at}` }).catch(() => undefined); // refused
  if (!peer) return;
  peer.socket.pause();
  for (let sent = 0; sent < 256 && !peer.hasEnded && !peer.socket.destroyed; sent++)
    await (peer.socket.write(message) || drained(peer.socket, 1000));
  return peer;
}

test("fault 14: within its memory budget the server sheds the slow, refuses newcomers and serves the others", { timeout: 90_000 * scale }, async (t) => {
  const budget = 160 << 20;
  const flags = ["--limit-memory-bytes", String(budget), "--outbox-max-bytes", String(8 << 20), "--outbox-socket-send-buffer", "16384",
    "--outbox-write-timeout", "60s", "--outbox-close-timeout", "500ms", "--websocket-read-window-bytes", "256KiB"];
  const { after } = await underFault(t, 14, { flags }, async (server) => {
    const healthy = await server.connectMany(10, "/ws/healthy");
    const count = 60 * scale;
    const all = Promise.all(Array.from({ length: count }, (_, at) => chatter(server, at)));
    const levels = () => server.events.filter(({ event }) => event === "memory_level").map(({ level }) => level);
    // Whoever comes while it is short is refused, until there is room again: that may be before its log is read.
    const statuses = {};
    let end = Infinity;
    const newcomers = (async () => {
      while (performance.now() < end) {
        const answer = await server.connect("/ws/newcomer").then((client) => { client.terminate(); return 101; }, (error) => error.status ?? "none");
        statuses[answer] = (statuses[answer] ?? 0) + 1;
      }
    })();
    try {
      await eventually("the budget is noticed", () => levels().includes("shedding") || levels().includes("full"), 30_000);
    } finally {
      end = performance.now() + 3000;
      await newcomers;
    }
    const chatters = await all;
    const totals = await server.totals();
    const peak = Math.max(...server.events.filter(({ event }) => event === "memory_level").map(({ resident }) => Number(resident)));
    assert.ok(totals.closed_by_reason.slow_consumer > 0, JSON.stringify(totals.closed_by_reason));
    healthy[0].send("still there");
    for (const client of healthy) assert.equal(await client.nextText(), "still there");
    assert.ok(statuses[503] > 0, `newcomers were answered ${JSON.stringify(statuses)}`);
    for (const client of healthy) client.terminate();
    for (const peer of chatters) peer?.destroy();
    return `levels ${[...new Set(levels())].join(", ")}, ${totals.closed_by_reason.slow_consumer} of ${count} slow ones closed, ` +
      `newcomers answered ${JSON.stringify(statuses)}, ${mib(peak)} at a change of level, budget ${mib(budget)}`;
  });
  assert.ok(after.peak <= budget, `${mib(after.peak)} of ${mib(budget)}`);
});

test("fault 14: 5,000 clients and slow readers never get it killed in a memory cgroup of 256 MiB", { timeout: 180_000 * scale }, async (t) => {
  const limit = 256 << 20;
  const cage = await MemoryCage.make(limit);
  t.diagnostic(cage ? "in a memory cgroup" : "no memory cgroup can be made here: its resident memory is held against 256 MiB instead");
  const flags = ["--limit-memory-bytes", "208MiB", "--limit-handshake-timeout", "60s", "--outbox-max-bytes", String(8 << 20), "--outbox-socket-send-buffer", "16384",
    "--outbox-write-timeout", "60s", "--outbox-close-timeout", "500ms", "--websocket-read-window-bytes", "256KiB"];
  const start = async () => {
    const server = await Server.startAs(t, { under: cage?.command ?? [] }, ...flags);
    t.after(() => cage?.remove()); // after the server's own end
    return server;
  };
  const { after } = await underFault(t, 14, { start }, async (server) => {
    const crowd = [];
    await parallel(5000, 100, async (at) => {
      const peer = await server.rawPeer({ target: "/ws/crowd", localAddress: `127.0.${1 + at % 4}.1` });
      peer.socket.on("data", () => { peer.bytes = Buffer.alloc(0); });
      crowd.push(peer);
    });
    await server.settle(5002, 60_000);
    const stop = every(t, 500, () => crowd[0].write(frame(opcode.text, "to all of the crowd")));
    // 1.6 GiB to be queued.
    const chatters = [];
    await parallel(200 * scale, 50, async (at) => chatters.push(await chatter(server, at)));
    await eventually("slow ones are closed", async () => (await server.totals()).closed_by_reason.slow_consumer > 0, 30_000);
    stop();
    const totals = await server.totals();
    assert.equal(crowd.filter((peer) => peer.hasEnded).length, 0, "none of the crowd was closed");
    for (const peer of [...crowd, ...chatters]) peer?.destroy();
    if (cage) assert.equal(await cage.kills(), 0, "nothing was killed");
    return `5,000 clients, ${totals.closed_by_reason.slow_consumer} of ${200 * scale} slow ones closed, ` +
      (cage ? `${mib(await cage.peak())} charged to the cgroup at most, 0 killed` : "no cgroup");
  });
  assert.ok(after.peak <= limit, `${mib(after.peak)} of ${mib(limit)}`);
});
