// The examples, each driven by a real client.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import readline from "node:readline";
import test from "node:test";
import WebSocket from "ws";
import { cleanEnvironment } from "./support/server.mjs";
import { within } from "./support/time.mjs";

const timeout = 20_000;

/** Starts an example on a port the kernel chooses, and learns it from the line the example prints. */
async function start(t, program) {
  assert.ok(program, "the example's path is in the environment");
  const child = spawn(program, ["0"], { env: cleanEnvironment(), stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const lines = readline.createInterface({ input: child.stdout });
  const line = await within(5000, "the example's first line", new Promise((resolve) => lines.once("line", resolve)));
  const exit = new Promise((resolve) => child.once("close", resolve));
  return { child, exit, port: Number(line.match(/:(\d+)\//)[1]) };
}

test("examples: the clock tells its group the time, and nobody else", { timeout }, async (t) => {
  const { child, exit, port } = await start(t, process.env.TROUPE_EXAMPLE_CLOCK);
  const elsewhere = new WebSocket(`ws://127.0.0.1:${port}/ws/other`);
  elsewhere.on("message", () => assert.fail("another group hears the clock"));
  const listener = new WebSocket(`ws://127.0.0.1:${port}/ws/clock`);
  const times = [];
  await within(10_000, "three times", new Promise((resolve, reject) => {
    listener.on("error", reject);
    listener.on("message", (data) => times.push(String(data)) === 3 && resolve());
  }));
  for (const time of times) assert.match(time, /^\d\d:\d\d:\d\d$/);
  const closed = new Promise((resolve) => listener.once("close", resolve));
  child.kill("SIGTERM");
  assert.equal(await closed, 1001);
  assert.equal(await exit, 0);
});
