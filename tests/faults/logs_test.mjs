// Fault 20: text of clients cannot forge a log line. Fault 27: a log that cannot be written stops nothing.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import test from "node:test";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { binary, cleanEnvironment, freePort, request } from "../system/support/server.mjs";
import { Client } from "../system/support/client.mjs";
import { eventually, parallel, within } from "../system/support/time.mjs";
import { scale, underFault } from "./support/fault.mjs";
import { assertHealthy, Probe } from "./support/probe.mjs";

const timeout = 60_000 * scale;
const hostile = ["a\r\n{\"event\":\"forged\"}", "\u001b[2J\u001b[31m", "\u0000\u0007\u009b31m", "\u202egnp.exe", "\"},{\"event\":\"forged\"", "x".repeat(123)];

test("fault 20: what clients say in close frames stays within its field and its line", { timeout }, async (t) => {
  const count = 300 * scale;
  await underFault(t, 20, { flags: ["--log-level", "debug", "--log-lines-per-second", "0"] }, async (server) => {
    await parallel(count, 30, async (at) => {
      const peer = await server.rawPeer();
      const reason = Buffer.from(hostile[at % hostile.length]);
      peer.write(frame(opcode.close, Buffer.concat([Buffer.from([0x0f, 0xa0]), reason])));
      await peer.closeFrame();
      peer.destroy();
    });
    const closed = () => server.events.filter(({ event }) => event === "connection_closed");
    await eventually("every end is logged", () => closed().length >= count);
    assert.equal(closed().length, count, "one event, one line");
    assert.equal(server.event("forged"), undefined);
    assert.deepEqual(server.noise, []);
    for (const { text } of closed()) // as parsed from JSON: what was escaped twice shows here as text
      assert.ok(hostile.includes(text) || text.length <= 256, text);
    return `${count} hostile reasons, ${count} lines, 0 forged`;
  });
});

for (const [what, stderr] of [["full", () => openSync("/dev/full", "w")], ["closed", () => "pipe"]])
  test(`fault 27: with a log that is ${what} the server serves and ends as ever`, { timeout }, async (t) => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const child = spawn(binary, ["serve", "--listen-address", "127.0.0.1", "--listen-port", String(port),
      "--admin-port", String(adminPort), "--log-level", "debug"], { env: cleanEnvironment(), stdio: ["ignore", "ignore", stderr()] });
    t.after(() => child.kill("SIGKILL"));
    const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    child.stderr?.destroy(); // nobody reads it any more
    await eventually("the server answers", () => request(adminPort, "/health").then(() => true, () => false), 20_000);
    const url = `ws://127.0.0.1:${port}/ws/probe`;
    const probe = await Probe.start(t, url);
    await parallel(200 * scale, 20, async () => (await Client.open(`ws://127.0.0.1:${port}/ws`)).close());
    const health = assertHealthy(await probe.stop());
    child.kill("SIGTERM");
    assert.deepEqual(await within(15_000, "the exit", exited), { code: 0, signal: null });
    t.diagnostic(`fault 27: ${200 * scale} connections logged to a log that is ${what}, exit code 0; ${health}`);
  });
