// What the ports answer besides WebSocket.
import assert from "node:assert/strict";
import test from "node:test";
import { freePort, request, Server } from "./support/server.mjs";

const timeout = 30_000;

test("http: /health says that the server takes connections", { timeout }, async (t) => {
  const server = await Server.start(t);
  for (const port of [server.port, server.adminPort]) {
    const { status, headers } = await request(port, "/health");
    assert.equal(status, 200);
    assert.match(headers["content-type"], /^application\/json/);
  }
});

test("http: the metrics port serves metrics and health at an address of its own", { timeout }, async (t) => {
  const port = await freePort();
  const server = await Server.start(t, "--metrics-address", "127.0.0.2", "--metrics-port", String(port));
  assert.equal(Number(server.event("listening").metrics_port), port);
  await server.connect();
  const at = (path) => request(port, path, { host: "127.0.0.2" });
  assert.match((await at("/metrics")).body, /^troupe_connections 1$/m);
  assert.equal((await at("/health")).status, 200);
  assert.equal((await at("/debug/connections.json")).status, 404);
  await assert.rejects(request(port, "/metrics"), { code: "ECONNREFUSED" }, "nowhere else");
});

test("http: / is the page, complete with its script and style", { timeout }, async (t) => {
  const server = await Server.start(t);
  const page = await request(server.port, "/");
  assert.equal(page.status, 200);
  assert.match(page.headers["content-type"], /^text\/html/);
  const parts = [...page.body.matchAll(/(?:src|href)="([^":]+)"/g)].map(([, path]) => path);
  assert.deepEqual(parts, ["palette.css", "style.css", "app.js"]);
  for (const path of parts) {
    const { status, headers } = await request(server.port, `/${path}`);
    assert.equal(status, 200, path);
    assert.match(headers["content-type"], /^text\/(javascript|css)/);
  }
});

test("http: HEAD answers the headers of GET without a body", { timeout }, async (t) => {
  const server = await Server.start(t);
  const head = await request(server.port, "/", { method: "HEAD" });
  const get = await request(server.port, "/");
  assert.equal(head.status, 200);
  assert.equal(head.body, "");
  assert.equal(head.headers["content-length"], String(Buffer.byteLength(get.body)));
});

test("http: an unknown path is answered 404, also for an upgrade", { timeout }, async (t) => {
  const server = await Server.start(t);
  assert.equal((await request(server.port, "/nothing")).status, 404);
  assert.equal((await server.refusal("/elsewhere")).status, 404);
});

test("http: another method is answered 405 with those allowed", { timeout }, async (t) => {
  const server = await Server.start(t);
  const { status, headers } = await request(server.port, "/", { method: "POST" });
  assert.equal(status, 405);
  assert.match(headers.allow, /GET/);
});

test("http: a plain GET of /ws is answered 426", { timeout }, async (t) => {
  const server = await Server.start(t);
  const { status, headers } = await request(server.port, "/ws");
  assert.equal(status, 426);
  assert.equal(headers.upgrade, "websocket");
});

test("http: what operators see is not on the public port", { timeout }, async (t) => {
  const server = await Server.start(t);
  assert.equal((await request(server.port, "/debug/totals.json")).status, 404);
  assert.equal((await request(server.adminPort, "/debug/totals.json")).status, 200);
});

test("http: an answer carries nothing of the request's text", { timeout }, async (t) => {
  const server = await Server.start(t);
  const { headers, body } = await request(server.port, "/nothing?marker", { headers: { "X-Probe": "marker" } });
  assert.ok(!JSON.stringify(headers).includes("marker") && !body.includes("marker"));
});
