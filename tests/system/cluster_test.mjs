// Several servers that a real NATS server connects: they are one for clients and for the server API.
import assert from "node:assert/strict";
import test from "node:test";
import { makeCertificate } from "./support/certificate.mjs";
import { builds, collect, connectSdk, next, subscribeSdk } from "./support/centrifuge_sdk.mjs";
import { channelOf, Nats, met, startCluster, startNode } from "./support/nats.mjs";
import { request } from "./support/server.mjs";
import { connectStream, post, streams } from "./support/streams.mjs";
import { eventually, parallel } from "./support/time.mjs";
import { hmacToken } from "./support/tokens.mjs";

const timeout = 120_000;
const [json] = builds;

for (const build of builds) {
  test(`${build.name}: clients of three nodes share channels, whoever owns them`, { timeout }, async (t) => {
    const { nodes } = await startCluster(t, 3);
    const clients = await Promise.all(nodes.map((node) => connectSdk(t, build, node.port)));
    for (let owner = 0; owner < 3; owner++) {
      const channel = await channelOf(nodes, owner, (index) => `hist:${build.name}${owner}-${index}`);
      const subscriptions = [];
      const seen = [];
      for (const client of clients)
        subscriptions.push(await subscribeSdk(client, channel, {}, (s) => seen.push(collect(s, "publication"))));
      for (const [index, subscription] of subscriptions.entries()) await subscription.publish(build.pack(index));
      await nodes[(owner + 1) % 3].api.result("publish", { channel, data: "api" });
      for (const events of seen) await eventually("all publications are there", () => events.length === 4);
      const [first] = seen.map((events) => events.map((e) => [e.offset, build.unpack(e.data)]));
      assert.deepEqual(first.map(([, data]) => data), [0, 1, 2, "api"]);
      for (const events of seen) assert.deepEqual(events.map((e) => [e.offset, build.unpack(e.data)]), first);
    }
  });
}

test("presence, joins and leaves are of all nodes", { timeout }, async (t) => {
  const { nodes } = await startCluster(t, 2);
  const channel = await channelOf(nodes, 1, (index) => `pres:${index}`);
  const [a, b] = await Promise.all(nodes.map((node) => connectSdk(t, json, node.port)));
  const here = await subscribeSdk(a, channel);
  const joins = collect(here, "join"); // its own may come, too
  const there = await subscribeSdk(b, channel);
  await eventually("the other one has joined", () => joins.some(({ info }) => info.client === b.session.client));
  for (const node of nodes) {
    const { presence } = await node.api.result("presence", { channel });
    assert.deepEqual(Object.keys(presence).sort(), [a.session.client, b.session.client].sort());
  }
  assert.deepEqual(await there.presenceStats(), { numClients: 2, numUsers: 1 });
  const left = next(here, "leave");
  b.disconnect();
  assert.equal((await left).info.client, b.session.client);
});

test("messages of /ws reach the connections of all nodes", { timeout }, async (t) => {
  const { nodes } = await startCluster(t, 2);
  const [a, b] = await Promise.all(nodes.map((node) => node.connect("/ws")));
  const [g, h] = await Promise.all(nodes.map((node) => node.connect("/ws/room")));
  a.send("for all");
  for (const client of [a, b, g, h]) assert.equal(await client.nextText(), "for all");
  h.send("for the room");
  for (const client of [g, h]) assert.equal(await client.nextText(), "for the room");
  assert.deepEqual(await nodes[0].api.result("send", { group: "room", text: "api" }), { matched: 2, queued: 2, dropped: 0 });
  for (const client of [g, h]) assert.equal(await client.nextText(), "api");
});

test("the server API works on the connections of all nodes, whichever is asked", { timeout }, async (t) => {
  const secret = "a secret of thirty-two characters";
  const { nodes } = await startCluster(t, 3, { token: { hmac_secret_key: secret } });
  const connect = (node, sub) => connectSdk(t, json, node.port, { token: hmacToken({ sub }, secret) });
  const clients = await Promise.all(nodes.map((node) => connect(node, "ann")));
  const subscribed = clients.map((client) => next(client, "subscribed"));
  await nodes[0].api.result("subscribe", { user: "ann", channel: "pub:granted" });
  for (const one of subscribed) assert.equal((await one).channel, "pub:granted");
  const { channels } = await nodes[1].api.result("channels", {});
  assert.deepEqual(channels, { "pub:granted": { num_clients: 3 } });
  const info = await nodes[2].api.result("info", {});
  assert.deepEqual(info.nodes.map((n) => n.num_clients), [1, 1, 1]);
  assert.equal(new Set(info.nodes.map((n) => n.uid)).size, 3);
  const unsubscribed = clients.map((client) => next(client, "unsubscribed"));
  await nodes[1].api.result("unsubscribe", { user: "ann", channel: "pub:granted" });
  await Promise.all(unsubscribed);
  const gone = clients.map((client) => next(client, "disconnected"));
  await nodes[2].api.result("disconnect", { user: "ann" });
  for (const one of gone) assert.equal((await one).code, 3503);
});

test("the list of connections goes through all nodes, page by page", { timeout }, async (t) => {
  const { nodes } = await startCluster(t, 3);
  for (const node of nodes) await node.connectMany(5);
  const seen = new Set();
  let cursor = "";
  for (let pages = 0; pages === 0 || cursor; pages++) {
    assert.ok(pages < 20);
    const page = await nodes[pages % 3].api.result("connections", { limit: 2, cursor });
    for (const { client } of page.connections) seen.add(client);
    cursor = page.cursor;
  }
  assert.equal(seen.size, 15);
});

test("a recovery of a megabyte comes from another node, in order", { timeout }, async (t) => {
  const { nodes } = await startCluster(t, 2);
  const channel = await channelOf(nodes, 1, (index) => `long:${index}`);
  const client = await connectSdk(t, json, nodes[0].port);
  const subscription = await subscribeSdk(client, channel);
  const seen = collect(subscription, "publication");
  const gone = next(client, "disconnected");
  client.disconnect();
  await gone;
  const text = "x".repeat(30_000);
  await parallel(30, 1, (index) => nodes[0].api.result("publish", { channel, data: { index, text } }));
  client.connect();
  await eventually("all is recovered", () => seen.length === 30);
  assert.deepEqual(seen.map((e) => e.data.index), Array.from({ length: 30 }, (_, index) => index));
});

test("who is not a member of NATS does not start, or says so", { timeout }, async (t) => {
  const broker = await Nats.start(t, { flags: ["--user", "troupe", "--pass", "right"] });
  const natsOptions = { user: "troupe", password: "right" };
  const { nodes } = await startCluster(t, 2, { nats: broker, natsOptions });
  const stranger = await startNode(t, broker, { natsOptions: { user: "troupe", password: "wrong" } });
  assert.equal((await request(stranger.port, "/health")).body, '{"engine":"disconnected"}');
  assert.equal((await request(nodes[0].port, "/health")).body, "{}");
  assert.equal((await stranger.api.error("publish", { channel: "pub:1", data: 1 })).code, 100);
  assert.ok(!stranger.log().includes("wrong"), "a password is in the log");
  assert.equal((await nodes[0].api.result("info", {})).nodes.length, 2);
});

test("nodes with another prefix are another cluster", { timeout }, async (t) => {
  const broker = await Nats.start(t);
  const { nodes: [a] } = await startCluster(t, 1, { nats: broker });
  const { nodes: [b] } = await startCluster(t, 1, { nats: broker, natsOptions: { prefix: "other.one" } });
  const [here, there] = [await a.connect("/ws"), await b.connect("/ws")];
  here.send("1");
  assert.equal(await here.nextText(), "1");
  there.send("2");
  assert.equal(await there.nextText(), "2");
});

test("a node that stops hands its channels over, and clients go on elsewhere", { timeout }, async (t) => {
  const { nodes } = await startCluster(t, 3);
  const channel = await channelOf(nodes, 2, (index) => `hist:${index}`);
  const client = await connectSdk(t, json, nodes[0].port);
  const subscription = await subscribeSdk(client, channel);
  const seen = collect(subscription, "publication");
  nodes[2].signal("SIGTERM");
  assert.deepEqual(await nodes[2].exit(), { code: 0, signal: null });
  await eventually("the channel goes on", async () => {
    const answer = await nodes[1].api.answer("publish", { channel, data: "after" });
    return Boolean(answer.result) && seen.some((e) => e.data === "after");
  });
  await met(nodes.slice(0, 2), 1_500); // before its time is over: it said goodbye
  assert.ok(nodes[0].event("node_gone"));
  assert.equal(nodes[0].event("node_lost"), undefined);
});

test("a server stops in time while NATS stands still", { timeout }, async (t) => {
  const { broker, nodes } = await startCluster(t, 2);
  const sender = await nodes[0].connect("/ws");
  broker.signal("SIGSTOP");
  const text = "x".repeat(60_000);
  for (let index = 0; index < 200; index++) sender.send(text); // more than the kernel takes for NATS
  await nodes[0].settle(1);
  nodes[0].signal("SIGTERM");
  assert.deepEqual(await nodes[0].exit(), { code: 0, signal: null });
  broker.signal("SIGCONT");
});

test("TLS to NATS, with the node's own certificate", { timeout }, async (t) => {
  const { certificate, key } = makeCertificate(t);
  const broker = await Nats.start(t, { flags: ["--tlsverify", "--tlscert", certificate, "--tlskey", key, "--tlscacert", certificate] });
  const natsOptions = { servers: [`tls://127.0.0.1:${broker.port}`], tls_ca: certificate, tls_certificate: certificate, tls_key: key };
  const { nodes } = await startCluster(t, 2, { nats: broker, natsOptions });
  const [a, b] = await Promise.all(nodes.map((node) => node.connect("/ws")));
  a.send("1");
  assert.equal(await b.nextText(), "1");
});

test("http_stream: what a client says may come to any node", { timeout }, async (t) => {
  const { nodes } = await startCluster(t, 2, streams);
  const [here, there] = nodes;
  const client = await connectStream(t, json, here.port, { speakPort: there.port });
  const seen = collect(await subscribeSdk(client, "pub:room"), "publication");
  for (let index = 0; index < 20; index++) await client.publish("pub:room", index);
  await eventually("all have come", () => seen.length === 20);
  assert.deepEqual(seen.map(({ data }) => data).sort((a, b) => a - b), Array.from({ length: 20 }, (_, index) => index));
  assert.equal((await post(there.port, "/emulation",
    JSON.stringify({ session: "0.7b0c", node: "gone", data: "{}" }))).status, 404);
});
