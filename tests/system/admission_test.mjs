// Who may connect: how many, from where, how fast, from which page.
import assert from "node:assert/strict";
import test from "node:test";
import { Refused } from "./support/client.mjs";
import { Server } from "./support/server.mjs";

const timeout = 30_000;

test("admission: a full node answers 503 and takes the next one when somebody left", { timeout }, async (t) => {
  const server = await Server.start(t, "--limit-connections", "3");
  const clients = await server.connectMany(3);
  const refused = await server.refusal();
  assert.equal(refused.status, 503);
  assert.ok(refused.headers["retry-after"], "says when to come back");
  await clients[0].close();
  await server.settle(2);
  await server.connect();
});

test("admission: a full address is answered 429, another address is not", { timeout }, async (t) => {
  const server = await Server.start(t, "--limit-connections-per-address", "2");
  const clients = await server.connectMany(2, "/ws", { localAddress: "127.0.0.2" });
  assert.equal((await server.refusal("/ws", { localAddress: "127.0.0.2" })).status, 429);
  await server.connect("/ws", { localAddress: "127.0.0.3" });
  await clients[0].close();
  await server.settle(2);
  await server.connect("/ws", { localAddress: "127.0.0.2" });
});

test("admission: limits count connections, not attempts", { timeout }, async (t) => {
  const server = await Server.start(t, "--limit-connections", "2", "--limit-connections-per-address", "2");
  const base = await server.openDescriptors();
  for (let attempt = 0; attempt < 20; attempt++) {
    assert.equal((await server.refusal("/ws", { origin: "http://elsewhere.example" })).status, 403);
    await (await server.connect()).close();
    await server.settleEmpty(base);
  }
  await server.connectMany(2);
});

test("admission: connections are accepted at the pace set, and none is lost", { timeout }, async (t) => {
  const server = await Server.start(t, "--limit-accepts-per-second", "50");
  const start = performance.now();
  await server.connectMany(150);
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds >= 1.5 && seconds < 6, `150 clients at 50 a second took ${seconds.toFixed(2)} s`);
});

/** What the server, as `host`, says to a page of `origin`: true when it is accepted. */
async function accepts(server, origin, host) {
  try {
    const client = await server.connect("/ws", { headers: host ? { origin, host } : { origin } });
    client.terminate();
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    assert.equal(error.status, 403, `${origin}: ${error.message}`);
    return false;
  }
}

async function assertVerdicts(server, verdicts) {
  const wrong = [];
  for (const [origin, expected, host] of verdicts)
    if (await accepts(server, origin, host) !== expected) wrong.push(`${origin} to ${host ?? "the server"}`);
  assert.deepEqual(wrong, []);
}

test("admission: by default only pages of the same host and port may connect", { timeout }, async (t) => {
  const server = await Server.start(t);
  const own = `127.0.0.1:${server.port}`;
  await assertVerdicts(server, [
    [`http://${own}`, true],
    [`HTTP://${own}`, true],
    [`http://localhost:${server.port}`, false],
    [`http://localhost:${server.port}`, true, `localhost:${server.port}`],
    [`http://LOCALHOST:${server.port}`, true, `localhost:${server.port}`],
    [`http://127.0.0.1:${server.port + 1}`, false],
    ["http://127.0.0.1", false],
    ["http://chat.example", true, "chat.example"],
    ["http://chat.example:80", true, "chat.example"],
    ["http://chat.example.evil", false, "chat.example"],
    ["http://evil-chat.example", false, "chat.example"],
    ["http://chat.example@evil.example", false, "chat.example"],
    ["http://chat.example.", false, "chat.example"],
    [`ftp://${own}`, false],
    ["null", false],
    ["", false],
    ["http://", false],
    [`http://${own}/path`, false],
    [`http://${own} http://evil.example`, false],
  ]);
});

test("admission: allowed origins match exactly, a wildcard only whole labels in front", { timeout }, async (t) => {
  const server = await Server.start(t,
    "--websocket-allowed-origins", "https://chat.example,https://*.wild.example,http://port.example:8080");
  await assertVerdicts(server, [
    ["https://chat.example", true],
    ["https://CHAT.example", true],
    ["https://chat.example:443", true],
    ["http://chat.example", false],
    ["https://chat.example:8443", false],
    ["https://www.chat.example", false],
    ["https://chat.example.evil", false],
    ["https://a.wild.example", true],
    ["https://a.b.wild.example", true],
    ["https://wild.example", false],
    ["https://.wild.example", false],
    ["https://evilwild.example", false],
    ["https://a.wild.example.evil", false],
    ["http://a.wild.example", false],
    ["https://evil.example/.wild.example", false],
    ["https://evil.example#.wild.example", false],
    ["https://user@a.wild.example", false],
    ["http://port.example:8080", true],
    ["http://port.example", false],
    [`http://127.0.0.1:${server.port}`, false],
    ["null", false],
  ]);
});

test("admission: a request without Origin is accepted, unless that is turned off", { timeout }, async (t) => {
  const open = await Server.start(t);
  await open.connect();
  const strict = await Server.start(t, "--websocket-allow-missing-origin", "false");
  assert.equal((await strict.refusal()).status, 403);
  await strict.connect("/ws", { origin: `http://127.0.0.1:${strict.port}` });
});
