// Fault 15: everyone is cut at once and comes back at once, without any jitter.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { RawPeer } from "../system/support/raw_peer.mjs";
import { elapsed } from "../system/support/time.mjs";
import { assertMemoryBound, percentile, scale, underFault } from "./support/fault.mjs";

/** SYNs the kernel dropped because a backlog was full, on this machine since it started. */
async function listenDrops() {
  const [names, values] = (await readFile("/proc/net/netstat", "utf8")).split("\n")
    .filter((line) => line.startsWith("TcpExt:")).map((line) => line.split(" "));
  return Number(values[names.indexOf("ListenDrops")]);
}

test("fault 15: a herd that is cut at once is back in seconds, and the probe does not notice", { timeout: 120_000 * scale }, async (t) => {
  const count = 1000 * scale;
  const figures = await underFault(t, 15, {}, async (server) => {
    const gather = async () => {
      const times = [];
      const begun = performance.now();
      const peers = await Promise.all(Array.from({ length: count }, async (_, at) => {
        const peer = new Promise((resolve) => resolve(RawPeer.upgrade(server.port, { localAddress: `127.0.${1 + at % 4}.1` })));
        times.push(await elapsed(peer, begun));
        return peer;
      }));
      return { peers, times };
    };
    const first = await gather();
    await server.settle(count + 2);
    const drops = await listenDrops();
    for (const peer of first.peers) peer.socket.resetAndDestroy();
    const again = await gather();
    const totals = await server.settle(count + 2);
    assert.equal(totals.opened, 2 * count + 2);
    const last = Math.max(...again.times);
    for (const peer of again.peers) peer.destroy();
    assert.ok(last < 15_000, `the last was back after ${last.toFixed(0)} ms`);
    return `${count} cut and back, the last after ${last.toFixed(0)} ms, handshake p99 ` +
      `${percentile(again.times, 0.99).toFixed(0)} ms, ListenDrops +${await listenDrops() - drops}`;
  });
  assertMemoryBound(figures, count * 64 * 1024 + (32 << 20));
});
