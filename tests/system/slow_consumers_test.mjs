// A reader that does not keep up loses, by the policy; those beside it lose nothing.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode } from "./support/raw_peer.mjs";
import { Server } from "./support/server.mjs";
import { elapsed, eventually, every } from "./support/time.mjs";

const timeout = 90_000;
const payload = "x".repeat(1000);
const sendBuffer = ["--outbox-socket-send-buffer", "16384"];
const outbox = [...sendBuffer, "--outbox-max-bytes", "100000"];
const enough = 2000; // messages that fill the outbox and the kernel's buffers many times over

/** Broadcasts `count` numbered messages; sends the next ones when every healthy client has the former. */
async function broadcast(speaker, healthy, count) {
  const heard = new Array(healthy.length).fill(0);
  healthy.forEach((client, listener) => {
    client.take = ({ data }) => {
      assert.equal(Number(data.split(" ")[0]), heard[listener], "nothing lost, doubled or out of order");
      heard[listener]++;
    };
  });
  for (let sent = 0; sent < count;) {
    for (let burst = 0; burst < 20; burst++) speaker.send(`${sent++} ${payload}`);
    await eventually("every healthy client has the burst", () => heard.every((messages) => messages === sent), 20_000);
  }
}

async function withSlowReaders(t, count, ...flags) {
  const server = await Server.start(t, ...flags);
  const base = await server.openDescriptors();
  const healthy = await server.connectMany(10);
  const slow = await Promise.all(Array.from({ length: count }, () => server.rawPeer()));
  for (const peer of slow) peer.socket.pause();
  await server.settle(healthy.length + count);
  return { server, base, healthy, slow };
}

test("slow consumers: those that never read are closed, the healthy lose nothing", { timeout }, async (t) => {
  const { server, base, healthy, slow } = await withSlowReaders(t, 10, ...outbox, "--outbox-close-timeout", "1s");
  await broadcast(healthy[0], healthy, enough);
  const totals = await server.settle(healthy.length);
  assert.equal(totals.closed_by_reason.slow_consumer, slow.length);
  await Promise.all(healthy.map((client) => client.close()));
  await server.settleEmpty(base);
});

test("slow consumers: one that reads again is told 4008, after whole messages only", { timeout }, async (t) => {
  const { server, healthy, slow: [peer] } = await withSlowReaders(t, 1, ...outbox,
    "--outbox-close-timeout", "60s", "--outbox-write-timeout", "60s");
  await broadcast(healthy[0], healthy, enough);
  peer.socket.resume();
  let expected = 0;
  for (;;) {
    const { code, payload: body } = await peer.nextFrame();
    if (code === opcode.close) {
      assert.deepEqual([body.readUInt16BE(0), body.subarray(2).toString()], [4008, "slow consumer"]);
      break;
    }
    if (code !== opcode.text) continue;
    assert.ok(body.toString() === `${expected} ${payload}`, `message ${expected} is whole and in order`);
    expected++;
  }
  assert.ok(expected > 0 && expected < enough);
  peer.destroy();
  await server.settle(healthy.length);
});

test("slow consumers: one that sends but never reads is closed at the write timeout", { timeout }, async (t) => {
  // A queue that never fills: only the stalled send tells.
  const { server, healthy, slow: [peer] } = await withSlowReaders(t, 1, ...sendBuffer,
    "--outbox-max-bytes", "100000000", "--outbox-write-timeout", "1s", "--outbox-close-timeout", "1s");
  every(t, 100, () => peer.write(frame(opcode.pong))); // unasked
  await broadcast(healthy[0], healthy, enough);
  const time = await elapsed(server.settle(healthy.length, 10_000));
  const totals = await server.totals();
  assert.equal(totals.closed_by_reason.write_timeout, 1, `gone after ${time} ms`);
});

for (const policy of ["drop-oldest", "drop-newest"]) {
  test(`slow consumers: with ${policy} they stay, lose messages and are told so`, { timeout }, async (t) => {
    const { server, healthy, slow: [peer] } = await withSlowReaders(t, 1, ...outbox,
      "--websocket-policy", policy, "--outbox-write-timeout", "60s");
    await broadcast(healthy[0], healthy, enough);
    assert.equal((await server.totals()).connections, healthy.length + 1);
    peer.socket.resume();
    // A message sent when there is room again arrives by either policy, and by then all losses are told.
    for (const client of healthy) client.take = () => {};
    let next = enough;
    every(t, 300, () => healthy[0].send(String(next++)));
    const got = [];
    let dropped = 0;
    while (!(got.at(-1) >= enough)) {
      const { code, payload: body } = await peer.nextFrame();
      if (code !== opcode.text) continue;
      const text = body.toString();
      if (text.startsWith("{")) dropped += JSON.parse(text).gap.dropped;
      else got.push(parseInt(text, 10));
    }
    assert.ok(got.every((number, at) => at === 0 || number > got[at - 1]), "what arrives is in order");
    assert.ok(dropped > 0);
    assert.equal(got.length + dropped, got.at(-1) + 1, "every message either arrives or is counted as lost");
    const newestKept = got.includes(enough - 1);
    assert.equal(newestKept, policy === "drop-oldest");
  });
}
