// A message arrives as it was sent: type, bytes, boundaries; what is no valid message is refused.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { frame, opcode } from "./support/raw_peer.mjs";
import { Server } from "./support/server.mjs";

const timeout = 30_000;

async function pair(t, ...flags) {
  const server = await Server.start(t, ...flags);
  const [sender, receiver] = await server.connectMany(2);
  return { server, sender, receiver };
}

async function assertDelivered({ sender, receiver }, send, expected) {
  send(sender);
  assert.deepEqual(await receiver.next(), expected);
  assert.deepEqual(await sender.next(), expected);
}

test("messages: text stays text and binary stays binary", { timeout }, async (t) => {
  const peers = await pair(t);
  const bytes = randomBytes(1000);
  await assertDelivered(peers, (client) => client.send("grüße, 世界"), { data: "grüße, 世界", binary: false });
  await assertDelivered(peers, (client) => client.send(bytes), { data: bytes, binary: true });
});

test("messages: empty ones arrive with their type", { timeout }, async (t) => {
  const peers = await pair(t);
  await assertDelivered(peers, (client) => client.send(""), { data: "", binary: false });
  await assertDelivered(peers, (client) => client.send(Buffer.alloc(0)), { data: Buffer.alloc(0), binary: true });
});

test("messages: every length around a change of the frame header arrives whole", { timeout }, async (t) => {
  const peers = await pair(t);
  for (const length of [1, 125, 126, 127, 65_535, 65_536]) {
    const data = randomBytes(length);
    await assertDelivered(peers, (client) => client.send(data), { data, binary: true });
  }
});

test("messages: fragments arrive as one message, pings and empty fragments between them", { timeout }, async (t) => {
  const peers = await pair(t);
  const text = Buffer.from("grüße");
  await assertDelivered(peers, (client) => {
    // The cut goes through the two bytes of ü.
    client.send(text.subarray(0, 3), { binary: false, fin: false });
    client.socket.ping();
    client.send(Buffer.alloc(0), { fin: false });
    client.send(text.subarray(3), { fin: false });
    client.send(Buffer.alloc(0), { fin: true });
  }, { data: "grüße", binary: false });
  await assertDelivered(peers, (client) => {
    client.send(Buffer.from([1, 2]), { fin: false });
    client.send(Buffer.from([3]), { fin: true });
  }, { data: Buffer.from([1, 2, 3]), binary: true });
});

test("messages: several frames in one TCP segment are several messages", { timeout }, async (t) => {
  const server = await Server.start(t);
  const receiver = await server.connect();
  const peer = await server.rawPeer();
  peer.write(frame(opcode.text, "one"), frame(opcode.text, "two"), frame(opcode.text, "three"));
  assert.deepEqual([await receiver.nextText(), await receiver.nextText(), await receiver.nextText()],
    ["one", "two", "three"]);
});

test("messages: without echo the sender gets only those of others", { timeout }, async (t) => {
  const { sender, receiver } = await pair(t, "--websocket-echo", "false");
  sender.send("from the first");
  assert.equal(await receiver.nextText(), "from the first");
  receiver.send("from the second");
  assert.equal(await sender.nextText(), "from the second");
});

test("messages: a ping is answered with its payload", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  peer.write(frame(opcode.ping, "still there?"));
  const { code, payload } = await peer.nextFrame();
  assert.deepEqual([code, payload.toString()], [opcode.pong, "still there?"]);
});

const violations = [
  ["text that is not UTF-8", 1007, [frame(opcode.text, Buffer.from([0x66, 0xff]))]],
  ["text that is not UTF-8 across fragments", 1007,
    [frame(opcode.text, Buffer.from([0xc3]), { fin: false }), frame(opcode.continuation, "a")]],
  ["an unmasked frame", 1002, [frame(opcode.text, "x", { mask: false })]],
  ["a reserved bit", 1002, [frame(opcode.text, "x", { rsv: 4 })]],
  ["a reserved opcode", 1002, [frame(3, "x")]],
  ["a fragmented ping", 1002, [frame(opcode.ping, "x", { fin: false })]],
  ["a ping of 126 bytes", 1002, [frame(opcode.ping, "x".repeat(126))]],
  ["a continuation of nothing", 1002, [frame(opcode.continuation, "x")]],
  ["a new message within a fragmented one", 1002,
    [frame(opcode.text, "x", { fin: false }), frame(opcode.text, "y")]],
  ["a length with its top bit set", 1002, [frame(opcode.binary, "", { length: 1n << 63n })]],
  ["a close code that must not be sent", 1002, [frame(opcode.close, Buffer.from([0x03, 0xee]))]],
];

test("messages: a violation of the protocol closes the connection and is delivered to nobody", { timeout }, async (t) => {
  const server = await Server.start(t);
  const [witness] = await server.connectMany(1);
  for (const [what, expected, frames] of violations) {
    const peer = await server.rawPeer();
    peer.write(...frames);
    assert.equal((await peer.closeFrame()).code, expected, what);
    peer.destroy();
  }
  witness.send("the only one");
  assert.equal(await witness.nextText(), "the only one");
  await server.settle(1);
});

test("messages: a close frame is answered with its code", { timeout }, async (t) => {
  const server = await Server.start(t);
  const client = await server.connect();
  client.socket.close(4321, "enough");
  assert.equal((await client.closed).code, 4321);
  await server.settle(0);
});

test("messages: with compression offered, clients with and without it get the same", { timeout }, async (t) => {
  const server = await Server.start(t, "--websocket-compression", "true");
  const plain = await server.connect();
  const deflating = await server.connect("/ws", { perMessageDeflate: { threshold: 0 } });
  assert.match(deflating.socket.extensions, /permessage-deflate/);
  for (const sender of [plain, deflating]) {
    for (const text of ["", "short", "long ".repeat(5000)]) {
      sender.send(text);
      assert.equal(await plain.nextText(), text);
      assert.equal(await deflating.nextText(), text);
    }
  }
});
