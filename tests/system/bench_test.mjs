// The load generator against the real server, in both protocols.
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { makeCertificate } from "./support/certificate.mjs";
import { runToEnd, Server } from "./support/server.mjs";

const timeout = 60_000;
const certificate = makeCertificate({ after });

async function bench(server, path, ...args) {
  return benchUrl(server.url(path), ...args);
}

async function benchUrl(url, ...args) {
  const { code, stdout, stderr } = await runToEnd(
    ["bench", url, "--connections", "50", "--count", "200", "--warmup", "0", "--format", "json", "--quiet", ...args],
    { ms: 40_000 });
  return { code, stderr, result: stdout ? JSON.parse(stdout) : undefined };
}

test("bench: a plain broadcast and a channel deliver every message to every connection", { timeout }, async (t) => {
  const server = await Server.start(t, "--client-insecure", "true");
  for (const [path, ...args] of [["/ws"], ["/connection/websocket", "--protocol", "centrifuge", "--senders", "7"]]) {
    const { code, stderr, result } = await bench(server, path, ...args, "--window", "8");
    assert.equal(code, 0, stderr);
    assert.equal(result.deliveries, 200 * 50);
    assert.deepEqual([result.lost, result.duplicated, result.reordered, result.foreign], [0, 0, 0, 0]);
  }
});

test("bench: over TLS, compressed or both, every message arrives", { timeout }, async (t) => {
  const plain = await Server.start(t, "--websocket-compression", "true");
  const secure = await Server.start(t, "--websocket-compression", "true", ...certificate.flags);
  for (const [url, ...args] of [[plain.url("/ws"), "--compressed"],
                                [secure.url("/ws").replace("ws:", "wss:")],
                                [secure.url("/ws").replace("ws:", "wss:"), "--compressed"]]) {
    const { code, stderr, result } = await benchUrl(url, ...args, "--payload", "2000", "--window", "8", "--senders", "3");
    assert.equal(code, 0, `${url} ${args}: ${stderr}`);
    assert.equal(result.deliveries, 200 * 50);
    assert.deepEqual([result.lost, result.duplicated, result.reordered, result.foreign], [0, 0, 0, 0]);
  }
});

test("bench: says so when the server does not compress or speak TLS", { timeout }, async (t) => {
  const server = await Server.start(t);
  const uncompressed = await bench(server, "/ws", "--compressed");
  assert.equal(uncompressed.code, 1);
  assert.match(uncompressed.stderr, /handshake with \S+ failed: the server does not compress/);
  const insecure = await benchUrl(server.url("/ws").replace("ws:", "wss:"));
  assert.equal(insecure.code, 1);
  assert.match(insecure.stderr, /TLS handshake with \S+ failed: /);
});

test("bench: a channel that may not be subscribed to is told", { timeout }, async (t) => {
  const server = await Server.start(t, "--client-allow-anonymous-connect-without-token", "true");
  const { code, stderr } = await bench(server, "/connection/websocket", "--protocol", "centrifuge");
  assert.equal(code, 1);
  assert.match(stderr, /refuses connection \d+: \{"id":2,"error":\{"code":103,"message":"permission denied"\}\}/);
});

test("a server whose clients may do anything says so", { timeout }, async (t) => {
  const server = await Server.start(t, "--client-insecure", "true");
  assert.equal(server.event("insecure").level, "warning");
});
