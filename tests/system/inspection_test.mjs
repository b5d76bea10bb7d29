// What is told from outside of one server, by three ways, is the same: /metrics, /debug/*.json, and what
// the clients themselves have counted.
import assert from "node:assert/strict";
import test from "node:test";
import { request, Server } from "./support/server.mjs";
import { eventually } from "./support/time.mjs";

const timeout = 120_000;

/** The samples of /metrics by name and labels, as in "troupe_actors{kind=\"hub\"}". */
async function metrics(server) {
  const { status, headers, body } = await request(server.adminPort, "/metrics");
  assert.equal(status, 200, body);
  assert.match(headers["content-type"], /^text\/plain; version=0\.0\.4/);
  const samples = new Map();
  for (const line of body.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const at = line.lastIndexOf(" ");
    assert.ok(!samples.has(line.slice(0, at)), `twice: ${line}`);
    samples.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return samples;
}

async function debug(server, path) {
  const { status, body } = await request(server.adminPort, `/debug/${path}`);
  assert.equal(status, 200, body);
  return JSON.parse(body);
}

/** All rows of a table, page by page. */
async function allRows(server, path, size = 40) {
  const rows = [];
  for (;;) {
    const page = await debug(server, `${path}${path.includes("?") ? "&" : "?"}limit=${size}&offset=${rows.length}`);
    rows.push(...page.rows);
    if (page.rows.length < size) return { ...page, rows };
  }
}

const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);

test("inspection: metrics, debug tables, the console and the clients agree", { timeout }, async (t) => {
  const server = await Server.start(t, "--listen-loops", "2", "--console-read-only-token", "watchers-know-this");
  const clients = await server.connectMany(90, "/ws");
  const grouped = await server.connectMany(10, "/ws/news");
  await server.settle(100);
  let received = 0;
  for (const client of [...clients, ...grouped]) client.take = () => { received += 1; };
  const spoken = 25;
  for (let i = 0; i < spoken; ++i) clients[i % 5].send(`message ${i}`);
  grouped[0].send("to the group");
  const delivered = spoken * 100 + 10;
  await eventually("all is received", () => received === delivered);

  const { matching, rows } = await allRows(server, "connections.json?sort=msgs_in");
  assert.equal(matching, 100);
  assert.equal(new Set(rows.map((row) => row.client)).size, 100, "each once");
  assert.equal(sum(rows, "msgs_in"), spoken + 1);
  assert.equal(sum(rows, "msgs_out"), delivered);
  assert.deepEqual(rows.slice(0, 6).map((row) => row.msgs_in), [5, 5, 5, 5, 5, 1]);
  assert.ok(rows.every((row) => row.peer === "127.0.0.1" && row.errors === 0));

  const { status, body } = await request(server.adminPort, "/debug/command", {
    method: "POST", headers: { authorization: "Bearer watchers-know-this" },
    body: JSON.stringify({ command: "top conns by msgs_in n 1000 columns id,msgs_in,msgs_out" }),
  });
  assert.equal(status, 200, body);
  const { result: top } = JSON.parse(body);
  const byId = (all) => new Map(all.map(({ id, client, msgs_in, msgs_out }) => [client ?? id, { msgs_in, msgs_out }]));
  assert.deepEqual([...byId(top)].sort(), [...byId(rows)].sort(), "top and /debug tell the same of each");

  const shown = await metrics(server);
  const totals = await server.totals();
  for (const [name, counter, expected] of [
    ["troupe_connections", "connections", 100],
    ["troupe_connections_opened_total", "opened", 100],
    ["troupe_messages_received_total", "messages_in", spoken + 1],
    ["troupe_messages_queued_total", "messages_queued", delivered],
    ["troupe_messages_dropped_total", "messages_dropped", 0],
  ]) {
    assert.equal(shown.get(name), expected, name);
    assert.equal(totals[counter], expected, counter);
  }
  assert.equal(shown.get("troupe_actors{kind=\"connection\"}"), 100);
  assert.equal(shown.get("troupe_actors{kind=\"shard\"}"), 2);
  assert.ok(shown.get("troupe_fan_out_seconds_count{stage=\"mailbox\"}") > 0, "the way was sampled");
  await eventually("queues are empty everywhere", async () =>
    (await metrics(server)).get("troupe_queued_bytes") === 0 &&
    sum((await allRows(server, "connections.json")).rows, "queue_bytes") === 0);
  assert.equal(sum((await allRows(server, "connections.json")).rows, "bytes_out"),
    (await metrics(server)).get("troupe_sent_bytes_total"));
});

test("inspection: each end is told once, with its reason", { timeout }, async (t) => {
  const server = await Server.start(t, "--listen-loops", "2");
  const clients = await server.connectMany(60);
  await server.settle(60);
  const leaves = clients.slice(0, 20);
  const breaks = clients.slice(20, 40);
  await Promise.all(leaves.map((client) => client.close()));
  for (const client of breaks) client.reset();
  await server.settle(20);
  let closed;
  await eventually("the ledger has heard of all", async () => {
    closed = await debug(server, "closed.json?limit=100");
    return closed.ended === 40;
  });
  assert.equal(closed.rows.length, 40);
  assert.equal(new Set(closed.rows.map((row) => row.client)).size, 40);
  assert.deepEqual(closed.by_reason, { peer_closed: 20, peer_reset: 20 });
  assert.equal(closed.missed, 0);
  const ofClients = await debug(server, "closed.json?reason=peer_closed&limit=3&offset=18");
  assert.equal(ofClients.matching, 20);
  assert.equal(ofClients.rows.length, 2);
  assert.ok(ofClients.rows.every((row) => row.by === "client" && row.code_received === 1000 && row.uptime_ms > 0));
  const shown = await metrics(server);
  assert.equal(shown.get("troupe_connections_closed_total{reason=\"peer_closed\"}"), 20);
  assert.equal(shown.get("troupe_connections_closed_total{reason=\"peer_reset\"}"), 20);
  assert.equal(shown.get("troupe_actors{kind=\"connection\"}"), 20);
});

test("inspection: a client that does not read is at the top of the table", { timeout }, async (t) => {
  const server = await Server.start(t, "--outbox-max-bytes", "16MiB", "--outbox-write-timeout", "60s");
  const [speaker] = await server.connectMany(5);
  const stalled = await server.connect();
  stalled.socket.pause();
  const block = "x".repeat(60_000);
  let top;
  await eventually("its queue grows", async () => {
    speaker.send(block);
    [top] = (await debug(server, "connections.json?sort=queue_bytes&limit=1")).rows;
    return top.queue_bytes > 500_000;
  }, 30_000);
  assert.ok(top.queue_msgs > 1);
  assert.ok(top.queue_peak_bytes >= top.queue_bytes);
  await eventually("its oldest message ages", async () => {
    [top] = (await debug(server, `connections.json?id=${top.client}`)).rows;
    return top.oldest_queued_ms > 1000;
  });
  const shown = await metrics(server);
  assert.equal(shown.get("troupe_connections_behind"), 1);
  assert.ok(shown.get("troupe_queue_age_max_seconds") > 1);
});

test("inspection: is not on the public port", { timeout }, async (t) => {
  const server = await Server.start(t);
  for (const path of ["/metrics", "/debug/connections.json", "/debug/closed.json"])
    assert.equal((await request(server.port, path)).status, 404);
});
