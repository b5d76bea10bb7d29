// Fault 21: an actor of the program fails again and again. It is started again; nobody else notices.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test from "node:test";
import { Client } from "../system/support/client.mjs";
import { cleanEnvironment, freePort, request } from "../system/support/server.mjs";
import { eventually, within } from "../system/support/time.mjs";
import { scale } from "./support/fault.mjs";
import { assertHealthy, Probe } from "./support/probe.mjs";

const kinds = ["runtime_error", "bad_alloc", "int"];

test("fault 21: an actor that fails again and again is back each time, and the others lose nothing", { timeout: 120_000 * scale }, async (t) => {
  const count = 12 * scale;
  const [port, adminPort] = [await freePort(), await freePort()];
  const child = spawn(process.env.TROUPE_FAILING_ACTOR, [String(port), String(adminPort)],
    { env: cleanEnvironment(), stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => child.kill("SIGKILL"));
  const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  await eventually("the server answers", () => request(adminPort, "/health").then(() => true, () => false), 20_000);
  const probe = await Probe.start(t, `ws://127.0.0.1:${port}/ws/probe`);
  const bystander = await Client.open(`ws://127.0.0.1:${port}/failing`);
  const client = await Client.open(`ws://127.0.0.1:${port}/failing`);
  t.after(() => { client.terminate(); bystander.terminate(); });
  const times = [];
  for (let failure = 0; failure < count; failure++) {
    client.send(kinds[failure % kinds.length]);
    const begun = performance.now();
    // What an actor had not answered when it failed is lost: asks until a successor answers.
    const asking = setInterval(() => client.send(`alive ${failure}`), 5);
    while (await client.nextText() !== `alive ${failure}`);
    clearInterval(asking);
    times.push(performance.now() - begun);
  }
  bystander.send("still here");
  assert.equal(await bystander.nextText(), "still here");
  const totals = JSON.parse((await request(adminPort, "/debug/totals.json")).body);
  assert.equal(totals.closed, 0, "nobody was disconnected");
  const health = assertHealthy(await probe.stop());
  client.terminate();
  bystander.terminate();
  child.kill("SIGTERM");
  assert.deepEqual(await within(20_000, "the exit", exited), { code: 0, signal: null });
  t.diagnostic(`fault 21: ${count} failures, answered again ${times[0].toFixed(0)} ms after the first and ` +
    `${times.at(-1).toFixed(0)} ms after the last, 0 disconnected; ${health}`);
});
