// Text is UTF-8 (RFC 6455, section 8.1): 1007 at the first byte that cannot be, whatever it is split into.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { Server } from "../system/support/server.mjs";
import { parallel } from "../system/support/time.mjs";

const timeout = 60_000;

const valid = ["", "plain", "\u00df\u20ac\u{1f600}", "\u0000", "\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}",
  "\ufffe\ufeff", "κόσμε"];

const invalid = {
  "a lone continuation byte": [0x80],
  "a byte that never occurs": [0xff],
  "0xfe": [0xfe],
  "a sequence cut short": [0x61, 0xc3],
  "a sequence of three cut short": [0xe2, 0x82],
  "a sequence of four cut short": [0xf0, 0x9f, 0x98],
  "an overlong slash": [0xc0, 0xaf],
  "an overlong slash in three bytes": [0xe0, 0x80, 0xaf],
  "an overlong slash in four bytes": [0xf0, 0x80, 0x80, 0xaf],
  "an overlong NUL": [0xc0, 0x80],
  "a high surrogate": [0xed, 0xa0, 0x80],
  "a low surrogate": [0xed, 0xbf, 0xbf],
  "beyond U+10FFFF": [0xf4, 0x90, 0x80, 0x80],
  "a lead byte of five": [0xf8, 0x88, 0x80, 0x80, 0x80],
  "a lead byte of six": [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
  "a wrong second byte": [0xc3, 0x28],
  "a wrong third byte": [0xe2, 0x82, 0x28],
  "a good text with one bad byte in its middle": [...Buffer.from("x".repeat(500)), 0x80, ...Buffer.from("x".repeat(500))],
};

/** Close codes of peers that send what `write` writes for each of `invalid`. */
async function verdicts(server, write) {
  const got = {};
  const cases = Object.entries(invalid);
  await parallel(cases.length, 8, async (at) => {
    const [what, bytes] = cases[at];
    const peer = await server.rawPeer();
    write(peer, Buffer.from(bytes));
    got[what] = await peer.closeFrame().then(({ code }) => code, (error) => error.message);
    peer.destroy();
  });
  return got;
}

const allWith = (code) => Object.fromEntries(Object.keys(invalid).map((what) => [what, code]));

test("text: whatever is UTF-8 comes back as it is, in one frame or split after every byte", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  for (const text of valid) {
    peer.write(frame(opcode.text, text));
    assert.equal((await peer.nextFrame()).payload.toString(), text);
    const bytes = Buffer.from(text);
    if (bytes.length < 2) continue;
    bytes.forEach((byte, at) => peer.write(frame(at === 0 ? opcode.text : opcode.continuation, Buffer.from([byte]),
      { fin: at === bytes.length - 1 })));
    assert.equal((await peer.nextFrame()).payload.toString(), text);
  }
});

test("text: what is not UTF-8 is closed with 1007 and delivered to nobody", { timeout }, async (t) => {
  const server = await Server.start(t);
  const witness = await server.connect();
  assert.deepEqual(await verdicts(server, (peer, bytes) => peer.write(frame(opcode.text, bytes))), allWith(1007));
  await witness.roundTrip();
  assert.deepEqual(witness.received, []);
});

test("text: splitting it into fragments does not hide it", { timeout }, async (t) => {
  const server = await Server.start(t);
  const split = (peer, bytes) => {
    peer.write(frame(opcode.text, "", { fin: false }));
    for (const byte of bytes) peer.write(frame(opcode.continuation, Buffer.from([byte]), { fin: false }));
    peer.write(frame(opcode.continuation, ""));
  };
  assert.deepEqual(await verdicts(server, split), allWith(1007));
});

test("text: a byte that cannot be is refused before the message ends", { timeout }, async (t) => {
  const server = await Server.start(t);
  for (const bytes of [[0xff], [0xc0], [0xed, 0xa0], [0xf4, 0x90], [0x80]]) {
    const peer = await server.rawPeer();
    peer.write(frame(opcode.text, "x", { fin: false }), frame(opcode.continuation, Buffer.from(bytes), { fin: false }));
    assert.equal((await peer.closeFrame()).code, 1007, bytes.toString());
    peer.destroy();
  }
});

test("text: binary messages hold any bytes", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  for (const bytes of Object.values(invalid)) {
    peer.write(frame(opcode.binary, Buffer.from(bytes)));
    assert.ok((await peer.nextFrame()).payload.equals(Buffer.from(bytes)));
  }
});

test("text: a close frame whose reason is not UTF-8 is answered 1002", { timeout }, async (t) => {
  const server = await Server.start(t);
  const got = await verdicts(server, (peer, bytes) => peer.write(frame(opcode.close,
    Buffer.concat([Buffer.from([0x03, 0xe8]), bytes.subarray(-5)]))));
  assert.deepEqual(got, { ...allWith(1002), "a good text with one bad byte in its middle": 1000 }); // its end is good
});
