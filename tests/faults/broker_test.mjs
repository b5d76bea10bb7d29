// Fault 22: the broker between nodes stands still, dies and comes back, or is not there yet.
import assert from "node:assert/strict";
import test from "node:test";
import { builds, collect, connectSdk, subscribeSdk } from "../system/support/centrifuge_sdk.mjs";
import { channelOf, met, Nats, startNode } from "../system/support/nats.mjs";
import { request } from "../system/support/server.mjs";
import { eventually } from "../system/support/time.mjs";
import { scale, underFault } from "./support/fault.mjs";
import { setTimeout as pause } from "node:timers/promises";

const [json] = builds;
const degraded = '{"engine":"disconnected"}';
const health = async (node) => (await request(node.port, "/health")).body;

/** Publishes numbers until `stop()`: what was acknowledged, what was refused and the longest wait for an answer. */
function publishing(node, channel) {
  const seen = { acknowledged: [], refused: 0, codes: new Set(), slowest: 0 };
  let going = true;
  const done = (async () => {
    for (let number = 1; going; number++) {
      const began = performance.now();
      const answer = await node.api.answer("publish", { channel, data: number });
      seen.slowest = Math.max(seen.slowest, performance.now() - began);
      if (answer.result) seen.acknowledged.push(number);
      else seen.refused++, seen.codes.add(answer.error.code);
      await pause(10);
    }
  })();
  return { seen, stop: () => { going = false; return done; } };
}

async function outage(t, node, others, broker, ms, { begin, end }) {
  const nodes = [node, ...others];
  const channels = await Promise.all(nodes.map((_, owner) => channelOf(nodes, owner, (index) => `long:${owner}-${Math.random()}-${index}`)));
  const clients = await Promise.all(nodes.map((each) => connectSdk(t, json, each.port)));
  const lost = clients.map((client) => collect(client, "disconnected"));
  const received = [];
  for (const client of clients)
    for (const channel of channels) received.push({ channel, events: collect(await subscribeSdk(client, channel), "publication") });
  const flows = nodes.flatMap((each) => channels.map((channel) => ({ channel, ...publishing(each, channel) })));
  await pause(300);
  begin(broker);
  await pause(ms);
  const status = await Promise.all(nodes.map(health));
  const back = performance.now();
  await end(broker);
  await met(nodes);
  await eventually("all nodes take publications", async () => {
    const answers = await Promise.all(nodes.flatMap((each) => channels.map((channel) => each.api.answer("publish", { channel, data: "again" }))));
    return answers.every((answer) => answer.result);
  });
  const recovered = performance.now() - back;
  for (const { stop } of flows) await stop();
  for (const { channel, seen } of flows)
    for (const one of received.filter((r) => r.channel === channel))
      await eventually("all that was acknowledged is received", () => {
        const got = new Set(one.events.map((e) => e.data));
        return seen.acknowledged.every((number) => got.has(number));
      });
  for (const { events } of received) {
    const offsets = events.map((e) => e.offset);
    assert.deepEqual(offsets, [...new Set(offsets)].sort((a, b) => a - b), "in order, each once");
  }
  assert.deepEqual(lost.flat(), [], "clients stay");
  const sum = (what) => flows.reduce((all, { seen }) => all + what(seen), 0);
  const codes = new Set(flows.flatMap(({ seen }) => [...seen.codes]));
  assert.deepEqual([...codes].filter((code) => code !== 100), []);
  for (const client of clients) client.disconnect();
  return {
    status, recovered, acknowledged: sum((s) => s.acknowledged.length), refused: sum((s) => s.refused),
    slowest: Math.max(...flows.map(({ seen }) => seen.slowest)),
  };
}

const told = (what, { acknowledged, refused, slowest, recovered }) =>
  `${what}: ${acknowledged} acknowledged and received by all, ${refused} refused with error 100 (the slowest answer after ` +
  `${(slowest / 1000).toFixed(1)} s), all nodes take publications ${(recovered / 1000).toFixed(1)} s after`;

test("fault 22: without the broker publications are refused, clients stay, and all goes on by itself", { timeout: 120_000 * scale },
  async (t) => {
    let broker;
    let others;
    const start = async () => {
      broker = await Nats.start(t);
      const node = await startNode(t, broker);
      others = [await startNode(t, broker)];
      await met([node, ...others]);
      return node;
    };
    await underFault(t, 22, { start }, async (node) => {
      const still = await outage(t, node, others, broker, 10_000, {
        begin: (nats) => nats.signal("SIGSTOP"),
        end: (nats) => nats.signal("SIGCONT"),
      });
      assert.ok(still.refused > 0);
      const dead = await outage(t, node, others, broker, 5_000, {
        begin: (nats) => nats.signal("SIGKILL"),
        end: (nats) => nats.begin(),
      });
      assert.deepEqual(dead.status, [degraded, degraded]);
      assert.ok(dead.refused > 0);
      assert.ok(dead.slowest < 5_500);
      await broker.kill();
      const late = await startNode(t, broker);
      assert.equal(await health(late), degraded);
      await broker.begin();
      const began = performance.now();
      await met([node, ...others, late]);
      const joined = performance.now() - began;
      assert.equal(await health(late), "{}");
      return `${told("standing still for 10 s", still)}; ${told("dead for 5 s", dead)}; a node that started without it joined ` +
        `${(joined / 1000).toFixed(1)} s after it was there`;
    });
  });
