// The load generator against the real server, in both protocols.
import assert from "node:assert/strict";
import test from "node:test";
import { runToEnd, Server } from "./support/server.mjs";

const timeout = 60_000;

async function bench(server, path, ...args) {
  const { code, stdout, stderr } = await runToEnd(
    ["bench", server.url(path), "--connections", "50", "--count", "200", "--warmup", "0", "--format", "json", "--quiet", ...args],
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
