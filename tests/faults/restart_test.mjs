// Fault 24: the program is killed while it writes history, again and again. What it has acknowledged is there.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Api } from "../system/support/api.mjs";
import { kept, startCentrifuge } from "../system/support/centrifuge_server.mjs";
import { scale } from "./support/fault.mjs";

const channels = Array.from({ length: 8 }, (_, index) => `kept:${index}`);

for (const sync of [false, true])
  test(`fault 24: nothing that was acknowledged is lost when the program is killed, ${sync ? "with" : "without"} sync`,
    { timeout: 200_000 * scale }, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), "troupe-restart-"));
      t.after(() => rm(folder, { recursive: true, force: true }));
      const start = () => startCentrifuge(t, { history: { directory: folder, sync }, added: { kept } });
      const books = channels.map((channel) => ({ channel, acknowledged: new Map(), sent: 0, epoch: undefined }));
      let [slowest, under_way] = [0, 0];
      const kills = 25 * scale;
      for (let round = 0; round < kills; round++) {
        const server = await start();
        const api = new Api(server.adminPort);
        let running = true;
        const talking = books.flatMap((book) => [1, 2].map(async () => {
          while (running) {
            const number = ++book.sent;
            try {
              const { offset, epoch } = await api.result("publish", { channel: book.channel, data: number });
              book.epoch ??= epoch;
              assert.equal(epoch, book.epoch, "the stream goes on");
              assert.ok(!book.acknowledged.has(offset), `offset ${offset} is given once`);
              book.acknowledged.set(offset, number);
            } catch (error) {
              if (running || error instanceof assert.AssertionError) throw error;
              under_way += 1; // it may be there or not
            }
          }
        }));
        await pause(20 + Math.random() * 150);
        running = false;
        server.signal("SIGKILL");
        await server.exit();
        await Promise.all(talking);
        const began = performance.now();
        const next = await start();
        slowest = Math.max(slowest, performance.now() - began);
        for (const { channel, acknowledged, epoch } of books) {
          const stream = await new Api(next.adminPort).result("history", { channel, limit: 20_000 });
          if (epoch) assert.equal(stream.epoch, epoch);
          const there = new Map(stream.publications.map(({ offset, data }) => [offset, data]));
          assert.deepEqual([...there.keys()], Array.from({ length: stream.offset }, (_, index) => index + 1), "in order, without a gap");
          for (const [offset, number] of acknowledged) assert.equal(there.get(offset), number, `${channel} ${offset}`);
        }
        next.signal("SIGKILL");
        await next.exit();
      }
      const acknowledged = books.reduce((sum, book) => sum + book.acknowledged.size, 0);
      assert.ok(acknowledged > 10 * kills, `${acknowledged} acknowledged`);
      t.diagnostic(`fault 24: sync ${sync}: killed ${2 * kills} times, ${acknowledged} publications acknowledged, 0 lost, ` +
        `${under_way} under way; listening again after ${slowest.toFixed(0)} ms at most`);
    });
