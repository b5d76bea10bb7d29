// Framing (RFC 6455, section 5): what breaks a rule is closed with 1002, is not delivered, and harms nobody.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { Server } from "../system/support/server.mjs";
import { parallel } from "../system/support/time.mjs";

const timeout = 60_000;
const limit = ["--websocket-max-message-bytes", "128KiB"];

/** Frames with a header of our own making: `head` is what precedes the masking key. */
const headed = (head, payload = "", key = [1, 2, 3, 4]) => {
  const body = Buffer.from(payload);
  return Buffer.concat([Buffer.from(head), Buffer.from(key), body.map((byte, at) => byte ^ key[at % 4])]);
};

const start = frame(opcode.text, "begun", { fin: false });
const reservedOpcodes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];
const violations = [
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => [`reserved bits ${rsv}`, frame(opcode.text, "x", { rsv })]),
  ...[1, 2, 4].map((rsv) => [`a ping with reserved bits ${rsv}`, frame(opcode.ping, "x", { rsv })]),
  ...reservedOpcodes.map((code) => [`opcode ${code}`, frame(code, "x")]),
  ...reservedOpcodes.map((code) => [`opcode ${code} without payload`, frame(code)]),
  ["an unmasked text", frame(opcode.text, "x", { mask: false })],
  ["an unmasked empty text", frame(opcode.text, "", { mask: false })],
  ["an unmasked ping", frame(opcode.ping, "", { mask: false })],
  ["an unmasked close", frame(opcode.close, Buffer.from([3, 232]), { mask: false })],
  ["an unmasked continuation", start, frame(opcode.continuation, "x", { mask: false })],
  ["a ping of 126 bytes", frame(opcode.ping, "x".repeat(126))],
  ["a pong of 126 bytes", frame(opcode.pong, "x".repeat(126))],
  ["a close of 126 bytes", frame(opcode.close, "\x03\xe8" + "x".repeat(124))],
  ["a ping that claims 64 KiB", frame(opcode.ping, "", { length: 65_536n })],
  ["a fragmented ping", frame(opcode.ping, "x", { fin: false })],
  ["a fragmented pong", frame(opcode.pong, "x", { fin: false })],
  ["a fragmented close", frame(opcode.close, Buffer.from([3, 232]), { fin: false })],
  ["a continuation of nothing", frame(opcode.continuation, "x")],
  ["a continuation of nothing, with more to come", frame(opcode.continuation, "x", { fin: false })],
  ["a continuation after a whole message", frame(opcode.continuation, "x"), { first: frame(opcode.text, "whole"), delivered: 1 }],
  ["a new text within a message", start, frame(opcode.text, "x")],
  ["a new binary within a message", start, frame(opcode.binary, "x")],
  ["a length with the highest bit", frame(opcode.binary, "", { length: 1n << 63n })],
  ["a length of all ones", frame(opcode.binary, "", { length: (1n << 64n) - 1n })],
  ["a length of 5 in 16 bits", headed([0x81, 0xfe, 0, 5], "hello")],
  ["a length of 125 in 16 bits", headed([0x81, 0xfe, 0, 125], "x".repeat(125))],
  ["a length of 5 in 64 bits", headed([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 5], "hello")],
  ["a length of 65,535 in 64 bits", headed([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], "x".repeat(65_535))],
];

test("frames: every breach of the framing rules is closed with 1002 and delivers nothing", { timeout }, async (t) => {
  const server = await Server.start(t, ...limit);
  const witness = await server.connect();
  const verdicts = {};
  await parallel(violations.length, 8, async (at) => {
    const [what, ...rest] = violations[at];
    const options = rest.at(-1).first ? rest.pop() : {};
    const peer = await server.rawPeer();
    if (options.first) peer.write(options.first);
    peer.write(...rest);
    verdicts[what] = await peer.closeFrame().then(({ code }) => code, (error) => error.message);
    peer.destroy();
  });
  assert.deepEqual(verdicts, Object.fromEntries(violations.map(([what]) => [what, 1002])));
  await witness.roundTrip();
  assert.deepEqual(witness.received.map(({ data }) => data), ["whole"]);
  await server.settle(1);
});

test("frames: lengths at the borders of their encodings come back whole", { timeout }, async (t) => {
  const server = await Server.start(t, ...limit);
  const peer = await server.rawPeer();
  for (const size of [0, 1, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, 131_072]) {
    const payload = Buffer.alloc(size, "0123456789abcdef");
    peer.write(frame(opcode.binary, payload));
    const { code, payload: back } = await peer.nextFrame();
    assert.equal(code, opcode.binary);
    assert.ok(back.equals(payload), `${size} bytes`);
  }
});

test("frames: a masking key of zero is as good as any other", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  for (const key of [[0, 0, 0, 0], [255, 255, 255, 255], [0, 1, 0, 0]]) {
    peer.write(headed([0x81, 0x85], "hello", key));
    assert.equal((await peer.nextFrame()).payload.toString(), "hello");
  }
});

test("frames: control frames between fragments are answered before the message is whole", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  peer.write(frame(opcode.text, "a", { fin: false }), frame(opcode.ping, "one"));
  const pong = await peer.nextFrame();
  assert.deepEqual([pong.code, pong.payload.toString()], [opcode.pong, "one"]);
  peer.write(frame(opcode.continuation, "", { fin: false }), frame(opcode.pong, "unasked"), frame(opcode.continuation, "b"));
  const whole = await peer.nextFrame();
  assert.deepEqual([whole.code, whole.payload.toString()], [opcode.text, "ab"]);
});

test("frames: a pong carries what the ping carried", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  for (const payload of [Buffer.alloc(0), Buffer.from([0, 255, 254]), Buffer.alloc(125, "p")]) {
    peer.write(frame(opcode.ping, payload));
    const pong = await peer.nextFrame();
    assert.equal(pong.code, opcode.pong);
    assert.ok(pong.payload.equals(payload), `${payload.length} bytes`);
  }
});

test("frames: messages are the same however TCP cuts them", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  peer.socket.setNoDelay(true);
  const stream = Buffer.concat([frame(opcode.text, "first"), frame(opcode.binary, Buffer.alloc(300, 7)),
    frame(opcode.text, "sec", { fin: false }), frame(opcode.continuation, "ond"), frame(opcode.text, "")]);
  const expected = ["first", Buffer.alloc(300, 7).toString(), "second", ""];
  for (const piece of [1, 2, 3, 7, stream.length]) {
    for (let at = 0; at < stream.length; at += piece) {
      peer.write(stream.subarray(at, at + piece));
      if (piece < stream.length) await new Promise(setImmediate);
    }
    for (const text of expected) assert.equal((await peer.nextFrame()).payload.toString(), text, `pieces of ${piece}`);
  }
});
