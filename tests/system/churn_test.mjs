// 5,000 connections come and go by every way a peer can end while broadcasts run: nothing stays behind.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode, upgradeRequest } from "./support/raw_peer.mjs";
import { Server } from "./support/server.mjs";
import { eventually, every, parallel, within } from "./support/time.mjs";

const flags = ["--heartbeat-ping-interval", "1s", "--heartbeat-pong-timeout", "900ms",
  "--heartbeat-idle-timeout", "2500ms", "--limit-handshake-timeout", "1000ms", "--outbox-close-timeout", "1000ms",
  "--websocket-max-message-bytes", "4096", "--websocket-max-fragments", "16"];

async function violate(server, code, ...frames) {
  const peer = await server.rawPeer();
  peer.write(...frames);
  assert.equal((await peer.closeFrame(20_000)).code, code);
  peer.destroy();
}

/** One way to end: how many go it, how many at a time, and what the server calls it. */
const ways = [
  { name: "close frame", count: 1200, width: 40, reason: "peer_closed",
    async go(server) { await (await server.connect()).close(); } },
  { name: "close frame, then reset", count: 400, width: 20, reason: "peer_closed",
    async go(server) {
      const peer = await server.rawPeer();
      peer.write(frame(opcode.close, Buffer.from([0x03, 0xe8])));
      await peer.closeFrame();
      peer.socket.resetAndDestroy();
    } },
  { name: "TCP reset", count: 900, width: 40, reason: "peer_reset",
    async go(server) { (await server.connect()).reset(); } },
  { name: "FIN without close", count: 900, width: 40, reason: "peer_gone",
    async go(server) {
      const peer = await server.rawPeer();
      peer.socket.end();
      await within(20_000, "the end after our FIN", peer.ended);
    } },
  { name: "FIN within a message", count: 300, width: 20, reason: "peer_gone",
    async go(server) {
      const peer = await server.rawPeer();
      peer.write(frame(opcode.text, "half of it").subarray(0, 8));
      peer.socket.end();
      await within(20_000, "the end after our FIN", peer.ended);
    } },
  { name: "no pong", count: 400, width: 100, reason: "pong_timeout",
    async go(server) {
      const client = await server.connect("/ws", { autoPong: false });
      assert.equal((await within(20_000, "the end without a pong", client.closed)).code, 4012);
    } },
  { name: "half open", count: 100, width: 50, reason: "pong_timeout",
    async go(server) {
      const peer = await server.rawPeer();
      await within(20_000, "the end of a half-open peer", peer.ended);
    } },
  { name: "idle", count: 400, width: 100, reason: "idle",
    async go(server) {
      const client = await server.connect();
      assert.equal((await within(20_000, "the end of an idle client", client.closed)).code, 4010);
    } },
  { name: "message too big", count: 100, width: 10, reason: "message_too_big",
    async go(server) { await violate(server, 1009, frame(opcode.text, "x".repeat(4097))); } },
  { name: "too many fragments", count: 100, width: 10, reason: "too_many_fragments",
    async go(server) {
      const more = Array.from({ length: 20 }, () => frame(opcode.continuation, "", { fin: false }));
      await violate(server, 1009, frame(opcode.text, "", { fin: false }), ...more);
    } },
  { name: "protocol error", count: 100, width: 10, reason: "protocol_error",
    async go(server) { await violate(server, 1002, frame(opcode.text, "x", { mask: false })); } },
  { name: "invalid UTF-8", count: 100, width: 10, reason: "invalid_utf8",
    async go(server) { await violate(server, 1007, frame(opcode.text, Buffer.from([0xff]))); } },
];

/** Peers that never become connections. */
const unfinished = [
  { name: "handshake never finished", count: 200, width: 100,
    async go(server) {
      const peer = await server.rawPeer({ upgraded: false });
      peer.write(upgradeRequest().slice(0, 60));
      await within(20_000, "the handshake's deadline", peer.ended);
    } },
  { name: "reset within the handshake", count: 200, width: 20,
    async go(server) {
      const peer = await server.rawPeer({ upgraded: false });
      peer.write(upgradeRequest().slice(0, 60));
      peer.socket.resetAndDestroy();
    } },
];

test("churn: after 5,000 ends of every kind no connection, descriptor or message is lost", { timeout: 240_000 }, async (t) => {
  const server = await Server.start(t, ...flags);
  await (await server.connect()).close(); // whatever is opened once and kept is open now
  await server.settle(0);
  const base = await server.openDescriptors();

  // The witnesses talk all the time, so that they are not idle, and count what they hear.
  const witnesses = await server.connectMany(5);
  const heard = witnesses.map(() => new Array(witnesses.length).fill(0));
  const said = new Array(witnesses.length).fill(0);
  witnesses.forEach((client, listener) => {
    client.take = ({ data }) => {
      const [speaker, sequence] = data.split(":").map(Number);
      assert.equal(sequence, heard[listener][speaker], `witness ${listener} hears ${speaker} in order`);
      heard[listener][speaker]++;
    };
  });
  const hush = every(t, 50, () =>
    witnesses.forEach((client, speaker) => client.send(`${speaker}:${said[speaker]++}`)));

  const start = performance.now();
  await Promise.all([...ways, ...unfinished].map(({ name, count, width, go }) =>
    parallel(count, width, () => go(server).catch((error) => { throw new Error(`${name}: ${error.message}`); }))));
  const came = ways.reduce((sum, { count }) => sum + count, 0);
  assert.equal(came, 5000);

  let totals = await server.settle(witnesses.length);
  t.diagnostic(`${came} connections in ${((performance.now() - start) / 1000).toFixed(1)} s: ` +
    JSON.stringify(totals.closed_by_reason));
  assert.equal(totals.opened, 1 + came + witnesses.length);
  assert.equal(totals.closed, 1 + came);
  const expected = { peer_closed: 1 };
  for (const { reason, count } of ways) expected[reason] = (expected[reason] ?? 0) + count;
  const counted = Object.entries(totals.closed_by_reason).filter(([, count]) => count > 0);
  assert.deepEqual(Object.fromEntries(counted), expected, "each end is counted once, by its reason");

  hush();
  await eventually("the witnesses heard everything", () =>
    heard.every((counts) => counts.every((count, speaker) => count === said[speaker])));
  assert.ok(said[0] > 10, "broadcasts ran all the time");
  await Promise.all(witnesses.map((client) => client.close()));
  totals = await server.settleEmpty(base);
  assert.equal(totals.closed, 1 + came + witnesses.length);
});
