// permessage-deflate (RFC 7692): which offers are taken, and what a compressed message may be.
import assert from "node:assert/strict";
import test from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import { frame, opcode, upgradeRequest } from "../system/support/raw_peer.mjs";
import { Server } from "../system/support/server.mjs";
import { parallel } from "../system/support/time.mjs";

const timeout = 60_000;
const compression = ["--websocket-compression", "true"];
const rsv1 = 4;
const deflateOffer = ["Sec-WebSocket-Extensions: permessage-deflate"];

/** A message as RFC 7692, section 7.2.1 makes it: a sync flush without its last four bytes. */
const deflated = (payload) =>
  deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

/** An upgraded peer and what the server agreed to, in small letters. */
async function offering(server, ...headers) {
  const peer = await server.rawPeer({ upgraded: false });
  peer.write(upgradeRequest("/ws", headers));
  assert.equal(await peer.status(), 101, headers.join());
  const text = peer.bytes.toString("latin1");
  peer.bytes = peer.bytes.subarray(text.indexOf("\r\n\r\n") + 4);
  return { peer, agreed: /sec-websocket-extensions: *(.*)\r/i.exec(text)?.[1].toLowerCase() ?? "" };
}

const takes = [
  "permessage-deflate",
  "PERMESSAGE-DEFLATE",
  "permessage-deflate; client_max_window_bits",
  "permessage-deflate; client_max_window_bits=10",
  "permessage-deflate; server_max_window_bits=15",
  "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
  "x-unknown, permessage-deflate",
];
const declines = [
  "x-webkit-deflate-frame",
  "permessage-deflate; x-unknown",
  "permessage-deflate; server_max_window_bits",
  "permessage-deflate; server_max_window_bits=7",
  "permessage-deflate; server_max_window_bits=16",
  "permessage-deflate; server_max_window_bits=010",
  "permessage-deflate; client_max_window_bits=7",
  "permessage-deflate; client_max_window_bits=16",
  "permessage-deflate; client_max_window_bits=x",
  "permessage-deflate; server_no_context_takeover=1",
  "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
];

test("extension: an offer that is valid is taken, one that is not is declined", { timeout }, async (t) => {
  const server = await Server.start(t, ...compression);
  const verdicts = {};
  for (const offer of [...takes, ...declines]) {
    const { peer, agreed } = await offering(server, `Sec-WebSocket-Extensions: ${offer}`);
    verdicts[offer] = agreed.startsWith("permessage-deflate");
    peer.write(frame(opcode.text, "hello".repeat(100)));
    const { code } = await peer.nextFrame();
    assert.equal(code, opcode.text, offer);
    peer.destroy();
  }
  assert.deepEqual(verdicts, Object.fromEntries([...takes.map((o) => [o, true]), ...declines.map((o) => [o, false])]));
});

test("extension: an offer in a second field counts", { timeout }, async (t) => {
  const server = await Server.start(t, ...compression);
  const { agreed } = await offering(server, "Sec-WebSocket-Extensions: x-unknown", ...deflateOffer);
  assert.match(agreed, /^permessage-deflate/);
});

test("extension: it is not agreed on when it is turned off", { timeout }, async (t) => {
  const server = await Server.start(t);
  const { peer, agreed } = await offering(server, ...deflateOffer);
  assert.equal(agreed, "");
  peer.write(frame(opcode.text, deflated("hello"), { rsv: rsv1 }));
  assert.equal((await peer.closeFrame()).code, 1002);
});

test("extension: compressed messages are inflated, fragmented or not, and mix with plain ones", { timeout }, async (t) => {
  const server = await Server.start(t, ...compression);
  const witness = await server.connect();
  const { peer } = await offering(server, ...deflateOffer);
  const text = "hello, ".repeat(50);
  const bytes = deflated(text);
  peer.write(frame(opcode.text, bytes, { rsv: rsv1 }));
  assert.equal(await witness.nextText(), text);
  peer.write(frame(opcode.text, text));
  assert.equal(await witness.nextText(), text);
  peer.write(frame(opcode.text, bytes.subarray(0, 3), { rsv: rsv1, fin: false }), frame(opcode.ping, "between"),
    frame(opcode.continuation, bytes.subarray(3)));
  assert.equal(await witness.nextText(), text);
  peer.write(frame(opcode.text, Buffer.from([0]), { rsv: rsv1 }));
  assert.equal(await witness.nextText(), "", "an empty message is one byte");
  peer.write(frame(opcode.text, deflateRawSync(text, { level: 0, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4), { rsv: rsv1 }));
  assert.equal(await witness.nextText(), text, "stored blocks");
});

const breaches = [
  ["RSV1 on a continuation", 1002, frame(opcode.text, "x", { fin: false }), frame(opcode.continuation, "x", { rsv: rsv1 })],
  ["RSV1 on a ping", 1002, frame(opcode.ping, "x", { rsv: rsv1 })],
  ["RSV2 beside RSV1", 1002, frame(opcode.text, deflated("x"), { rsv: 6 })],
  ["bytes that are no deflate stream", 1002, frame(opcode.text, Buffer.alloc(50, 0xff), { rsv: rsv1 })],
  ["a distance before the beginning", 1002, frame(opcode.text, Buffer.from([0x4b, 0x04, 0x12, 0x00, 0x01, 0x62]), { rsv: rsv1 })],
  ["text that inflates to no UTF-8", 1007, frame(opcode.text, deflated(Buffer.from([0xff, 0xfe])), { rsv: rsv1 })],
  ["more than the limit when inflated", 1009, frame(opcode.text, deflated("x".repeat(100_000)), { rsv: rsv1 })],
];

test("extension: breaches are closed with their code and delivered to nobody", { timeout }, async (t) => {
  const server = await Server.start(t, ...compression);
  const witness = await server.connect();
  const verdicts = {};
  await parallel(breaches.length, 4, async (at) => {
    const [what, , ...frames] = breaches[at];
    const { peer } = await offering(server, ...deflateOffer);
    peer.write(...frames);
    verdicts[what] = await peer.closeFrame().then(({ code }) => code, (error) => error.message);
    peer.destroy();
  });
  assert.deepEqual(verdicts, Object.fromEntries(breaches.map(([what, code]) => [what, code])));
  await witness.roundTrip();
  assert.deepEqual(witness.received, []);
});
