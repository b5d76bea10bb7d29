// Fault 29: peers that abuse the closing handshake leave nothing behind.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { eventually, parallel } from "../system/support/time.mjs";
import { scale, tcpStates, underFault } from "./support/fault.mjs";

const close = frame(opcode.close, Buffer.from([0x03, 0xe8]));
const bad = frame(opcode.text, Buffer.from([0xff])); // makes the server begin the closing

const abuses = {
  "close frame, never FIN": (peer) => peer.write(close),
  "bad frame, never answers the close": (peer) => peer.write(bad),
  "data after the close frame": (peer) => peer.write(close, ...Array(50).fill(frame(opcode.text, "late"))),
  "FIN without a close frame": (peer) => peer.socket.end(),
  "FIN within a frame": (peer) => { peer.write(frame(opcode.text, "begun").subarray(0, 4)); peer.socket.end(); },
  "reset": (peer) => peer.socket.resetAndDestroy(),
  "close frame and reset": (peer) => { peer.write(close); setImmediate(() => peer.socket.resetAndDestroy()); },
};

test("fault 29: whichever way peers leave, nothing of them is left after the close timeout", { timeout: 120_000 * scale }, async (t) => {
  const each = 100 * scale;
  await underFault(t, 29, { flags: ["--outbox-close-timeout", "2s"] }, async (server) => {
    const kinds = Object.values(abuses);
    const peers = [];
    await parallel(each * kinds.length, 50, async (at) => {
      const peer = await server.rawPeer();
      peers.push(peer);
      kinds[at % kinds.length](peer);
    });
    const begun = performance.now();
    await server.settle(2);
    const seconds = (performance.now() - begun) / 1000;
    let states;
    await eventually("no socket is left in CLOSE_WAIT or ESTABLISHED but the probe's", async () => {
      states = await tcpStates(server.port);
      return (states.CLOSE_WAIT ?? 0) === 0 && (states.ESTABLISHED ?? 0) <= 2;
    }, 15_000).catch((error) => { throw new Error(`${error.message}: ${JSON.stringify(states)}`); });
    for (const peer of peers) peer.destroy();
    return `${each} peers in each of ${kinds.length} ways, all gone ${seconds.toFixed(1)} s after the last, 0 in CLOSE_WAIT`;
  });
});
