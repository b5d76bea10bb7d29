// Fault 23: SIGTERM under load.
import assert from "node:assert/strict";
import test from "node:test";
import { Server } from "../system/support/server.mjs";
import { elapsed, every, parallel } from "../system/support/time.mjs";
import { scale } from "./support/fault.mjs";

test("fault 23: a drain under load is paced, flushes and tells everyone, and ends with 0 in time", { timeout: 120_000 * scale }, async (t) => {
  const count = 600 * scale;
  const rate = 300 * scale;
  const deadline = 20;
  const server = await Server.start(t, "--drain-rate", String(rate), "--drain-timeout", `${deadline}s`);
  const clients = [];
  await parallel(count, 50, async () => {
    const client = await server.connect();
    client.last = -1;
    client.take = ({ data }) => {
      assert.equal(Number(String(data).split(" ")[0]), client.last + 1, "no gap and no disorder up to the close");
      client.last++;
    };
    clients.push(client);
  });
  const speaker = clients[0];
  let sent = 0;
  const begun = performance.now();
  const stop = every(t, 10, () => {
    while (sent < (performance.now() - begun) / 10 && speaker.socket.readyState === speaker.socket.OPEN)
      speaker.send(`${sent++} ${"x".repeat(100)}`);
  });
  await new Promise((resolve) => { const look = setInterval(() => { if (clients[1].last > 50) { clearInterval(look); resolve(); } }, 10); });
  const start = performance.now();
  server.signal("SIGTERM");
  const times = await Promise.all(clients.map((client) => elapsed(client.closed, start)));
  const ends = await Promise.all(clients.map((client) => client.closed));
  stop();
  const exit = await server.exit((deadline + 5) * 1000);
  const seconds = (performance.now() - start) / 1000;
  assert.deepEqual(exit, { code: 0, signal: null });
  const told = ends.filter(({ code }) => code === 1001).length;
  assert.equal(told, count, "everyone is told");
  assert.ok(seconds <= deadline + 1);
  const spread = (Math.max(...times) - Math.min(...times)) / 1000;
  t.diagnostic(`fault 23: ${told} of ${count} told 1001 at ${(count / spread).toFixed(0)} a second (${rate} set), ` +
    `exit 0 after ${seconds.toFixed(1)} s, no message lost before the close frame`);
  assert.ok(count / spread < rate * 1.5, "not faster than the rate");
});
