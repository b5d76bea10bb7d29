// History that outlives the program: clients recover over a restart, and the program says what it cannot do.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Api } from "./support/api.mjs";
import { Proxy } from "./support/centrifuge_proxy.mjs";
import { builds, collect, connectSdk, subscribeSdk } from "./support/centrifuge_sdk.mjs";
import { kept, startCentrifuge } from "./support/centrifuge_server.mjs";
import { request, runToEnd } from "./support/server.mjs";
import { eventually } from "./support/time.mjs";

const timeout = 60_000;

async function scratchFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), "troupe-history-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const sections = (folder, history = {}) => ({ history: { directory: folder, ...history }, added: { kept } });

for (const signal of ["SIGTERM", "SIGKILL"])
  for (const build of builds)
    test(`centrifuge-js ${build.name}: a subscriber recovers over ${signal} and a restart, with nothing lost or doubled`,
      { timeout }, async (t) => {
        const folder = await scratchFolder(t);
        let server = await startCentrifuge(t, sections(folder));
        const proxy = await Proxy.start(t, server.port);
        const client = await connectSdk(t, build, proxy.port);
        const heard = [];
        const subscription = await subscribeSdk(client, "kept:news", {}, (of) => {
          of.on("publication", ({ data, offset }) => heard.push([build.unpack(data).number, offset]));
        });
        const subscribed = collect(subscription, "subscribed");
        let published = 0;
        const publish = async (count) => {
          const api = new Api(server.adminPort);
          for (let i = 0; i < count; i++) {
            published += 1;
            const { offset } = await api.result("publish", { channel: "kept:news", data: { number: published } });
            assert.equal(offset, published);
          }
        };
        await publish(20);
        for (let restart = 1; restart <= 3; restart++) {
          const before = server;
          proxy.target = 1; // nobody is there
          proxy.cut();
          await publish(20); // missed by the client
          before.signal(signal);
          await before.exit();
          server = await startCentrifuge(t, sections(folder));
          await publish(20); // and so are these, unless it is quick
          proxy.target = server.port;
          await eventually("it is there again", () => subscribed.length === restart, 20_000);
          assert.equal(subscribed.at(-1).recovered, true, JSON.stringify(subscribed.at(-1)));
        }
        await eventually("it has the last one", () => heard.length >= published, 20_000);
        assert.deepEqual(heard, Array.from({ length: published }, (_, index) => [index + 1, index + 1]));
      });

test("namespaces that do not ask for it are in memory, and clients are told so", { timeout }, async (t) => {
  const folder = await scratchFolder(t);
  const server = await startCentrifuge(t, sections(folder));
  const history = (of, channel) => new Api(of.adminPort).result("history", { channel, limit: -1 });
  for (const channel of ["kept:a", "hist:a"])
    await new Api(server.adminPort).result("publish", { channel, data: { of: channel } });
  const [kept1, hist1] = [await history(server, "kept:a"), await history(server, "hist:a")];
  server.signal("SIGTERM");
  await server.exit();
  const next = await startCentrifuge(t, sections(folder));
  const [kept2, hist2] = [await history(next, "kept:a"), await history(next, "hist:a")];
  assert.deepEqual(kept2, kept1);
  assert.deepEqual([hist2.publications, hist2.offset], [[], 0]);
  assert.notEqual(hist2.epoch, hist1.epoch);
});

test("what the disk takes is told by metrics", { timeout }, async (t) => {
  const server = await startCentrifuge(t, sections(await scratchFolder(t), { max_bytes: "1MiB" }));
  const api = new Api(server.adminPort);
  const metric = async (name) => {
    const { body } = await request(server.adminPort, "/metrics");
    return Number(body.match(new RegExp(`^${name} (\\S+)$`, "m"))[1]);
  };
  await api.result("publish", { channel: "kept:a", data: {} });
  assert.equal(await metric("troupe_history_publications_total"), 1);
  assert.equal(await metric("troupe_history_streams_opened_total"), 1);
  assert.ok(await metric("troupe_history_commit_seconds_count") >= 1);
  assert.ok(await metric("troupe_history_bytes") > 0);
  assert.equal((await request(server.port, "/health")).body, "{}");
  // More than there may be.
  let error;
  for (let i = 0; i < 30 && !error; i++)
    ({ error } = await api.answer("publish", { channel: "kept:a", data: "x".repeat(60_000) }));
  assert.equal(error?.code, 100);
  assert.equal(await metric("troupe_history_failing"), 1);
  assert.equal(await metric("troupe_history_failures_total"), 1);
  assert.equal((await request(server.port, "/health")).body, '{"history":"failing"}');
  assert.match(server.event("history_failed").reason, /full/);
  await api.result("publish", { channel: "hist:a", data: {} }); // others go on
  await api.result("history_remove", { channel: "kept:a" });
  await eventually("it goes on", async () =>
    (await api.answer("publish", { channel: "kept:a", data: {} })).result && await metric("troupe_history_failing") === 0);
  assert.ok(server.event("history_written_again"));
});

test("without a folder for it, or with another server's, the program does not start", { timeout }, async (t) => {
  const folder = await scratchFolder(t);
  const server = await startCentrifuge(t, sections(folder));
  const serve = () => runToEnd(["serve", "--listen-port", "0", "--config", server.configFile, "--log-format", "json"]);
  const second = await serve();
  assert.equal(second.code, 2, second.stderr);
  assert.ok(second.stderr.includes(`history.directory: cannot use '${folder}': another process uses it`), second.stderr);
  // One that fails to start for another reason ends, and leaves the folder to others.
  const other = await startCentrifuge(t, sections(await scratchFolder(t)));
  const taken = await runToEnd(["serve", "--listen-port", String(server.port), "--config", other.configFile,
    "--history-directory", await scratchFolder(t)]);
  assert.equal(taken.code, 2, taken.stderr);
  assert.match(taken.stderr, /listen\.port/);
  await writeFile(server.configFile, '[[channel.namespaces]]\nname = "kept"\nhistory_size = 1\nhistory_ttl = "1s"\nhistory_persistent = true\n');
  const without = await serve();
  assert.equal(without.code, 2, without.stderr);
  assert.match(without.stderr, /channel\.namespaces\["kept"\]: history_persistent needs history\.directory/);
});
