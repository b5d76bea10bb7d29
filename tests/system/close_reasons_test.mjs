// Every close reason of docs/operations.md, provoked: most of them here, by the program as it is; the others name
// the test that does. A reason without either fails.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";
import { Peer } from "./support/centrifuge_peer.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { frame, opcode } from "./support/raw_peer.mjs";
import { request, Server } from "./support/server.mjs";
import { eventually } from "./support/time.mjs";
import { hmacToken, known, now } from "./support/tokens.mjs";

const timeout = 120_000;
const root = new URL("../../", import.meta.url);
const manual = readFileSync(new URL("docs/operations.md", root), "utf8");
const token = "operators-know-this";

/** What the manual says: code and text, or nothing that is sent, by reason. */
const told = new Map([...manual.matchAll(/^\| `([a-z0-9_]+)` \| (?:(\d{4}) `([^`]*)`|–) \| (?:client|server|network) \|/gm)]
  .map(([, reason, code, text]) => [reason, code && { code: Number(code), reason: text }]));

const start = (t, ...flags) => Server.start(t, "--console-operator-token", token, ...flags);

async function run(server, command) {
  const { status, body } = await request(server.adminPort, "/debug/command",
    { method: "POST", headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ command }) });
  assert.equal(status, 200, body);
  return JSON.parse(body);
}

/** A client that reads nothing, and one that speaks until `done`. */
async function stall(server, done) {
  const speaker = await server.connect();
  speaker.take = () => {};
  const stalled = await server.connect();
  stalled.socket.pause();
  await eventually("the stalled client is closed", async () => {
    for (let i = 0; i < 100; ++i) speaker.send("x".repeat(1000));
    return done();
  }, 60_000);
}

/** A peer that has connected with a token for these claims. */
async function connected(t, server, claims) {
  const peer = await Peer.open(t, server);
  await peer.result({ connect: { token: hmacToken(claims) } });
  return peer;
}
const plain = { start: (t) => start(t, "--websocket-max-message-bytes", "1KiB", "--websocket-max-fragments", "4",
  "--websocket-message-timeout", "1s", "--outbox-max-bytes", "64KiB", "--outbox-write-timeout", "60s") };
const beating = { start: (t) => start(t, "--heartbeat-ping-interval", "1s", "--heartbeat-pong-timeout", "500ms",
  "--heartbeat-idle-timeout", "4s") };
const blocking = { start: (t) => start(t, "--outbox-max-bytes", "256MiB", "--outbox-write-timeout", "1s") };
const centrifuge = { start: (t) => startCentrifuge(t, {
  token: { hmac_secret_key: "secret" },
  client: { stale_close_delay: "1s", expired_close_delay: "1s", channel_limit: 1, user_connection_limit: 1,
    disallow_anonymous_connection_tokens: true },
}) };

/** Sends what the server answers with a close frame: to be had by raw bytes. */
const says = (...frames) => async (t, server) => {
  const peer = await server.rawPeer();
  peer.write(...frames);
  return peer.closeFrame();
};

/** What is found out where a message is decoded is told by its code alone. */
const withoutText = new Set(["invalid_utf8"]);

/** By reason: the server it takes, and what provokes it; resolves to what the client was told, if anything. */
const walks = {
  peer_closed: [plain, async (t, server) => (await server.connect()).close() && undefined],
  peer_gone: [plain, async (t, server) => (await server.rawPeer()).socket.end() && undefined],
  peer_reset: [plain, async (t, server) => (await server.connect()).reset()],
  kicked: [plain, async (t, server) => {
    const client = await server.connect("/ws/kicked");
    await server.settle((await server.totals()).connections); // known
    await eventually("it is known", async () => (await run(server, "kick group kicked")).notes[0].startsWith("1 "));
    return client.closed;
  }],
  protocol_error: [plain, says(frame(opcode.text, "x", { mask: false }))],
  invalid_utf8: [plain, says(frame(opcode.text, Buffer.from([0xff])))],
  message_too_big: [plain, says(frame(opcode.text, "x".repeat(2000)))],
  too_many_fragments: [plain, says(frame(opcode.text, "a", { fin: false }),
    ...Array.from({ length: 5 }, () => frame(opcode.continuation, "a", { fin: false })))],
  message_timeout: [plain, says(frame(opcode.text, "a", { fin: false }))],
  control_overflow: [plain, async (t, server) => {
    const peer = await server.rawPeer();
    peer.socket.pause();
    const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(opcode.ping, "x".repeat(125))));
    await eventually("its pongs pile up", async () => {
      if (!peer.socket.destroyed) peer.socket.write(pings);
      return (await server.totals()).closed_by_reason.control_overflow > 0;
    }, 60_000);
  }],
  slow_consumer: [plain, (t, server) => stall(server, async () => (await server.totals()).closed_by_reason.slow_consumer > 0)],
  write_timeout: [blocking, (t, server) => stall(server, async () => (await server.totals()).closed_by_reason.write_timeout > 0)],
  pong_timeout: [beating, async (t, server) => (await server.rawPeer()).closeFrame()],
  idle: [beating, async (t, server) => (await server.connect()).closed],
  shutting_down: [{ start: (t) => start(t, "--drain-timeout", "20s") }, async (t, server) => {
    const client = await server.connect();
    const waits = await server.rawPeer(); // answers no close frame, so the server can still be asked
    await run(server, "drain");
    void waits;
    return client.closed;
  }],
  too_many_requests: [{ start: (t) => start(t, "--rate-connection-message", "1/m") }, async (t, server) => {
    const client = await server.connect();
    client.send("one");
    client.send("two");
    return client.closed;
  }],
  invalid_token: [centrifuge, async (t, server) => {
    const peer = await Peer.open(t, server);
    peer.sendCommands({ id: 1, connect: { token: "rubbish" } });
    return peer.closed();
  }],
  bad_request: [centrifuge, async (t, server) => {
    const peer = await Peer.open(t, server);
    peer.send("rubbish");
    return peer.closed();
  }],
  stale: [centrifuge, async (t, server) => (await Peer.open(t, server)).closed()],
  connect_refused: [centrifuge, async (t, server) => {
    const peer = await Peer.open(t, server);
    assert.equal(await peer.errorCode({ connect: { token: known.expired } }), 109);
    await peer.closed();
  }],
  permission_denied: [centrifuge, async (t, server) => {
    const peer = await Peer.open(t, server);
    peer.sendCommands({ id: 1, connect: { token: hmacToken({}) } });
    return peer.closed();
  }],
  channel_limit: [centrifuge, async (t, server) => {
    const peer = await Peer.open(t, server);
    peer.sendCommands({ id: 1, connect: { token: hmacToken({ sub: "many", channels: ["pub:a", "pub:b"] }) } });
    return peer.closed();
  }],
  connection_limit: [centrifuge, async (t, server) => {
    await connected(t, server, { sub: "twice" });
    const second = await Peer.open(t, server);
    second.sendCommands({ id: 1, connect: { token: hmacToken({ sub: "twice" }) } });
    return second.closed();
  }],
  connection_expired: [centrifuge, async (t, server) => (await connected(t, server, { sub: "brief", exp: now() + 2 })).closed(20_000)],
  not_available: [centrifuge, async (t, server) => {
    const peer = await connected(t, server, { sub: "sender" });
    peer.sendCommands({ send: { data: {} } });
    return peer.closed();
  }],
};

/** Those that the program as it is cannot be brought to: who provokes them. */
const elsewhere = {
  internal_error: ["tests/net/connection_crash_test.cpp", "connection: whatever a handler throws ends its own connection only"],
  extension_overloaded: ["tests/actors/hooks/route_keeper_test.cpp", "route: requests beyond the bound close their connection with 1013"],
  extension_failed: ["tests/actors/hooks/route_keeper_test.cpp", "route: when its actor is given up, its connections are told"],
  insufficient_state: ["tests/net/centrifuge/client_connect_test.cpp", "client: a gap in a channel the server subscribed ends the connection"],
  inappropriate_protocol: ["tests/net/centrifuge/client_event_test.cpp", "client: a payload that is no JSON ends a client that speaks JSON"],
  subscription_expired: ["tests/net/centrifuge/client_tokens_test.cpp", "tokens: those that do not refresh a subscription end as the protocol says"],
};

test("close reasons: each of the manual is provoked by a test, and the server knows no other", { timeout }, async (t) => {
  const server = await start(t);
  const counted = Object.keys((await server.totals()).closed_by_reason);
  assert.deepEqual([...told.keys()].sort(), counted.sort());
  assert.deepEqual([...Object.keys(walks), ...Object.keys(elsewhere)].sort(), [...told.keys()].sort());
  for (const [reason, [file, title]] of Object.entries(elsewhere)) {
    const path = new URL(file, root);
    assert.ok(existsSync(path) && readFileSync(path, "utf8").includes(`"${title}"`), `${reason}: ${file}: ${title}`);
  }
});

const servers = new Map(); // their walks by what they take
for (const [reason, [of, walk]] of Object.entries(walks)) servers.set(of, [...(servers.get(of) ?? []), [reason, walk]]);
for (const [of, all] of servers)
  test(`close reasons: ${all.map(([reason]) => reason).join(", ")}`, { timeout }, async (t) => {
    const server = await of.start(t);
    for (const [reason, walk] of all) {
      const before = (await server.totals()).closed_by_reason[reason];
      const said = await walk(t, server);
      const expected = told.get(reason);
      if (said) assert.equal(said.code, expected.code, reason);
      if (said) assert.equal(said.reason, withoutText.has(reason) ? "" : expected.reason, reason);
      await eventually(`one more ended for ${reason}`, async () => (await server.totals()).closed_by_reason[reason] > before);
      await eventually(`the ledger has one for ${reason}`, async () => {
        const { body } = await request(server.adminPort, `/debug/closed.json?reason=${reason}`);
        const [row] = JSON.parse(body).rows;
        return row && row.reason === reason;
      });
    }
    if (all.some(([reason]) => reason === "shutting_down")) {
      server.signal("SIGTERM"); // in the middle of a drain: the end at once
      await server.exit();
    }
  });
