// Fault 27: the disk of the history is full. Runs in a mount namespace of its own: see CMakeLists.txt.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Api } from "../system/support/api.mjs";
import { kept, startCentrifuge } from "../system/support/centrifuge_server.mjs";
import { request } from "../system/support/server.mjs";
import { eventually } from "../system/support/time.mjs";
import { scale, underFault } from "./support/fault.mjs";

test("fault 27: on a full disk publications are refused, nothing else suffers, and it goes on by itself", { timeout: 60_000 * scale },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "troupe-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8M", "tmpfs", folder]);
    t.after(async () => {
      execFileSync("umount", ["--lazy", folder]);
      await rm(folder, { recursive: true, force: true });
    });
    const sections = { history: { directory: join(folder, "history") }, added: { kept } };
    const start = () => startCentrifuge(t, sections);
    let last;
    await underFault(t, 27, { start }, async (server) => {
      last = server;
      const api = new Api(server.adminPort);
      const filler = join(folder, "filler");
      await writeFile(filler, Buffer.alloc(4 * 1024 * 1024));
      const big = "x".repeat(20_000);
      let [kept, error] = [0, undefined];
      while (!error) {
        const answer = await api.answer("publish", { channel: "kept:a", data: big });
        error = answer.error;
        if (answer.result) kept = answer.result.offset;
      }
      assert.equal(error.code, 100);
      let refused = 1;
      for (; refused < 50; refused++) assert.equal((await api.answer("publish", { channel: "kept:a", data: big })).error?.code, 100);
      await api.result("publish", { channel: "hist:a", data: {} });
      assert.equal((await request(server.port, "/health")).body, '{"history":"failing"}');
      const failures = server.events.filter(({ event }) => event === "history_failed").length;
      await rm(filler);
      const began = performance.now();
      await eventually("it goes on", async () => (await api.answer("publish", { channel: "kept:a", data: big })).result);
      const resumed = performance.now() - began;
      const { offset } = await api.result("history", { channel: "kept:a" });
      assert.equal(offset, kept + 1, "offsets have no gap");
      return `${kept} publications of 20 KB fitted, ${refused} refused with error 100 and ${failures} lines in the log, ` +
        `going on ${resumed.toFixed(0)} ms after there was room`;
    });
    const before = await new Api(last.adminPort).result("history", { channel: "kept:a", limit: 20_000 });
    last.signal("SIGKILL");
    await last.exit();
    const after = await new Api((await start()).adminPort).result("history", { channel: "kept:a", limit: 20_000 });
    assert.deepEqual(after, before);
  });
