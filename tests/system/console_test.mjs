// troupe console, as scripts use it: -c, pipes, formats, roles, and what it does to real clients.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { builds, connectSdk, next, subscribeSdk } from "./support/centrifuge_sdk.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { binary, cleanEnvironment, freePort, request, runToEnd, Server } from "./support/server.mjs";
import { eventually, within } from "./support/time.mjs";

const timeout = 60_000;

function scratch(t) {
  const folder = mkdtempSync(join(tmpdir(), "troupe-console-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Starts a server with a console; `run(command, ...flags)` runs one there and resolves to what it printed. */
async function start(t) {
  const socket = join(scratch(t), "console");
  const server = await Server.start(t, "--console-path", socket);
  assert.equal(server.event("listening").console, socket);
  const attempt = (command, ...flags) => runToEnd(["console", "--socket", socket, ...flags, "-c", command]);
  const run = async (command, ...flags) => {
    const { code, stdout, stderr } = await attempt(command, ...flags);
    assert.equal(code, 0, `${command}: ${stderr}`);
    return stdout;
  };
  return { server, socket, attempt, run };
}

/** `troupe console` with these arguments while it runs: {child, stdout(), stderr(), ended} with the exit code. */
function follow(t, args) {
  const child = spawn(binary, ["console", ...args], { env: cleanEnvironment(), stdio: ["pipe", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => { stdout += chunk; });
  child.stderr.on("data", (chunk) => { stderr += chunk; });
  return { child, stdout: () => stdout, stderr: () => stderr, ended: new Promise((resolve) => child.once("close", resolve)) };
}

test("console: messages reach a group, and a kick closes with the operator's words", { timeout }, async (t) => {
  const { server, run } = await start(t);
  const news = await server.connectMany(3, "/ws/news");
  const other = await server.connect("/ws/other");
  await server.settle(4);
  assert.equal(await run("send group news  hello,  all of you"), "3 connections: 3 queued, 0 dropped\n");
  for (const client of news) assert.equal(await client.nextText(), "hello,  all of you");
  assert.equal(await run('kick group news code 4003 reason "too loud"'), "3 connections told to close\n");
  for (const client of news) assert.deepEqual(await client.closed, { code: 4003, reason: "too loud" });
  await server.settle(1);
  const closed = JSON.parse(await run("closed reason kicked", "--format", "json"));
  assert.equal(closed.length, 3);
  for (const one of closed) assert.equal(one.sent, 4003);
  assert.deepEqual(JSON.parse(await run("closed --group reason", "--format", "json")), [{ reason: "kicked", count: 3 }]);
  const top = JSON.parse(await run("top conns", "--format", "json"));
  assert.equal(top.length, 1);
  const { connection: one } = JSON.parse(await run(`conn ${top[0].id}`, "--format", "json"));
  assert.equal(one.groups, "other");
  assert.equal(one.peer, "127.0.0.1");
  assert.equal(one.protocol, "websocket");
  assert.match(await run(`why ${closed[0].id}`), /It ended .* ago by the server: kicked/);
  await other.roundTrip();
});

test("console: top, loops, the totals and the clients' own count agree", { timeout }, async (t) => {
  const { server, run } = await start(t);
  const clients = await server.connectMany(20, "/ws/news");
  await server.settle(20);
  for (let i = 0; i < 5; ++i) clients[0].send(`message ${i}`);
  for (const client of clients) for (let i = 0; i < 5; ++i) assert.equal(await client.nextText(), `message ${i}`);
  const rows = JSON.parse(await run("top conns by msgs_out n 100", "--format", "json"));
  assert.equal(rows.length, 20);
  assert.equal(rows.reduce((sum, row) => sum + row.msgs_out, 0), 100);
  assert.equal(rows.reduce((sum, row) => sum + row.msgs_in, 0), 5);
  const totals = await server.totals();
  assert.equal(totals.messages_in, 5);
  assert.equal(totals.messages_queued, 100);
  const [window] = JSON.parse(await run("top conns by msgs_out window 100ms n 1", "--format", "json"));
  assert.equal(window["msgs_out/s"], 0);
});

test("console: loops add up to what the server tells elsewhere", { timeout }, async (t) => {
  const { server, run } = await start(t);
  await server.connectMany(5);
  const totals = await server.settle(5);
  const loops = JSON.parse(await run("loops", "--format", "json"));
  assert.equal(loops.length, totals.loops);
  assert.equal(loops.reduce((sum, loop) => sum + loop.connections, 0), 5);
  const [header, ...rows] = (await run("loops", "--format", "csv")).trim().split("\n");
  assert.equal(header.split(",")[0], "loop");
  assert.equal(rows.length, totals.loops);
});

test("console: a publication reaches subscribers, and presence names them", { timeout }, async (t) => {
  const server = await startCentrifuge(t);
  const { console: socket } = server.event("listening"); // the automatic one
  const run = async (command) => (await runToEnd(["console", "--socket", socket, "--format", "json", "-c", command])).stdout;
  const client = await connectSdk(t, builds[0], server.port);
  const subscription = await subscribeSdk(client, "pres:room");
  const publication = next(subscription, "publication");
  assert.deepEqual(JSON.parse(await run('publish pres:room {"text": "hello"}')), { notes: ["published"] });
  assert.deepEqual((await publication).data, { text: "hello" });
  const [present] = JSON.parse(await run("presence pres:room"));
  assert.equal(present.client, client.session.client);
});

test("console: commands over HTTP are for whoever has a token, with its rights", { timeout }, async (t) => {
  const server = await Server.start(t, "--listen-loops", "2", "--console-operator-token", "operators-know-this",
    "--console-read-only-token", "watchers-know-this");
  const post = async (token, command) => {
    const { status, body } = await request(server.adminPort, "/debug/command", {
      method: "POST", headers: token ? { authorization: `Bearer ${token}` } : {}, body: JSON.stringify({ command }),
    });
    return { status, ...JSON.parse(body) };
  };
  const clients = await server.connectMany(3, "/ws/news");
  await server.settle(3);
  const pages = [];
  for (let offset = 0; offset < 3; offset += 2) {
    const page = await post("watchers-know-this", `top conns by id columns id n 2 offset ${offset}`);
    assert.equal(page.status, 200);
    assert.equal(page.matched, 3);
    pages.push(...page.result.map((row) => row.id));
  }
  assert.equal(new Set(pages).size, 3);
  assert.equal((await post("", "loops")).status, 401);
  assert.equal((await post("guess-guess-guess", "loops")).status, 401);
  assert.match((await post("watchers-know-this", "kick everyone")).error, /for operators/);
  assert.deepEqual((await post("operators-know-this", "send group news hello")).notes, ["3 connections: 3 queued, 0 dropped"]);
  for (const client of clients) assert.equal(await client.nextText(), "hello");
  await post("operators-know-this", `kick conn ${pages[0]} code 4003 reason enough`);
  await server.settle(2);
  const actions = () => server.events.filter(({ event }) => event === "console_action");
  await eventually("all actions are in the log", () => actions().length >= 3);
  assert.deepEqual(actions().map(({ role, done, peer }) => [role, done, peer]),
    [["read-only", "false", "http"], ["operator", "true", "http"], ["operator", "true", "http"]]);
  assert.ok(!server.log().includes("know-this"), "tokens are not logged");
});

test("console: a trace shows what clients say while they say it, and ends by itself", { timeout }, async (t) => {
  const { server, socket } = await start(t);
  const [speaker, listener] = await server.connectMany(2, "/ws/news");
  await server.settle(2);
  const trace = follow(t, ["--socket", socket, "--format", "json", "-c", 'trace user "" dir out max 4 payload']);
  await eventually("it is on", () => trace.stderr().includes("tracing"));
  for (const text of ["one", "two"]) {
    speaker.send(text);
    assert.equal(await listener.nextText(), text);
  }
  assert.equal(await within(10_000, "the trace's end", trace.ended), 0);
  const events = trace.stdout().trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ dir, what, note, bytes, payload }) => [dir, what, note, bytes, payload]),
    ["one", "one", "two", "two"].map((text) => ["out", "message", "queued", 3, text]));
  assert.match(trace.stderr(), /ended: 4 events/);
});

test("console: over TCP and TLS it takes a token, and a certificate that is trusted", { timeout }, async (t) => {
  const folder = scratch(t);
  const { certificate, flags, renew } = makeCertificate(t);
  const port = await freePort();
  const server = await Server.start(t, ...flags, "--tls-port", String(await freePort()),
    "--console-port", String(port), "--console-tls", "true", "--console-operator-token", "operators-know-this");
  assert.equal(server.event("listening").console_port, String(port));
  const file = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const attempt = (token, ...flags) => runToEnd(["console", "--connect", `localhost:${port}`, "--token-file", file("token", `${token}\n`),
    ...flags, "-c", "kick everyone"]);
  assert.equal((await attempt("operators-know-this", "--ca", certificate)).stdout, "0 connections told to close\n");
  assert.match((await attempt("somebody-s-guess-x", "--ca", certificate)).stderr, /expected a token/);
  const untrusted = await attempt("operators-know-this", "--tls");
  assert.equal(untrusted.code, 2);
  assert.match(untrusted.stderr, /TLS: self-signed certificate|TLS: self signed/);
  renew();
  assert.equal((await attempt("operators-know-this", "--ca", certificate)).code, 2);
  server.signal("SIGHUP");
  await eventually("the new certificate serves", async () => (await attempt("operators-know-this", "--ca", certificate)).code === 0);
});

test("console: drain stops the server as a signal does", { timeout }, async (t) => {
  const { server, run } = await start(t);
  const clients = await server.connectMany(10);
  assert.equal(await run("drain"), "draining; the server exits when everyone is gone\n");
  for (const client of clients) assert.equal((await client.closed).code, 1001);
  server.signal("SIGCONT"); // nothing but a mark that the end is wanted
  assert.deepEqual(await server.exit(), { code: 0, signal: null });
  assert.equal(server.event("stopping").signal, "console");
});

test("console: what is wrong is one line, with exit code 1 for a command and 2 for no server", { timeout }, async (t) => {
  const { attempt, socket } = await start(t);
  const wrong = await attempt("kick usr alice");
  assert.deepEqual(wrong, {
    code: 1, stdout: "",
    stderr: "troupe console: no such kind 'usr'; one of: conn, user, group, label, everyone\n",
  });
  const nowhere = await runToEnd(["console", "--socket", `${socket}-not`, "-c", "loops"]);
  assert.deepEqual(nowhere, { code: 2, stdout: "", stderr: `troupe: ${socket}-not: No such file or directory\n` });
  const refused = await attempt("kick everyone", "--read-only");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /read-only/);
});

test("console: commands come from a pipe as well", { timeout }, async (t) => {
  const { socket } = await start(t);
  const { child, stdout, stderr, ended } = follow(t, ["--socket", socket]);
  child.stdin.end("send everyone one\n\nnonsense\nsend everyone two\nquit\nsend everyone three\n");
  assert.equal(await within(10_000, "the console's end", ended), 1);
  assert.equal(stdout(), "0 connections: 0 queued, 0 dropped\n".repeat(2));
  assert.match(stderr(), /^troupe console: no such command 'nonsense'; one of: /);
});

test("console: --watch repeats the command until it is stopped or the server is gone", { timeout }, async (t) => {
  const { server, socket } = await start(t);
  const { stdout, ended } = follow(t, ["--socket", socket, "--watch", "100ms", "-c", "loops", "--format", "csv"]);
  await eventually("three rounds", () => stdout().split("loop,").length > 3);
  server.signal("SIGTERM");
  assert.equal(await within(10_000, "the console's end", ended), 1);
  assert.deepEqual(await server.exit(), { code: 0, signal: null });
});

test("console: the socket of a killed server is taken over by the next one", { timeout }, async (t) => {
  const socket = join(scratch(t), "console");
  const first = spawn(binary, ["serve", "--listen-port", "0", "--console-path", socket],
    { env: cleanEnvironment(), stdio: ["ignore", "ignore", "pipe"] });
  await within(20_000, "the first server", new Promise((resolve) => first.stderr.once("data", resolve)));
  const gone = new Promise((resolve) => first.once("close", resolve));
  first.kill("SIGKILL");
  await gone;
  await Server.start(t, "--console-path", socket);
  const { code } = await runToEnd(["console", "--socket", socket, "-c", "loops"]);
  assert.equal(code, 0);
});
