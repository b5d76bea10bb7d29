// Fault 13: without descriptors the server neither spins nor stops; it goes on by itself when there are some.
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { RawPeer } from "../system/support/raw_peer.mjs";
import { Server } from "../system/support/server.mjs";
import { elapsed, eventually } from "../system/support/time.mjs";
import { scale, underFault } from "./support/fault.mjs";

test("fault 13: a crowd beyond the descriptors costs no processor time, and service resumes in a second", { timeout: 90_000 * scale }, async (t) => {
  const descriptors = 256;
  const seconds = 4 * scale;
  const start = () => Server.startAs(t, { descriptors }, "--limit-handshake-timeout", "10m");
  await underFault(t, 13, { start }, async (server) => {
    const connected = await Promise.allSettled(Array.from({ length: 1000 }, () => server.rawPeer({ upgraded: false })));
    const crowd = connected.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
    await eventually("no descriptor is left", async () => await server.openDescriptors() >= descriptors - 2);
    const cpu = await server.cpuSeconds();
    await pause(seconds * 1000);
    const load = (await server.cpuSeconds() - cpu) / seconds;
    const lines = server.events.filter(({ event }) => event === "accept_failed").length;
    for (const peer of crowd.slice(0, -100)) peer.destroy(); // what is left fits
    const back = await elapsed(eventually("a client is accepted again", async () => {
      try {
        (await RawPeer.upgrade(server.port)).destroy();
        return true;
      } catch {
        return false;
      }
    }));
    for (const peer of crowd) peer.destroy();
    assert.ok(load < 0.25, `${load.toFixed(2)} of a core while full, the probe's share included`);
    assert.ok(lines <= 2 * (seconds + 2), `${lines} log lines`);
    assert.ok(back < 10_000);
    return `${(load * 100).toFixed(1)} % of a core while full, probe included, ${lines} log lines in ${seconds} s, ` +
      `accepted again after ${back.toFixed(0)} ms`;
  });
});
