// As a service: what a service manager is told, and where the console is then.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import test from "node:test";
import { Server, runToEnd } from "./support/server.mjs";
import { eventually, within } from "./support/time.mjs";

const timeout = 60_000;

/** Node has no datagrams of the Unix kind: Python prints each as a line of JSON. */
const listener = `
import json, socket, sys
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
print("null", flush=True)
while True: print(json.dumps(heard.recv(4096).decode()), flush=True)
`;

async function serviceManager(t, at) {
  const child = spawn("python3", ["-c", listener, at], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const told = [];
  const ready = new Promise((resolve) => {
    readline.createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "null") resolve();
      else told.push(JSON.parse(line));
    });
  });
  await within(10_000, "the service manager", ready);
  return told;
}

test("service: its manager hears when it listens and when it drains, and root finds its console", { timeout }, async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "troupe-service-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const notify = path.join(folder, "notify");
  const told = await serviceManager(t, notify);
  const environment = { NOTIFY_SOCKET: notify, RUNTIME_DIRECTORY: folder, XDG_RUNTIME_DIR: "" };
  const server = await Server.startAs(t, { environment });
  await eventually("it is told", () => told.length === 1);
  assert.equal(told[0], `READY=1\nSTATUS=listening on port ${server.port}`);
  assert.equal(server.event("listening").console, path.join(folder, `${server.port}.sock`));
  const { code, stdout } = await runToEnd(["console", "-c", "loops"], { environment });
  assert.equal(code, 0);
  assert.match(stdout, /loop/);
  server.signal("SIGTERM");
  assert.deepEqual(await within(10_000, "its end", server.exited), { code: 0, signal: null });
  assert.deepEqual(told.slice(1), ["STOPPING=1\nSTATUS=draining"]);
});
