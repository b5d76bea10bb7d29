// A broadcast reaches everyone, once, in the sender's order.
import assert from "node:assert/strict";
import test from "node:test";
import { Server } from "./support/server.mjs";
import { eventually, parallel } from "./support/time.mjs";

const clients = 1000;
const senders = 10;
const messagesPerSender = 50;

test("broadcast: 1,000 clients get every message of 10 senders once and in order", { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t);
  const audience = [];
  await parallel(clients, 50, async (index) => { audience[index] = await server.connect(); });
  await server.settle(clients);

  const faults = { lost: 0, duplicated: 0, reordered: 0, foreign: 0 };
  const next = audience.map(() => new Array(senders).fill(0));
  let delivered = 0;
  audience.forEach((client, index) => {
    client.take = ({ data }) => {
      const [sender, sequence] = data.split(":").map(Number);
      const expected = next[index][sender];
      if (expected === undefined) faults.foreign++;
      else if (sequence < expected) faults.duplicated++;
      else if (sequence > expected) faults.reordered++;
      else next[index][sender]++;
      delivered++;
    };
  });

  const start = performance.now();
  for (let sequence = 0; sequence < messagesPerSender; sequence++)
    for (let sender = 0; sender < senders; sender++) audience[sender].send(`${sender}:${sequence}`);
  const total = clients * senders * messagesPerSender;
  await eventually(`${total} deliveries`, () => delivered >= total, 90_000).catch(() => {}); // counted below
  const seconds = (performance.now() - start) / 1000;

  // A pong comes after whatever the server had still queued, such as a duplicate.
  await parallel(clients, 100, (index) => audience[index].roundTrip());
  for (const counts of next)
    for (const count of counts) faults.lost += messagesPerSender - count;
  t.diagnostic(`${delivered} deliveries in ${seconds.toFixed(1)} s, load generator included`);
  assert.deepEqual(faults, { lost: 0, duplicated: 0, reordered: 0, foreign: 0 });
  assert.equal(delivered, total);
});
