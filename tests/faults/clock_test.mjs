// Fault 26: the clock on the wall jumps. Everything that is timed goes by a steady clock.
import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Server } from "../system/support/server.mjs";
import { eventually } from "../system/support/time.mjs";
import { scale, underFault } from "./support/fault.mjs";

const day = 24 * 60 * 60;

test("fault 26: jumps of the clock by days and a saw of seconds disconnect nobody and stop no timer", { timeout: 90_000 * scale }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "troupe-clock-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "clock");
  const shift = (seconds) => {
    writeFileSync(`${file}.new`, `${seconds >= 0 ? "+" : ""}${seconds}\n`);
    renameSync(`${file}.new`, file);
  };
  shift(0);
  const start = () => Server.startAs(t, {
    environment: { LD_PRELOAD: process.env.TROUPE_LIBFAKETIME, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1", DONT_FAKE_MONOTONIC: "1" },
  }, "--heartbeat-ping-interval", "400ms", "--heartbeat-pong-timeout", "300ms", "--log-level", "debug");
  await underFault(t, 26, { start }, async (server) => {
    const clients = await server.connectMany(50);
    const pings = clients.map((client) => {
      const times = [];
      client.socket.on("ping", () => times.push(performance.now()));
      return times;
    });
    const jumps = [day, -day, 1, -1, 1, -1, 1, -1, 0];
    for (const jump of jumps) {
      shift(jump);
      const seen = pings.map((times) => times.length);
      await eventually("everyone is pinged once more", () => pings.every((times, at) => times.length > seen[at]));
    }
    assert.equal((await server.totals()).closed, 0, "nobody was disconnected");
    const gaps = pings.flatMap((times) => times.slice(2).map((time, at) => time - times[at + 1]));
    await (await server.connect()).close();
    await eventually("an event is logged", () => server.events.length > 1);
    for (const client of clients) client.terminate();
    // That the clock did jump shows in the log.
    shift(day);
    (await server.connect()).terminate();
    await eventually("the log tells tomorrow", () => server.events.some(({ time }) => Date.parse(time) > Date.now() + day * 500));
    shift(0);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    assert.ok(Math.abs(mean - 400) < 200, `pings came every ${mean.toFixed(0)} ms`);
    return `${jumps.length} jumps of up to a day, 0 of ${clients.length} disconnected, a ping every ${mean.toFixed(1)} ms of 400 set`;
  });
});
