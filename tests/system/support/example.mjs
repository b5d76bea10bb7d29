// The programs of examples/, as the build made them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import readline from "node:readline";
import { cleanEnvironment } from "./server.mjs";
import { within } from "./time.mjs";

/** Starts an example on a port the kernel chooses, and learns it from the line the example prints. */
export async function startExample(t, name) {
  assert.ok(process.env.TROUPE_EXAMPLES, "TROUPE_EXAMPLES names the folder of the examples");
  const child = spawn(path.join(process.env.TROUPE_EXAMPLES, name), ["0"], { env: cleanEnvironment(), stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const lines = readline.createInterface({ input: child.stdout });
  const line = await within(15_000, "the example's first line", new Promise((resolve) => lines.once("line", resolve)));
  const exit = new Promise((resolve) => child.once("close", resolve));
  return { child, exit, port: Number(line.match(/:(\d+)\//)[1]) };
}
