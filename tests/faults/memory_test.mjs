// Fault 14: more is queued than there is memory for. The slowest lose their queues first; the process stays.
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { eventually } from "../system/support/time.mjs";
import { drained, mib, scale, underFault } from "./support/fault.mjs";

test("fault 14: within its memory budget the server sheds the slow, refuses newcomers and serves the others", { timeout: 90_000 * scale }, async (t) => {
  const budget = 160 << 20;
  const flags = ["--limit-memory-bytes", String(budget), "--outbox-max-bytes", String(8 << 20), "--outbox-socket-send-buffer", "16384",
    "--outbox-write-timeout", "60s", "--outbox-close-timeout", "500ms", "--websocket-read-window-bytes", "256KiB"];
  const { after } = await underFault(t, 14, { flags }, async (server) => {
    const healthy = await server.connectMany(10, "/ws/healthy");
    // Each talks to itself and never reads: messages of one group only share no bytes with others. 100 messages a
    // second each are 1.6 Gbit/s together.
    const count = 60 * scale;
    const message = frame(opcode.binary, Buffer.alloc(32 * 1024, 7));
    const chatter = async (at) => {
      const peer = await server.rawPeer({ target: `/ws/slow-${at}` }).catch(() => undefined); // refused
      if (!peer) return;
      peer.socket.pause();
      for (let sent = 0; sent < 256 && !peer.hasEnded && !peer.socket.destroyed; sent++)
        await Promise.all([peer.socket.write(message) || drained(peer.socket, 1000), pause(10)]);
    };
    const all = Promise.all(Array.from({ length: count }, (_, at) => chatter(at)));
    const levels = () => server.events.filter(({ event }) => event === "memory_level").map(({ level }) => level);
    await eventually("the budget is noticed", () => levels().includes("shedding") || levels().includes("full"), 30_000);
    // Whoever comes while it is short is refused, until there is room again.
    const statuses = {};
    for (const end = performance.now() + 3000; performance.now() < end;) {
      const answer = await server.connect("/ws/newcomer").then((client) => { client.terminate(); return 101; }, (error) => error.status ?? "none");
      statuses[answer] = (statuses[answer] ?? 0) + 1;
    }
    await all;
    const totals = await server.totals();
    const peak = Math.max(...server.events.filter(({ event }) => event === "memory_level").map(({ resident }) => Number(resident)));
    assert.ok(totals.closed_by_reason.slow_consumer > 0, JSON.stringify(totals.closed_by_reason));
    healthy[0].send("still there");
    for (const client of healthy) assert.equal(await client.nextText(), "still there");
    assert.ok(statuses[503] > 0, `newcomers were answered ${JSON.stringify(statuses)}`);
    for (const client of healthy) client.terminate();
    return `levels ${[...new Set(levels())].join(", ")}, ${totals.closed_by_reason.slow_consumer} of ${count} slow ones closed, ` +
      `newcomers answered ${JSON.stringify(statuses)}, ${mib(peak)} at a change of level, budget ${mib(budget)}`;
  });
  assert.ok(after.peak <= budget, `${mib(after.peak)} of ${mib(budget)}`);
});
