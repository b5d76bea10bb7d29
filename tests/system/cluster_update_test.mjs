// Nodes that come and go while clients publish: what channels have kept goes with them.
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { builds, collect, connectSdk, subscribeSdk } from "./support/centrifuge_sdk.mjs";
import { met, Nats, startCluster, startNode } from "./support/nats.mjs";
import { eventually } from "./support/time.mjs";

const timeout = 120_000;

/** Publishes numbers in `channel` by any of `nodes`, again with the same key until it is acknowledged. */
function publishing(nodes, channel) {
  const seen = { acknowledged: [], again: 0, slowest: 0 };
  let going = true;
  const done = (async () => {
    for (let number = 1; going; number++) {
      const began = performance.now();
      for (let turn = number; ; turn++) {
        const node = nodes[turn % nodes.length];
        const answer = await node.api.answer("publish", { channel, data: number, idempotency_key: `${number}` }).catch(() => ({}));
        if (answer.result) break;
        seen.again++;
        await pause(5);
      }
      seen.acknowledged.push(number);
      seen.slowest = Math.max(seen.slowest, performance.now() - began);
      await pause(2);
    }
  })();
  return { seen, stop: () => { going = false; return done; } };
}

for (const build of builds) {
  test(`${build.name}: an update of all nodes, one after the other, loses nothing of any history`, { timeout }, async (t) => {
    const broker = await Nats.start(t);
    const { nodes } = await startCluster(t, 3, { nats: broker });
    const channels = Array.from({ length: 30 }, (_, index) => `long:${index}`);
    const quiet = Array.from({ length: 30 }, (_, index) => `hist:${index}`); // nobody subscribes to these
    const positions = new Map();
    for (const channel of quiet) {
      const { epoch, offset } = await nodes[0].api.result("publish", { channel, data: channel });
      positions.set(channel, { epoch, offset });
    }
    const received = [];
    for (const node of nodes) {
      const client = await connectSdk(t, build, node.port);
      for (const channel of channels)
        received.push({ channel, ...await watched(client, channel) });
    }
    const flows = channels.map((channel) => ({ channel, ...publishing(nodes, channel) }));
    for (let index = 0; index < nodes.length; index++) {
      const old = nodes[index];
      old.signal("SIGTERM");
      assert.deepEqual(await old.exit(), { code: 0, signal: null });
      const young = await startNode(t, broker, { port: old.port });
      nodes[index] = young;
      await met(nodes);
    }
    for (const { stop } of flows) await stop();
    for (const { channel, seen } of flows)
      for (const one of received.filter((r) => r.channel === channel))
        await eventually(`all of ${channel} is received`, () => one.events.length >= seen.acknowledged.length, 20_000);
    for (const { channel, events, told } of received) {
      const { seen } = flows.find((flow) => flow.channel === channel);
      assert.deepEqual(events.map((e) => build.unpack(e.data)), seen.acknowledged, `${channel}: each once, in order`);
      assert.deepEqual(events.map((e) => e.offset), events.map((_, index) => index + 1));
      assert.deepEqual(told.filter((e) => e.wasRecovering && !e.recovered), [], `${channel} was recovered each time`);
    }
    for (const [channel, { epoch, offset }] of positions) {
      const history = await nodes[0].api.result("history", { channel, limit: -1 });
      assert.deepEqual([history.epoch, history.offset], [epoch, offset]);
      assert.equal(history.publications[0].data, channel);
    }
    const totals = await Promise.all(nodes.map((node) => node.totals()));
    assert.deepEqual(totals.map((all) => all.streams_lost), [0, 0, 0]);
    t.diagnostic(JSON.stringify({
      acknowledged: flows.reduce((sum, { seen }) => sum + seen.acknowledged.length, 0),
      again: flows.reduce((sum, { seen }) => sum + seen.again, 0),
      slowest: Math.round(Math.max(...flows.map(({ seen }) => seen.slowest))),
    }));
  });
}

/** Subscribes, and collects what comes and how each subscription began. */
async function watched(client, channel) {
  let events, told;
  await subscribeSdk(client, channel, { minResubscribeDelay: 10, maxResubscribeDelay: 200 }, (subscription) => {
    events = collect(subscription, "publication");
    told = collect(subscription, "subscribed");
  });
  return { events, told };
}

test("a node that was frozen gets the histories that went on without it", { timeout }, async (t) => {
  const broker = await Nats.start(t);
  const { nodes } = await startCluster(t, 2, { nats: broker });
  const channels = Array.from({ length: 20 }, (_, index) => `hist:${index}`);
  for (const channel of channels) await nodes[0].api.result("publish", { channel, data: "before" });
  nodes[1].signal("SIGSTOP");
  const positions = new Map();
  await eventually("the other one is taken for gone", () => Boolean(nodes[0].event("node_lost")));
  for (const channel of channels) {
    const { epoch, offset } = await nodes[0].api.result("publish", { channel, data: "meanwhile" });
    positions.set(channel, { epoch, offset });
  }
  nodes[1].signal("SIGCONT");
  await met(nodes);
  await eventually("it has its channels", async () => (await nodes[0].totals()).streams_moved > 0);
  for (const node of nodes)
    for (const [channel, position] of positions) {
      const { epoch, offset } = await node.api.result("history", { channel });
      assert.deepEqual({ epoch, offset }, position);
    }
});
