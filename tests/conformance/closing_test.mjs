// The closing handshake (RFC 6455, section 7): codes that may be sent are echoed, others are answered 1002.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { Server } from "../system/support/server.mjs";
import { parallel, within } from "../system/support/time.mjs";

const timeout = 60_000;

const close = (code, reason = "") => frame(opcode.close, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));

const allowed = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999];
const forbidden = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 10_000, 65_535];

/** What the server answers to each of `bytes`, by its key; the server ends the connection in each case. */
async function answers(server, frames) {
  const got = {};
  const all = Object.entries(frames);
  await parallel(all.length, 8, async (at) => {
    const [what, bytes] = all[at];
    const peer = await server.rawPeer();
    peer.write(bytes);
    got[what] = await peer.closeFrame().then(({ code }) => code, (error) => error.message);
    await within(5000, `the server's FIN after ${what}`, peer.ended);
    peer.destroy();
  });
  return got;
}

test("closing: a code that may be sent is echoed", { timeout }, async (t) => {
  const server = await Server.start(t);
  const got = await answers(server, Object.fromEntries(allowed.map((code) => [code, close(code, "so long")])));
  assert.deepEqual(got, Object.fromEntries(allowed.map((code) => [code, code])));
  assert.equal((await server.settle(0)).closed_by_reason.peer_closed, allowed.length);
});

test("closing: a code that must not be sent is answered 1002", { timeout }, async (t) => {
  const server = await Server.start(t);
  const got = await answers(server, Object.fromEntries(forbidden.map((code) => [code, close(code)])));
  assert.deepEqual(got, Object.fromEntries(forbidden.map((code) => [code, 1002])));
  assert.equal((await server.settle(0)).closed_by_reason.protocol_error, forbidden.length);
});

test("closing: no code is answered 1000, half a one and a reason too long 1002", { timeout }, async (t) => {
  const server = await Server.start(t);
  assert.deepEqual(await answers(server, {
    "no code": frame(opcode.close),
    "half a code": frame(opcode.close, Buffer.from([3])),
    "a reason of 123 bytes": close(1000, "x".repeat(123)),
    "a reason of 124 bytes": close(1000, "x".repeat(124)),
  }), { "no code": 1000, "half a code": 1002, "a reason of 123 bytes": 1000, "a reason of 124 bytes": 1002 });
});

test("closing: within a message it closes all the same", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  peer.write(frame(opcode.text, "begun", { fin: false }), close(1000));
  assert.equal((await peer.closeFrame()).code, 1000);
});

test("closing: what follows a close frame is ignored", { timeout }, async (t) => {
  const server = await Server.start(t);
  const witness = await server.connect();
  const peer = await server.rawPeer();
  peer.write(close(1000), frame(opcode.text, "too late"), frame(opcode.ping, "too late"), close(1001));
  assert.equal((await peer.closeFrame()).code, 1000);
  await within(5000, "the server's FIN", peer.ended);
  assert.equal(peer.bytes.length, 0, "nothing after the close frame");
  peer.write(frame(opcode.text, "later still"));
  peer.socket.end();
  await witness.roundTrip();
  assert.deepEqual(witness.received, []);
  await server.settle(1);
});

test("closing: the server closes TCP first, and not before its close frame is out", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  peer.write(close(1000));
  assert.equal((await peer.closeFrame()).code, 1000);
  assert.equal(await within(5000, "the server's FIN", peer.ended), "fin");
});

test("closing: a stream that ends without a close frame is no closing", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  peer.socket.end();
  await within(5000, "the server's FIN", peer.ended);
  assert.equal((await server.settle(0)).closed_by_reason.peer_gone, 1);
});
