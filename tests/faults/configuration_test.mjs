// Fault 25: a configuration that is wrong starts nothing, and says in one line which key is.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { runToEnd } from "../system/support/server.mjs";
import { parallel } from "../system/support/time.mjs";
import { scale } from "./support/fault.mjs";

const folder = mkdtempSync(join(tmpdir(), "troupe-fault-"));
after(() => rmSync(folder, { recursive: true }));

/** [text of the file, what the message has to name] */
const wrong = [
  ["[listen]\nprot = 1", "listen.prot"], ["[listen]\nport = \"http\"", "listen.port"], ["[listen]\nport = 65536", "listen.port"],
  ["[listen]\nport = -1", "listen.port"], ["[listen]\nport = 1.5", "listen.port"], ["[listen]\nport = true", "listen.port"],
  ["[listen]\nport = []", "listen.port"], ["[listen]\naddress = 1", "listen.address"], ["[listen]\naddress = \"nowhere\"", "listen.address"],
  ["[listen]\naddress = \"1.2.3.4.5\"", "listen.address"], ["[listen]\nbacklog = 0", "listen.backlog"], ["[listen]\nloops = 257", "listen.loops"],
  ["[listen]\nsend = \"fast\"", "listen.send"], ["[listne]\nport = 1", "listne"], ["port = 1", "port"], ["[listen]\nport = 1\nport = 2", "port"],
  ["[listen", ":1:"], ["[listen]\nport", ":2:"], ["= 1", ":1:"], ["[listen]\nport = 1 2", ":2:"], ["[listen]\naddress = \"open", ":2:"],
  ["\u0000", ":1:"], ["[tls]\ncertificate = \"/nowhere\"", "tls."], ["[tls]\nkey = \"/nowhere\"", "tls."], ["[tls]\nport = 9443", "tls.port"],
  ["[tls]\ncertificate = \"/nowhere\"\nkey = \"/nowhere\"", "/nowhere"], ["[admin]\naddress = \"0.0.0.0\"", "admin.address"],
  ["[admin]\nport = 8000", "admin.port"], ["[websocket]\necho = 1", "websocket.echo"], ["[websocket]\necho = \"yes\"", "websocket.echo"],
  ["[websocket]\npolicy = \"drop\"", "websocket.policy"], ["[websocket]\nmax_message_bytes = 0", "websocket.max_message_bytes"],
  ["[websocket]\nmax_message_bytes = \"64 KB\"", "websocket.max_message_bytes"], ["[websocket]\nmax_message_bytes = \"1TiB\"", "websocket.max_message_bytes"],
  ["[websocket]\nmax_fragments = 0", "websocket.max_fragments"], ["[websocket]\nmessage_timeout = 30", "websocket.message_timeout"],
  ["[websocket]\nmessage_timeout = \"30\"", "websocket.message_timeout"], ["[websocket]\nmessage_timeout = \"-1s\"", "websocket.message_timeout"],
  ["[websocket]\nallowed_origins = \"https://a\"", "websocket.allowed_origins"], ["[websocket]\nallowed_origins = [\"a\"]", "websocket.allowed_origins"],
  ["[websocket]\nallowed_origins = [1]", "websocket.allowed_origins"], ["[websocket]\nallowed_origins = [\"https://a.*.b\"]", "websocket.allowed_origins"],
  ["[heartbeat]\nping_interval = \"1ms\"", "heartbeat.ping_interval"], ["[heartbeat]\nping_interval = \"5s\"", "heartbeat.pong_timeout"],
  ["[heartbeat]\npong_timeout = 0", "heartbeat.pong_timeout"], ["[limit]\nconnections = -1", "limit.connections"],
  ["[limit]\nheader_bytes = 10", "limit.header_bytes"], ["[limit]\nuri_bytes = \"8KiB\"", "limit.uri_bytes"],
  ["[limit]\nconnections = 1\nconnections_per_address = 2", "limit.connections_per_address"], ["[limit]\nhandshake_timeout = \"1h\"", "limit.handshake_timeout"],
  ["[outbox]\nmax_bytes = \"1KiB\"", "outbox.max_bytes"], ["[outbox]\nwrite_timeout = 0", "outbox.write_timeout"],
  ["[drain]\nrate = 1\n[limit]\nconnections = 100000", "drain.timeout"], ["[drain]\ntimeout = \"2h\"", "drain.timeout"],
  ["[log]\nlevel = \"loud\"", "log.level"], ["[log]\nformat = \"xml\"", "log.format"],
  ["[[channel.namespaces]]\nname = \"a\"", "name"], ["[[channel.namespaces]]\nname = \"chat\"\nhistory_sise = 1", "history_sise"],
  ["[[channel.namespaces]]\nname = \"chat\"\nhistory_size = 10", "history_"], ["[channel.without_namespace]\npresence = 1", "presence"],
];

test("fault 25: of 60 wrong files each is refused within a second, by a line that names the key", { timeout: 120_000 }, async (t) => {
  assert.equal(wrong.length, 60);
  const failures = [];
  let slowest = 0;
  await parallel(wrong.length, 2, async (at) => {
    const [text, names] = wrong[at];
    const file = join(folder, `wrong-${at}.toml`);
    writeFileSync(file, text);
    const begun = performance.now();
    const { code, stderr, stdout } = await runToEnd(["check-config", "--config", file]);
    slowest = Math.max(slowest, performance.now() - begun);
    const lines = stderr.trimEnd().split("\n");
    if (code !== 2 || lines.length !== 1 || !lines[0].startsWith("troupe: ") || !lines[0].includes(names) || stdout !== "")
      failures.push(`${JSON.stringify(text)}: exit ${code}, ${stderr}`);
  });
  assert.deepEqual(failures, []);
  t.diagnostic(`fault 25: 60 of 60 refused with exit code 2 and the key, the slowest after ${slowest.toFixed(0)} ms`);
});

test("fault 25: files of mutated bytes never crash it", { timeout: 180_000 * scale }, async (t) => {
  const good = wrong.map(([text]) => text).join("\n");
  let state = 25;
  const random = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const count = 100 * scale;
  const codes = {};
  await parallel(count, 2, async (at) => {
    const from = random(good.length);
    const bytes = Buffer.from(good.slice(from, from + 1 + random(400)));
    for (let changes = random(8); changes > 0; changes--) bytes[random(bytes.length)] = random(256);
    const file = join(folder, `mutated-${at}.toml`);
    writeFileSync(file, bytes);
    const { code } = await runToEnd(["check-config", "--config", file]);
    codes[code] = (codes[code] ?? 0) + 1;
  });
  assert.deepEqual(Object.keys(codes).filter((code) => code !== "0" && code !== "2"), [], JSON.stringify(codes));
  t.diagnostic(`fault 25: ${count} mutated files, exit codes ${JSON.stringify(codes)}`);
});
