// A server without descriptors left does not spin, does not stop, and keeps the clients it has.
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Server } from "./support/server.mjs";
import { eventually } from "./support/time.mjs";

test("descriptors: when descriptors run out the server waits, keeps its clients and recovers", { timeout: 60_000 }, async (t) => {
  const server = await Server.startAs(t, { descriptors: 64 });
  const [speaker, listener] = await server.connectMany(2);
  // Some of them are turned away at once.
  const crowd = await Promise.allSettled(Array.from({ length: 200 }, () => server.rawPeer({ upgraded: false })));
  await eventually("the server has no descriptor left", async () => await server.openDescriptors() >= 62);
  const before = await server.cpuSeconds();
  for (let round = 0; round < 20; round++) {
    speaker.send(`round ${round}`);
    assert.equal(await listener.nextText(), `round ${round}`);
    await pause(50);
  }
  assert.ok(await server.cpuSeconds() - before < 0.5, "it does not spin while it cannot accept");
  for (const { value: peer } of crowd) peer?.destroy();
  await eventually("a client is accepted again", () => server.connect().then(() => true, () => false));
});
