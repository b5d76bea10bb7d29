// Fault 3: peers whose network is gone without a FIN. Runs in a network namespace of its own, of which another one
// for the peers is a neighbour: its link goes down. See CMakeLists.txt.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { Server } from "../system/support/server.mjs";
import { elapsed, every } from "../system/support/time.mjs";
import { scale, underFault } from "./support/fault.mjs";

const ip = (...args) => execFileSync("ip", args, { stdio: "pipe" });

/** A namespace that is linked to ours by network `number`; cut() makes its packets vanish, both ways. */
async function neighbour(t, number) {
  const [name, near, far] = [`link${number}`, `10.77.${number}.1`, `10.77.${number}.2`];
  const holder = spawn("unshare", ["--net", "sh", "-c", "echo there; exec sleep 3600"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  const inside = (...command) => ["nsenter", ["--target", String(holder.pid), "--net", ...command]];
  ip("link", "add", name, "type", "veth", "peer", "name", "peer", "netns", String(holder.pid));
  ip("address", "add", `${near}/24`, "dev", name);
  ip("link", "set", name, "up");
  for (const command of [["address", "add", `${far}/24`, "dev", "peer"], ["link", "set", "peer", "up"]])
    execFileSync(...inside("ip", ...command));
  return {
    /** Connects `count` clients that answer pings; resolves when all are there. */
    async connect(port, count) {
      const child = spawn(...inside(process.execPath, new URL("support/victims.mjs", import.meta.url).pathname,
        `ws://${near}:${port}/ws`, String(count)), { stdio: ["ignore", "pipe", "inherit"] });
      t.after(() => child.kill("SIGKILL"));
      await once(child.stdout, "data");
    },
    cut: () => execFileSync(...inside("ip", "link", "set", "peer", "down")),
  };
}

const [ping, pong, write, close] = [1000, 800, 2000, 500];
const slack = 5000; // of a busy machine

const bound = ping + pong;

for (const traffic of ["without", "with"])
  test(`fault 3: peers whose network vanished are found out in time ${traffic} traffic`, { timeout: 90_000 * scale }, async (t) => {
    const count = 200 * scale;
    const start = () => Server.startAs(t, { address: "0.0.0.0" }, "--heartbeat-ping-interval", `${ping}ms`,
      "--heartbeat-pong-timeout", `${pong}ms`, "--outbox-write-timeout", `${write}ms`, "--outbox-close-timeout", `${close}ms`);
    await underFault(t, 3, { start }, async (server) => {
      const peers = await neighbour(t, traffic === "with" ? 1 : 2);
      await peers.connect(server.port, count);
      await server.settle(count + 2);
      if (traffic === "with") {
        const speaker = await server.connect();
        speaker.take = () => {};
        every(t, 20, () => { if (speaker.socket.readyState === speaker.socket.OPEN) speaker.send("x".repeat(1000)); });
        t.after(() => speaker.terminate());
        await server.settle(count + 3);
        const time = await cutAndWait(server, peers, 3);
        const figures = await report(server, time); // before the speaker goes, who would count as well
        speaker.terminate();
        return figures;
      }
      return report(server, await cutAndWait(server, peers, 2));
    });

    async function cutAndWait(server, peers, left) {
      peers.cut();
      const time = await elapsed(server.settle(left));
      assert.ok(time <= bound + close + slack, `${time.toFixed(0)} ms`);
      return time;
    }
    async function report(server, time) {
      const { closed_by_reason: reasons } = await server.totals();
      assert.equal(reasons.pong_timeout + reasons.write_timeout + reasons.peer_reset, count);
      return `${count} peers vanished ${traffic} traffic, all found out and cut after ${time.toFixed(0)} ms ` +
        `(ping ${ping}, pong ${pong}, close ${close} ms): ${reasons.pong_timeout} by pong, ${reasons.write_timeout} by write timeout`;
    }
  });
