// Webhooks: what they are asked and what their answers do, by the examples of docs/webhooks.md and beyond them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Peer } from "./support/centrifuge_peer.mjs";
import { protobufCodec } from "./support/centrifuge_codec.mjs";
import { Receiver, isGenuine } from "./support/receiver.mjs";
import { Server, request, runToEnd } from "./support/server.mjs";
import { eventually } from "./support/time.mjs";

const text = readFileSync(new URL("../../docs/webhooks.md", import.meta.url), "utf8");

/** The examples of a section, by kind: {client, question, answer, reply}. */
function example(section) {
  const part = text.match(new RegExp(`^### ${section}\n([^]*?)(?=^##)`, "m"))[1];
  const blocks = [...part.matchAll(/^```json (\w+)\n([^]*?)^```$/gm)];
  return Object.fromEntries(blocks.map(([, kind, json]) => [kind, JSON.parse(json)]));
}

/** What of an example is different each time. */
function settled(value, key) {
  if (key === "client") return "CLIENT";
  if (key === "version") return "VERSION";
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, settled(member, name)]));
}

/** A namespace that asks those of `hooks` that a namespace can ask; clients may subscribe if nobody is asked. */
const namespaces = (hooks) => `
[channel.without_namespace]
allow_subscribe_for_client = true
[[channel.namespaces]]
name = "chat"
allow_subscribe_for_client = ${!hooks.includes("subscribe")}
${["subscribe", "publish", "sub_refresh"].filter((hook) => hooks.includes(hook)).map((hook) => `${hook}_proxy_enabled = true`).join("\n")}
`;

/** A server that asks `hooks` of the receiver. */
async function asking(t, receiver, hooks, ...more) {
  const file = join(tmpdir(), `troupe-webhooks-${process.pid}-${Math.random()}.toml`);
  await writeFile(file, namespaces(hooks));
  t.after(() => rm(file));
  const flags = hooks.flatMap((hook) => [`--webhook-${hook.replace("_", "-")}`, receiver.url(`/${hook}`)]);
  const timeout = more.includes("--webhook-timeout") ? [] : ["--webhook-timeout", "5s"];
  return Server.start(t, "--config", file, "--webhook-include-connection-meta", "true", ...timeout, ...flags, ...more);
}

/** A webhook that answers by path: an object, or a function of the question. */
async function hook(t, answers) {
  return Receiver.start(t, (path, body) => {
    const answer = answers[path.slice(1)];
    const said = typeof answer === "function" ? answer(JSON.parse(body)) : answer;
    return said && { status: said.status ?? 200, body: JSON.stringify(said) };
  });
}

const all = ["connect", "refresh", "subscribe", "publish", "sub_refresh", "rpc"];

test("docs/webhooks.md: the examples are asked and answered as it says", { timeout: 60_000 }, async (t) => {
  const answers = Object.fromEntries(all.map((name) => [name, example(name).answer]));
  const receiver = await hook(t, answers);
  const server = await asking(t, receiver, all);
  const peer = await Peer.open(t, server);
  for (const name of ["connect", "subscribe", "publish", "rpc"]) {
    await t.test(name, async () => {
      const { client, question, reply } = example(name);
      const { id, ...command } = client;
      const got = await peer.call(command);
      assert.deepEqual(settled({ id, ...got }), reply);
      const { path, body } = receiver.requests.at(-1);
      assert.equal(path, `/${name}`);
      assert.deepEqual(settled(JSON.parse(body)), question);
    });
  }
  const { push } = await peer.take("the publication", (message) => message.push?.channel === "chat:1");
  assert.deepEqual(push.pub.data, { text: "****" });
  assert.deepEqual(push.pub.tags, { edited: "yes" });
  assert.deepEqual(push.pub.info.chan_info, { role: "guest" });
});

test("docs/webhooks.md: times that are over are asked about as it says", { timeout: 60_000 }, async (t) => {
  const soon = () => Math.floor(Date.now() / 1000) + 2;
  const receiver = await hook(t, {
    connect: () => ({ result: { user: "42", meta: { tier: 3 }, expire_at: soon() } }),
    subscribe: () => ({ result: { expire_at: soon() } }),
    refresh: example("refresh").answer,
    sub_refresh: example("sub_refresh").answer,
  });
  const server = await asking(t, receiver, ["connect", "refresh", "subscribe", "sub_refresh"]);
  const peer = await Peer.open(t, server);
  const connected = await peer.result({ connect: {} });
  assert.equal(connected.expires, undefined, "the client is not told of times");
  assert.deepEqual(await peer.result({ subscribe: { channel: "chat:1" } }), {});
  for (const name of ["refresh", "sub_refresh"]) {
    await eventually(`${name} is asked`, () => receiver.requests.some(({ path }) => path === `/${name}`), 20_000);
    const { body } = receiver.requests.find(({ path }) => path === `/${name}`);
    assert.deepEqual(settled(JSON.parse(body)), example(name).question);
  }
  assert.deepEqual(await peer.call({ rpc: { method: "x" } }), { error: { code: 108, message: "not available" } });
});

test("a time that is over closes the client with 3005", { timeout: 60_000 }, async (t) => {
  const receiver = await hook(t, {
    connect: () => ({ result: { user: "42", expire_at: Math.floor(Date.now() / 1000) + 2 } }),
    refresh: { result: { expired: true } },
  });
  const server = await asking(t, receiver, ["connect", "refresh"]);
  const peer = await Peer.open(t, server);
  await peer.result({ connect: {} });
  assert.equal((await peer.closed(20_000)).code, 3005);
});

test("errors and disconnects reach the client as they are", { timeout: 60_000 }, async (t) => {
  const receiver = await hook(t, {
    connect: ({ data }) => (data === 1 ? { error: { code: 1000, message: "not you" } }
      : data === 2 ? { disconnect: { code: 4501, reason: "go away" } } : { result: { user: "42" } }),
    subscribe: { error: { code: 1001, message: "full", temporary: true } },
    publish: { status: 403 },
    rpc: { disconnect: { code: 4000, reason: "again" }, error: { code: 400 } },
  });
  const server = await asking(t, receiver, ["connect", "subscribe", "publish", "rpc"],
    "--webhook-status-codes", "403=1403:no");
  const refused = await Peer.open(t, server);
  assert.deepEqual(await refused.call({ connect: { data: 1 } }), { error: { code: 1000, message: "not you" } });
  const closed = await Peer.open(t, server);
  closed.sendCommands({ id: 1, connect: { data: 2 } });
  assert.deepEqual(await closed.closed(), { code: 4501, reason: "go away" });
  const peer = await Peer.open(t, server);
  await peer.result({ connect: {} });
  assert.deepEqual(await peer.call({ subscribe: { channel: "chat:1" } }),
    { error: { code: 1001, message: "full", temporary: true } });
  assert.deepEqual(await peer.call({ publish: { channel: "chat:1", data: 1 } }), { error: { code: 1403, message: "no" } });
  peer.sendCommands({ id: 9, rpc: { method: "m" } });
  assert.deepEqual(await peer.closed(), { code: 4000, reason: "again" });
});

test("headers are passed on by the lists alone", { timeout: 60_000 }, async (t) => {
  const receiver = await hook(t, { connect: { result: {} } });
  const server = await asking(t, receiver, ["connect"], "--webhook-http-headers", "cookie",
    "--webhook-emulated-headers", "X-Session", "--webhook-static-headers", "X-Api-Key: key");
  const peer = await Peer.open(t, server, { headers: { Cookie: "c=1", "X-Secret": "s" } });
  await peer.result({ connect: { headers: { "x-session": "abc", "x-other": "no", host: "evil" } } });
  const { headers } = receiver.requests[0];
  assert.equal(headers.cookie, "c=1");
  assert.equal(headers["x-session"], "abc");
  assert.equal(headers["x-api-key"], "key");
  assert.equal(headers["x-secret"], undefined);
  assert.equal(headers["x-other"], undefined);
  assert.match(headers.host, /^127\.0\.0\.1:/);
  const crafty = await Peer.open(t, server);
  await crafty.result({ connect: { headers: { "X-Session": "a\r\nX-Admin: yes" } } });
  assert.equal(receiver.requests[1].headers["x-session"], undefined);
  assert.equal(receiver.requests[1].headers["x-admin"], undefined);
});

test("a webhook that is gone costs error 100, then nobody waits for it, and it is asked again later", { timeout: 60_000 }, async (t) => {
  const receiver = await hook(t, { connect: { result: { user: "42" } }, rpc: { result: { data: 1 } } });
  const server = await asking(t, receiver, ["connect", "rpc"], "--webhook-breaker-failures", "3", "--webhook-breaker-pause", "500ms");
  const peer = await Peer.open(t, server);
  await peer.result({ connect: {} });
  await receiver.stop();
  for (let i = 0; i < 5; ++i)
    assert.deepEqual(await peer.call({ rpc: { method: "m" } }),
      { error: { code: 100, message: "internal server error", temporary: true } });
  await eventually("the log says so", () => server.event("webhook_not_asked")?.hook === "rpc");
  const { body } = await request(server.adminPort, "/metrics");
  assert.match(body, /troupe_webhook_breaker_open\{hook="rpc"\} 1/);
  await receiver.listen();
  await eventually("it is asked again", async () => (await peer.call({ rpc: { method: "m" } })).rpc?.data === 1, 20_000);
  await eventually("the log says so", () => server.event("webhook_recovered"));
});

test("a webhook that stalls holds up its client at most for the timeout, and nobody else", { timeout: 60_000 }, async (t) => {
  const receiver = await hook(t, { rpc: ({ method }) => (method === "slow" ? undefined : { result: { data: 1 } }) });
  const server = await asking(t, receiver, ["rpc"], "--client-allow-anonymous-connect-without-token", "true",
    "--webhook-timeout", "1s");
  const slow = await Peer.connected(t, server);
  const quick = await Peer.connected(t, server);
  const answer = slow.call({ rpc: { method: "slow" } });
  assert.deepEqual(await quick.call({ rpc: { method: "quick" } }), { rpc: { data: 1 } });
  assert.equal((await answer).error.code, 100);
});

test("clients that speak Protobuf are asked about with Base64 where they send no JSON", { timeout: 60_000 }, async (t) => {
  const receiver = await hook(t, { rpc: ({ b64data }) => ({ result: { b64data } }) });
  const server = await asking(t, receiver, ["rpc"], "--client-allow-anonymous-connect-without-token", "true");
  const peer = await Peer.connected(t, server, { codec: protobufCodec });
  const bytes = Buffer.from([1, 255, 0]);
  const { data } = await peer.result({ rpc: { method: "echo", data: bytes } });
  assert.deepEqual(Buffer.from(data), bytes);
  const question = JSON.parse(receiver.requests[0].body);
  assert.equal(question.protocol, "protobuf");
  assert.equal(question.encoding, "binary");
});

test("check-config refuses URLs and namespaces that lead nowhere", { timeout: 60_000 }, async () => {
  for (const [flag, value] of [["--webhook-connect", "ftp://a"], ["--events-endpoint", "localhost"],
    ["--webhook-status-codes", "404=404"], ["--webhook-http-headers", "Host"]]) {
    const { code, stderr } = await runToEnd(["check-config", flag, value]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /must be/);
  }
  const { code, stderr } = await runToEnd(["check-config", "--events-endpoint", "http://127.0.0.1/"]);
  assert.equal(code, 2);
  assert.match(stderr, /needs events\.secret/);
});

test("docs/webhooks.md: its code tells genuine deliveries from others", async () => {
  const code = text.match(/^```js\n([^]*?)^```$/m)[1].replace(/^import .*$/m, "").replace("export ", "");
  const { createHmac, timingSafeEqual } = createRequire(import.meta.url)("node:crypto");
  const theirs = new Function("createHmac", "timingSafeEqual", `${code}; return isGenuine;`)(createHmac, timingSafeEqual);
  const now = Math.floor(Date.now() / 1000);
  const signed = (time, body, secret) =>
    `t=${time},v1=${createHmac("sha256", secret).update(`${time}.${body}`).digest("hex")}`;
  const good = signed(now, "body", "secret");
  assert.equal(theirs(good, "body", "secret"), true);
  assert.equal(theirs(`${signed(now, "body", "other")},${good.split(",")[1]}`, "body", "secret"), true);
  assert.equal(theirs(good, "bodY", "secret"), false);
  assert.equal(theirs(good, "body", "other"), false);
  assert.equal(theirs(signed(now - 301, "body", "secret"), "body", "secret"), false);
  assert.equal(theirs("t=1", "body", "secret"), false);
  assert.equal(isGenuine({ "troupe-signature": good }, "body", "secret"), true);
});
