// The opening handshake (RFC 6455, section 4.2; RFC 9112): what is upgraded, what is refused and how.
import assert from "node:assert/strict";
import test from "node:test";
import { frame, opcode, upgradeRequest } from "../system/support/raw_peer.mjs";
import { Server } from "../system/support/server.mjs";
import { within } from "../system/support/time.mjs";

const timeout = 30_000;
const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

/** The answer to `bytes`: {status, head}, where head is the status line and the fields. */
async function answer(server, bytes) {
  const peer = await server.rawPeer({ upgraded: false });
  peer.write(bytes);
  const status = await peer.status();
  const head = peer.bytes.toString("latin1").split("\r\n\r\n")[0];
  return { status, head, peer };
}

/** The correct request with one line replaced; `undefined` leaves it out. */
function changed(line, into) {
  const lines = upgradeRequest().split("\r\n");
  const at = lines.findIndex((candidate) => candidate.startsWith(line));
  assert.notEqual(at, -1, line);
  lines.splice(at, 1, ...[into ?? []].flat());
  return lines.join("\r\n");
}

const field = (head, name) =>
  head.split("\r\n").find((line) => line.toLowerCase().startsWith(`${name}:`))?.split(":")[1].trim();

test("handshake: the accept key is that of the RFC's example, and nothing unasked is agreed on", { timeout }, async (t) => {
  const server = await Server.start(t, "--websocket-compression", "true");
  const { status, head } = await answer(server, upgradeRequest());
  assert.equal(status, 101);
  assert.match(head, /^HTTP\/1\.1 101 /);
  assert.equal(field(head, "sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  assert.equal(field(head, "upgrade").toLowerCase(), "websocket");
  assert.equal(field(head, "connection").toLowerCase(), "upgrade");
  assert.equal(field(head, "sec-websocket-extensions"), undefined);
  assert.equal(field(head, "sec-websocket-protocol"), undefined);
});

const upgraded = [
  ["field names in capitals", upgradeRequest().replace(/^[A-Z][\w-]*(?=:)/gm, (name) => name.toUpperCase())],
  ["field names in small letters", upgradeRequest().replace(/^[A-Z][\w-]*(?=:)/gm, (name) => name.toLowerCase())],
  ["the token websocket in capitals", changed("Upgrade", "Upgrade: WEBSOCKET")],
  ["Connection as a list", changed("Connection", "Connection: keep-alive, Upgrade")],
  ["Connection in two fields", changed("Connection", ["Connection: keep-alive", "Connection: Upgrade"])],
  ["Upgrade as a list", changed("Upgrade", "Upgrade: h2c, websocket")],
  ["no blank after the colon", upgradeRequest().replace(/: /g, ":")],
  ["blanks around values", upgradeRequest().replace(/: (.*)\r/g, ": \t $1 \t\r")],
  ["sub-protocols, none of which is spoken", upgradeRequest("/ws", ["Sec-WebSocket-Protocol: a, b"])],
  ["extensions, none of which is known", upgradeRequest("/ws", ["Sec-WebSocket-Extensions: x-unknown; a=1, foo"])],
  ["a query", upgradeRequest("/ws?a=%20b")],
];

test("handshake: whatever spelling the RFC allows is upgraded", { timeout }, async (t) => {
  const server = await Server.start(t);
  const verdicts = {};
  for (const [what, request] of upgraded) {
    const { status, head, peer } = await answer(server, request);
    verdicts[what] = status;
    assert.equal(field(head, "sec-websocket-protocol"), undefined, what);
    assert.equal(field(head, "sec-websocket-extensions"), undefined, what);
    peer.destroy();
  }
  assert.deepEqual(verdicts, Object.fromEntries(upgraded.map(([what]) => [what, 101])));
});

const refused = [
  [400, "no key", changed("Sec-WebSocket-Key")],
  [400, "an empty key", changed("Sec-WebSocket-Key", "Sec-WebSocket-Key:")],
  [400, "a key of 15 bytes", changed("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j")],
  [400, "a key of 17 bytes", changed("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=")],
  [400, "a key that is no base64", changed("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZS!ub25jZQ==")],
  [400, "two keys", changed("Sec-WebSocket-Key", [key, key])],
  [400, "no version", changed("Sec-WebSocket-Version")],
  [426, "version 8", changed("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8")],
  [426, "version 14", changed("Sec-WebSocket-Version", "Sec-WebSocket-Version: 14")],
  [426, "no Upgrade", changed("Upgrade")],
  [426, "an Upgrade to something else", changed("Upgrade", "Upgrade: h2c")],
  [426, "no Connection", changed("Connection")],
  [426, "Connection without the token upgrade", changed("Connection", "Connection: keep-alive")],
  [426, "HTTP/1.0", changed("GET", "GET /ws HTTP/1.0")],
  [405, "POST", changed("GET", "POST /ws HTTP/1.1")],
  [405, "HEAD", changed("GET", "HEAD /ws HTTP/1.1")],
  [404, "a path that is not there", changed("GET", "GET /nowhere HTTP/1.1")],
  [400, "no Host", changed("Host")],
  [400, "two Hosts", changed("Host", ["Host: a", "Host: b"])],
  [400, "a line that ends with a bare LF", upgradeRequest().replace("\r\n", "\n")],
  [400, "a NUL in a value", changed("Host", "Host: a\0b")],
  [400, "a blank before the colon", changed("Host", "Host : localhost")],
  [400, "a field without a colon", changed("Host", ["Host: localhost", "nonsense"])],
  [400, "no method", changed("GET", "/ws HTTP/1.1")],
  [400, "HTTP/3.0", changed("GET", "GET /ws HTTP/3.0")],
  [400, "lengths that differ", upgradeRequest("/ws", ["Content-Length: 0", "Content-Length: 1"])],
  [400, "a length and chunks", upgradeRequest("/ws", ["Content-Length: 0", "Transfer-Encoding: chunked"])],
];

test("handshake: what breaks a rule is refused with the status that says which, and closed", { timeout }, async (t) => {
  const server = await Server.start(t);
  const verdicts = {};
  for (const [expected, what, request] of refused) {
    const { status, head, peer } = await answer(server, request);
    verdicts[what] = status;
    if (status === 426) assert.equal(field(head, what.startsWith("version") ? "sec-websocket-version" : "upgrade"),
      what.startsWith("version") ? "13" : "websocket", what);
    peer.socket.end();
    await within(5000, `the end after ${what}`, peer.ended);
  }
  assert.deepEqual(verdicts, Object.fromEntries(refused.map(([status, what]) => [what, status])));
  assert.equal((await server.totals()).opened, 0);
});

test("handshake: a request that comes byte by byte is upgraded", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer({ upgraded: false });
  peer.socket.setNoDelay(true);
  for (const byte of upgradeRequest()) {
    peer.write(byte);
    await new Promise(setImmediate);
  }
  assert.equal(await peer.status(), 101);
});

test("handshake: a connection that was used for pages can be upgraded", { timeout }, async (t) => {
  const server = await Server.start(t);
  const peer = await server.rawPeer({ upgraded: false });
  peer.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assert.equal(await peer.status(), 200);
  const end = peer.bytes.indexOf("\r\n\r\n") + 4;
  const length = Number(/content-length: (\d+)/i.exec(peer.bytes.toString("latin1"))[1]);
  assert.equal(peer.bytes.length, end + length);
  peer.bytes = Buffer.alloc(0);
  peer.write(upgradeRequest());
  assert.equal(await peer.status(), 101);
});

test("handshake: a frame sent before the answer is refused with 400, and nobody gets it", { timeout }, async (t) => {
  const server = await Server.start(t);
  const witness = await server.connect();
  const { status, peer } = await answer(server, Buffer.concat([Buffer.from(upgradeRequest()), frame(opcode.text, "early")]));
  assert.equal(status, 400); // the client must wait: RFC 6455, section 4.1
  await within(5000, "the end of the connection", peer.ended);
  await witness.roundTrip();
  assert.deepEqual(witness.received, []);
  await server.settle(1);
});
