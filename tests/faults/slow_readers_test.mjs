// Fault 2: clients that never read lose their connection; the others lose nothing.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { every } from "../system/support/time.mjs";
import { assertMemoryBound, scale, underFault } from "./support/fault.mjs";

test("fault 2: readers that never read are closed, silent or chatty, and memory stays bounded", { timeout: 90_000 * scale }, async (t) => {
  const count = 60 * scale;
  const [outbox, sendBuffer, writeTimeout, closeTimeout] = [256 * 1024, 32 * 1024, 2000, 1000];
  const flags = ["--outbox-max-bytes", String(outbox), "--outbox-socket-send-buffer", String(sendBuffer),
    "--outbox-write-timeout", `${writeTimeout}ms`, "--outbox-close-timeout", `${closeTimeout}ms`];
  const figures = await underFault(t, 2, { flags }, async (server) => {
    const peers = await Promise.all(Array.from({ length: count }, () => server.rawPeer()));
    for (const peer of peers) peer.socket.pause();
    const speaker = await server.connect("/ws", { localAddress: "127.0.0.2" });
    speaker.take = () => {};
    const payload = "x".repeat(1024);
    let sent = 0;
    const begun = performance.now();
    const stop = [
      every(t, 10, () => { while (sent < (performance.now() - begun) / 2 && sent < 10_000) { speaker.send(payload); sent++; } }),
      every(t, 1000, () => { for (const [at, peer] of peers.entries()) if (at % 2 === 0) peer.write(frame(opcode.text, "chatter")); }),
    ];
    const totals = await server.settle(3, 30_000);
    const seconds = (performance.now() - begun) / 1000;
    for (const end of stop) end();
    const reasons = totals.closed_by_reason;
    assert.equal(reasons.slow_consumer + reasons.write_timeout, count, JSON.stringify(reasons));
    const filled = sent / 1000 * 2; // the seconds of broadcasting, of which the queues took part
    speaker.terminate();
    return `${count} readers gone after ${seconds.toFixed(1)} s and ${sent} KiB each (${filled.toFixed(1)} s of 500/s), ` +
      `${reasons.slow_consumer} as slow_consumer, ${reasons.write_timeout} as write_timeout`;
  });
  assertMemoryBound(figures, count * outbox + (32 << 20));
});
