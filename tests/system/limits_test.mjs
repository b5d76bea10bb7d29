// Every limit on a request or a message: just below passes, just above has its status or close code.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode, upgradeRequest } from "./support/raw_peer.mjs";
import { Server } from "./support/server.mjs";

const timeout = 30_000;

async function statusOf(server, request) {
  const peer = await server.rawPeer({ upgraded: false });
  peer.write(request);
  return peer.status();
}

test("limits: a message of the limit passes, one byte more is closed with 1009", { timeout }, async (t) => {
  const server = await Server.start(t, "--websocket-max-message-bytes", "1000");
  const [speaker, listener] = await server.connectMany(2);
  speaker.send("x".repeat(1000));
  assert.equal((await listener.nextText()).length, 1000);
  speaker.send("x".repeat(1001));
  assert.deepEqual(await speaker.closed, { code: 1009, reason: "message too big" });
  assert.equal((await server.settle(1)).closed_by_reason.message_too_big, 1);
});

test("limits: the sum of fragments counts, not each", { timeout }, async (t) => {
  const server = await Server.start(t, "--websocket-max-message-bytes", "1000");
  const client = await server.connect();
  client.send("x".repeat(600), { fin: false });
  client.send("x".repeat(600), { fin: false });
  assert.equal((await client.closed).code, 1009);
});

test("limits: a claimed length is refused before its bytes come", { timeout }, async (t) => {
  const server = await Server.start(t);
  for (const length of [65_537n, 1n << 31n, (1n << 32n) + 5n, 1n << 62n]) {
    const peer = await server.rawPeer();
    peer.write(frame(opcode.binary, "", { length }));
    assert.equal((await peer.closeFrame(2000)).code, 1009, `a length of ${length}`);
  }
});

test("limits: so many fragments pass, one more is closed with 1009", { timeout }, async (t) => {
  const server = await Server.start(t, "--websocket-max-fragments", "8");
  const [speaker, listener] = await server.connectMany(2);
  const say = (client, fragments) => {
    for (let sent = 1; sent <= fragments; sent++) client.send("x", { fin: sent === fragments });
  };
  say(speaker, 8);
  assert.equal((await listener.next()).data.toString(), "x".repeat(8));
  say(speaker, 9);
  assert.deepEqual(await speaker.closed, { code: 1009, reason: "too many fragments" });
});

test("limits: a flood of empty fragments is closed with 1009", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer();
  peer.write(frame(opcode.binary, "", { fin: false }), ...Array(2000).fill(frame(opcode.continuation, "", { fin: false })));
  assert.equal((await peer.closeFrame()).code, 1009);
});

test("limits: headers up to the limit pass, larger ones are answered 431", { timeout }, async (t) => {
  const server = await Server.start(t, "--limit-header-bytes", "2000", "--limit-uri-bytes", "1000");
  const filled = (total) => {
    const header = "X-Fill: ";
    const empty = upgradeRequest("/ws", [header]).length;
    return upgradeRequest("/ws", [header + "x".repeat(total - empty)]);
  };
  assert.equal(await statusOf(server, filled(2000)), 101);
  assert.equal(await statusOf(server, filled(2001)), 431);
  assert.equal(await statusOf(server, "GET /ws HTTP/1.1\r\nX-Fill: " + "x".repeat(60_000)), 431, "without an end");
});

test("limits: so many header fields pass, one more is answered 431", { timeout }, async (t) => {
  const server = await Server.start(t, "--limit-header-count", "20");
  const own = 5; // of the upgrade request
  const fields = (count) => upgradeRequest("/ws", Array.from({ length: count - own }, (_, index) => `X-${index}: y`));
  assert.equal(await statusOf(server, fields(20)), 101);
  assert.equal(await statusOf(server, fields(21)), 431);
});

test("limits: a target of the limit passes, a longer one is answered 414", { timeout }, async (t) => {
  const server = await Server.start(t, "--limit-uri-bytes", "200");
  const target = (length) => "/ws?" + "x".repeat(length - 4);
  assert.equal(await statusOf(server, upgradeRequest(target(200))), 101);
  assert.equal(await statusOf(server, upgradeRequest(target(201))), 414);
});

const malformed = [
  ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n"],
  ["a header without a colon", "GET /ws HTTP/1.1\r\nHost localhost\r\n\r\n"],
  ["a NUL in a header", "GET /ws HTTP/1.1\r\nHost: a\0b\r\n\r\n"],
  ["an upgrade without a key", upgradeRequest().replace(/Sec-WebSocket-Key: .*\r\n/, "")],
  ["a key of 15 bytes", upgradeRequest().replace(/Key: .*/, "Key: dGhlIHNhbXBsZSBub25j")],
  ["no Host", upgradeRequest().replace("Host: localhost\r\n", "")],
];

test("limits: what is no valid request is answered 400", { timeout }, async (t) => {
  const server = await Server.start(t);
  const base = await server.openDescriptors();
  for (const [what, request] of malformed) assert.equal(await statusOf(server, request), 400, what);
  await server.settleEmpty(base);
});

test("limits: another version of WebSocket is answered 426 with the one spoken here", { timeout }, async (t) => {
  const server = await Server.start(t);
  const refused = await server.refusal("/ws", { protocolVersion: 8 });
  assert.equal(refused.status, 426);
  assert.equal(refused.headers["sec-websocket-version"], "13");
});
