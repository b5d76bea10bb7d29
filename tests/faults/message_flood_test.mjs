// Fault 16: one client that sends as fast as it can is read at the pace allowed, and nobody else waits for it.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { assertMemoryBound, drained, scale, underFault } from "./support/fault.mjs";

const [rate, burst] = [200, 50];

for (const [what, size] of [["64 bytes", 64], ["4 KiB", 4096]])
  test(`fault 16: a flood of messages of ${what} is published at the rate allowed`, { timeout: 60_000 * scale }, async (t) => {
    const seconds = 4 * scale;
    const flags = ["--websocket-messages-per-second", String(rate), "--websocket-message-burst", String(burst)];
    const figures = await underFault(t, 16, { flags }, async (server) => {
      const witness = await server.connect("/ws/flooded");
      let heard = 0;
      witness.take = () => { heard++; };
      const peer = await server.rawPeer({ target: "/ws/flooded" });
      peer.socket.removeAllListeners("data");
      peer.socket.resume();
      const chunk = Buffer.concat(Array(50).fill(frame(opcode.binary, Buffer.alloc(size))));
      const begun = performance.now();
      while (performance.now() - begun < seconds * 1000) {
        if (!peer.socket.write(chunk)) await drained(peer.socket);
        else await new Promise(setImmediate);
      }
      const took = (performance.now() - begun) / 1000;
      const published = heard;
      const { reads_paused: paused, connections } = await server.totals();
      assert.equal(connections, 4, "nobody is closed for it");
      peer.destroy();
      witness.terminate();
      const allowed = rate * took + burst;
      assert.ok(published <= allowed * 1.05, `${published} messages in ${took.toFixed(1)} s`);
      assert.ok(published >= allowed * 0.7, `${published} messages in ${took.toFixed(1)} s`);
      assert.ok(paused > 0);
      return `${published} messages of ${what} published in ${took.toFixed(1)} s, ${allowed.toFixed(0)} allowed`;
    });
    assertMemoryBound(figures, 8 << 20);
  });
