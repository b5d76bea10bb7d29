// Fault 1: handshakes that drip or never begin end at one deadline, and starve nobody.
import assert from "node:assert/strict";
import test from "node:test";
import { upgradeRequest } from "../system/support/raw_peer.mjs";
import { elapsed, every } from "../system/support/time.mjs";
import { assertMemoryBound, percentile, scale, underFault } from "./support/fault.mjs";

const deadline = 2000;

test("fault 1: half-open handshakes end at their deadline, and good ones beside them pass", { timeout: 60_000 * scale }, async (t) => {
  const count = 400 * scale;
  const flags = ["--limit-handshake-timeout", `${deadline}ms`];
  const figures = await underFault(t, 1, { flags }, async (server) => {
    const before = await server.memory();
    const start = performance.now();
    const peers = await Promise.all(Array.from({ length: count }, () => server.rawPeer({ upgraded: false })));
    const ends = peers.map((peer) => elapsed(peer.ended, start));
    const request = upgradeRequest();
    let sent = 0;
    const stop = every(t, 250, () => {
      for (const [at, peer] of peers.entries()) if (at % 2 === 0 && !peer.hasEnded) peer.write(request[sent]);
      sent++;
    });
    const halfOpen = await server.memory();
    const handshakes = [];
    for (let good = 0; good < 50; good++) {
      const begun = performance.now();
      const client = await server.connect();
      handshakes.push(performance.now() - begun);
      client.terminate();
    }
    const last = Math.max(...await Promise.all(ends));
    stop();
    assert.ok(last <= deadline + 5000, `the last was closed after ${last.toFixed(0)} ms`); // a busy machine
    return `${count} half-open, the last closed after ${last.toFixed(0)} ms at a deadline of ${deadline} ms, ` +
      `${((halfOpen.now - before.now) / count / 1024).toFixed(1)} KiB each, good handshakes p99 ${percentile(handshakes, 0.99).toFixed(1)} ms`;
  });
  assertMemoryBound(figures, count * 16 * 1024 + (16 << 20));
});
