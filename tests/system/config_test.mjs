// Configuration from outside: flags over environment over file, and one clear line for what is wrong.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { request, runToEnd, Server } from "./support/server.mjs";

const timeout = 30_000;
const folder = mkdtempSync(join(tmpdir(), "troupe-config-"));
after(() => rmSync(folder, { recursive: true }));

function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const serve = (...flags) => ["serve", "--listen-address", "127.0.0.1", "--listen-port", "0", ...flags];

/** Exit code 2 and one line on stderr that has all of `words`. */
function assertRefused({ code, stdout, stderr }, ...words) {
  assert.equal(code, 2, stderr);
  assert.equal(stdout, "");
  assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  for (const word of words) assert.ok(stderr.includes(word), `'${word}' in: ${stderr}`);
}

const badFiles = [
  ["an unknown key", "[heartbeat]\nping_intervall = \"5s\"\n", "ping_intervall"],
  ["an unknown section", "[hartbeat]\nping_interval = \"5s\"\n", "hartbeat"],
  ["a wrong type", "[listen]\nport = \"eight thousand\"\n", "listen.port"],
  ["a number out of range", "[listen]\nport = 70000\n", "listen.port"],
  ["a duration without a unit", "[heartbeat]\nping_interval = \"5\"\n", "heartbeat.ping_interval"],
  ["an unknown choice", "[websocket]\npolicy = \"drop-some\"\n", "websocket.policy"],
  ["a broken file", "[listen\n", "1"],
  ["a certificate without a key", "[tls]\ncertificate = \"cert.pem\"\n", "tls.key"],
  ["a public admin address", "[admin]\naddress = \"0.0.0.0\"\nport = 9000\n", "admin.address"],
];

test("config: a bad file is refused with exit code 2 and a line naming file, key and reason", { timeout }, async () => {
  for (const [index, [what, text, key]] of badFiles.entries()) {
    const path = file(`bad-${index}.toml`, text);
    for (const subcommand of [["check-config"], serve()]) {
      const result = await runToEnd([...subcommand, "--config", path]);
      assertRefused(result, path, key);
      assert.notEqual(result.stderr.trim(), "", what);
    }
  }
});

test("config: a missing file, a bad flag and a bad variable are refused the same way", { timeout }, async () => {
  assertRefused(await runToEnd(serve("--config", join(folder, "none.toml"))), "none.toml");
  assertRefused(await runToEnd(serve("--no-such-option")), "--no-such-option");
  assertRefused(await runToEnd(serve("--heartbeat-ping-interval", "soon")), "--heartbeat-ping-interval", "soon");
  assertRefused(await runToEnd(serve(), { environment: { TROUPE_HEARTBEAT_PING_INTERVAL: "soon" } }),
    "TROUPE_HEARTBEAT_PING_INTERVAL");
  assertRefused(await runToEnd(["serv"]), "serv");
});

test("config: text of the file cannot forge a line or reach the terminal", { timeout }, async () => {
  const path = file("escape.toml", "[listen]\n\"a\\nb\\u001b[2J\" = 1\n");
  const { code, stderr } = await runToEnd(["check-config", "--config", path]);
  assert.equal(code, 2);
  assert.doesNotMatch(stderr.trimEnd(), /[\n\x1b]/);
});

test("config: an address in use is one clear line and exit code 2", { timeout }, async (t) => {
  const holder = net.createServer();
  t.after(() => holder.close());
  await new Promise((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const port = String(holder.address().port);
  assertRefused(await runToEnd(["serve", "--listen-address", "127.0.0.1", "--listen-port", port]), port);
});

test("config: the generated file is valid and complete", { timeout }, async () => {
  const { code, stdout } = await runToEnd(["gen-config"]);
  assert.equal(code, 0);
  const path = file("generated.toml", stdout);
  assert.equal((await runToEnd(["check-config", "--config", path])).code, 0);
  for (const key of ["port", "ping_interval", "max_message_bytes"]) assert.match(stdout, new RegExp(`^${key} = `, "m"));
});

test("config: a flag is stronger than the environment, which is stronger than the file", { timeout }, async (t) => {
  const path = file("limits.toml", "[limit]\nuri_bytes = 100\n[websocket]\nmax_message_bytes = 10\nmax_fragments = 5\n");
  const environment = { TROUPE_LIMIT_URI_BYTES: "200", TROUPE_WEBSOCKET_MAX_FRAGMENTS: "2" };
  const server = await Server.startAs(t, { environment }, "--config", path, "--limit-uri-bytes", "300");
  // The file says 10 bytes a message, the environment 2 fragments, the flag 300 bytes a target.
  const client = await server.connect("/ws?" + "x".repeat(250));
  client.send("x".repeat(11));
  assert.equal((await client.closed).reason, "message too big");
  const other = await server.connect();
  for (const fin of [false, false, true]) other.send("x", { fin });
  assert.equal((await other.closed).reason, "too many fragments");
  assert.equal((await request(server.port, "/" + "x".repeat(300))).status, 414);
});

test("config: version and help answer on stdout with exit code 0", { timeout }, async () => {
  for (const words of ["version", "--version"]) {
    const version = await runToEnd([words]);
    assert.equal(version.code, 0);
    assert.match(version.stdout, /^troupe \d+\.\d+\.\d+\n$/);
  }
  const help = await runToEnd(["--help"]);
  assert.equal(help.code, 0);
  for (const subcommand of ["serve", "check-config", "gen-config", "version"])
    assert.ok(help.stdout.includes(subcommand), subcommand);
});

test("log: a line is one JSON event, whatever a client sends", { timeout }, async (t) => {
  const server = await Server.start(t, "--log-level", "debug");
  const client = await server.connect("/ws/a%22b", { headers: { "User-Agent": "\"quoted\" \x85 \xff" } });
  client.socket.close(4000, "line\nbreak \u001b[31m \u202e");
  await client.closed;
  await server.settle(0);
  assert.deepEqual(server.noise, []);
  for (const event of server.events) assert.ok(event.time && event.level && event.event);
});
