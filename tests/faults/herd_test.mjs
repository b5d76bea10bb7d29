// Fault 15: everyone is cut at once and comes back at once, without any jitter.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { Api } from "../system/support/api.mjs";
import { startCentrifuge } from "../system/support/centrifuge_server.mjs";
import { frame, opcode, RawPeer } from "../system/support/raw_peer.mjs";
import { Server } from "../system/support/server.mjs";
import { elapsed, eventually, every, parallel } from "../system/support/time.mjs";
import { assertMemoryBound, percentile, scale, underFault } from "./support/fault.mjs";

/** SYNs the kernel dropped because a backlog was full, on this machine since it started. */
async function listenDrops() {
  const [names, values] = (await readFile("/proc/net/netstat", "utf8")).split("\n")
    .filter((line) => line.startsWith("TcpExt:")).map((line) => line.split(" "));
  return Number(values[names.indexOf("ListenDrops")]);
}

test("fault 15: a herd that is cut at once is back in seconds, and the probe does not notice", { timeout: 120_000 * scale }, async (t) => {
  const count = 1000 * scale;
  const figures = await underFault(t, 15, {}, async (server) => {
    const gather = async () => {
      const times = [];
      const begun = performance.now();
      const peers = await Promise.all(Array.from({ length: count }, async (_, at) => {
        const peer = new Promise((resolve) => resolve(RawPeer.upgrade(server.port, { localAddress: `127.0.${1 + at % 4}.1` })));
        times.push(await elapsed(peer, begun));
        return peer;
      }));
      return { peers, times };
    };
    const first = await gather();
    await server.settle(count + 2);
    const drops = await listenDrops();
    for (const peer of first.peers) peer.socket.resetAndDestroy();
    const again = await gather();
    const totals = await server.settle(count + 2);
    assert.equal(totals.opened, 2 * count + 2);
    const last = Math.max(...again.times);
    for (const peer of again.peers) peer.destroy();
    assert.ok(last < 15_000, `the last was back after ${last.toFixed(0)} ms`);
    return `${count} cut and back, the last after ${last.toFixed(0)} ms, handshake p99 ` +
      `${percentile(again.times, 0.99).toFixed(0)} ms, ListenDrops +${await listenDrops() - drops}`;
  });
  assertMemoryBound(figures, count * 64 * 1024 + (32 << 20));
});

/** Follows a stream with the Centrifuge protocol, is cut and comes back for what it missed. */
class Follower {
  offset = 0;
  epoch = "";
  wrong = 0; // offsets that were lost, came twice or out of order
  recovered = 0;

  constructor(port, at) {
    this.port = port;
    this.localAddress = `127.0.${1 + at % 4}.1`;
  }

  /** Resolves when it is subscribed; goes on to follow until it is cut. */
  async join() {
    this.peer = await RawPeer.upgrade(this.port, { target: "/connection/websocket", localAddress: this.localAddress });
    const since = this.epoch ? { recover: true, epoch: this.epoch, offset: this.offset } : {};
    this.peer.write(frame(opcode.text, [{ id: 1, connect: {} }, { id: 2, subscribe: { channel: "long:herd", ...since } }]
      .map((command) => JSON.stringify(command)).join("\n")));
    await new Promise((resolve, reject) => { this.#follow(this.peer, resolve).catch(reject); });
  }

  async #follow(peer, subscribed) {
    for (;;) {
      const { code, payload } = await peer.nextFrame(120_000);
      if (code !== opcode.text) throw new Error(`closed: ${payload.subarray(2)}`);
      for (const line of payload.toString().split("\n")) {
        const { id, error, subscribe, push } = JSON.parse(line);
        if (error) throw new Error(line);
        if (push?.pub) this.#take(push.pub);
        if (id !== 2) continue;
        if (!this.epoch) this.offset = subscribe.offset ?? 0;
        else if (!subscribe.recovered) throw new Error(`not recovered: ${line}`);
        for (const publication of subscribe.publications ?? []) this.#take(publication);
        this.recovered += subscribe.publications?.length ?? 0;
        this.epoch = subscribe.epoch;
        subscribed();
      }
    }
  }

  #take({ offset }) {
    if (offset !== this.offset + 1) this.wrong++;
    this.offset = offset;
  }

  cut() {
    this.peer.socket.resetAndDestroy();
  }
}

for (const [how, limit] of [["as fast as they like", {}], ["at the pace they are let in", { accepts_per_second: 1000 }]])
  test(`fault 15: 5,000 that follow a stream come back ${how}, each with all that it missed`, { timeout: 180_000 * scale }, async (t) => {
    const count = 5000;
    // Who attacks shares a busy machine with the server, and is slow itself.
    const start = () => startCentrifuge(t, { limit: { handshake_timeout: "60s", ...limit }, client: { stale_close_delay: "60s" } });
    const figures = await underFault(t, 15, { start }, async (server) => {
      const api = new Api(server.adminPort);
      const publish = (n) => api.result("publish", { channel: "long:herd", data: { n } });
      const followers = Array.from({ length: count }, (_, at) => new Follower(server.port, at));
      await parallel(count, 200, (at) => followers[at].join());
      await server.settle(count + 2, 60_000);
      const drops = await listenDrops();
      for (const follower of followers) follower.cut();
      for (let n = 0; n < 20; n++) await publish(n);
      const stop = every(t, 100, () => publish(-1).catch(() => {})); // the stream goes on while they come
      const begun = performance.now();
      const times = await Promise.all(followers.map((follower) => elapsed(follower.join(), begun)));
      stop();
      await server.settle(count + 2, 60_000);
      const { offset: last } = await publish(20);
      await eventually("all have the last one", () => followers.every(({ offset }) => offset === last), 30_000);
      assert.equal(followers.reduce((sum, { wrong }) => sum + wrong, 0), 0, "no offset lost, twice or out of order");
      const recovered = followers.reduce((sum, follower) => sum + follower.recovered, 0);
      assert.ok(recovered >= 20 * count, `${recovered} were recovered`);
      for (const follower of followers) follower.cut();
      const slowest = Math.max(...times);
      if (!limit.accepts_per_second) assert.ok(slowest < 15_000 * scale, `the last was back after ${slowest.toFixed(0)} ms`);
      else assert.ok(slowest >= 1000 * (count / limit.accepts_per_second - 1), `they were not paced: ${slowest.toFixed(0)} ms`);
      return `${count} cut and back with ${recovered} messages recovered, the last after ${slowest.toFixed(0)} ms ` +
        `(median ${percentile(times, 0.5).toFixed(0)} ms), 0 offsets lost or doubled, ListenDrops +${await listenDrops() - drops}`;
    });
    assertMemoryBound(figures, 256 << 20);
  });

test("fault 15: a drain tells each client a time of its own to come back, spread over the window", { timeout: 60_000 * scale }, async (t) => {
  const count = 500 * scale;
  const server = await Server.start(t, "--drain-retry-window", "10s");
  const clients = [];
  await parallel(count, 50, async () => { clients.push(await server.connect()); });
  server.signal("SIGTERM");
  const times = (await Promise.all(clients.map((client) => client.closed)))
    .map(({ code, reason }) => {
      assert.equal(code, 1001);
      return Number(/^shutting down; retry in (\d+) ms$/.exec(reason)[1]);
    });
  assert.equal((await server.exit()).code, 0);
  // In each tenth of the window about as many.
  const tenths = Array(10).fill(0);
  for (const time of times) tenths[Math.min(9, Math.floor(time / 1000))]++;
  assert.ok(Math.max(...times) <= 10_000);
  assert.ok(tenths.every((number) => number > count / 25 && number < count / 4), `tenths of the window: ${tenths}`);
  t.diagnostic(`fault 15: ${count} told to come back, ${Math.min(...tenths)} to ${Math.max(...tenths)} in each tenth of the window`);
});
