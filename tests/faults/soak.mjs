// SOAK: half a core of load for hours, 1 % of the clients come and go a minute, 1 % never read, the server drains and
// is started again every hour. Writes soak.csv and soak.svg; fails when the probe loses a message, descriptors
// are left over or memory grows by more than 1 MiB an hour after the first ten minutes of a life.
//
// usage: TROUPE_BIN=... node soak.mjs HOURS FOLDER
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { Server } from "../system/support/server.mjs";
import { eventually } from "../system/support/time.mjs";
import { mib } from "./support/fault.mjs";
import { plot, slope } from "./support/plot.mjs";
import { Probe } from "./support/probe.mjs";

const [, , hoursText = "8", folder = "."] = process.argv;
const hours = Number(hoursText);
if (!(hours > 0)) throw new Error(`hours must be a number above 0, not ${hoursText}`);
const seconds = hours * 3600;
const [clients, groups, targetLoad] = [1000, 50, 0.5];
const life = Math.min(3600, seconds / 2); // until the next drain
const settling = Math.min(600, life / 3); // of a life, that says nothing about growth
const interval = Math.min(10, life / 30);
const payload = "x".repeat(200);
const pong = frame(opcode.pong);
const flags = ["--outbox-max-bytes", "256KiB", "--outbox-socket-send-buffer", "32KiB", "--drain-rate", String(clients / 5),
  "--drain-retry-window", "5s", "--outbox-write-timeout", "30s"];

mkdirSync(folder, { recursive: true });
const csv = join(folder, "soak.csv");
writeFileSync(csv, "seconds,life,rss_bytes,descriptors,cores,connections,slow_closed,messages_per_second\n");
const samples = [];
const marks = [];
const failures = [];
const probes = [];
const begun = performance.now();
const now = () => (performance.now() - begun) / 1000;

/** Runs `work` with what tests get: something to register ends with. */
async function scope(work) {
  const ends = [];
  try {
    return await work({ after: (end) => ends.push(end) });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function oneLife(number, until) {
  await scope(async (t) => {
    const server = await Server.start(t, ...flags);
    const idle = await server.openDescriptors();
    const probe = await Probe.start(t, server.url("/ws/probe"));
    let rate = 20; // messages a second of all speakers together; steered to the target load
    let draining = false;
    const crowd = [];
    const join = async (at) => {
      const client = await server.connect(`/ws/group-${at % groups}`);
      client.take = () => {};
      crowd[at] = client;
    };
    for (let at = 0; at < clients; at += 50)
      await Promise.all(Array.from({ length: Math.min(50, clients - at) }, (_, i) => join(at + i)));
    const slow = [];
    const addSlow = async () => {
      const peer = await server.rawPeer({ target: `/ws/group-${slow.length % groups}` });
      peer.socket.pause();
      slow.push(peer);
    };
    for (let at = 0; at < clients / 100; at++) await addSlow();

    let spoken = 0;
    let spokenAt = performance.now();
    const talk = setInterval(() => {
      const due = (performance.now() - spokenAt) / 1000 * rate;
      for (; spoken < due; spoken++) {
        const speaker = crowd[Math.floor(Math.random() * clients)];
        if (speaker?.socket.readyState === speaker?.socket.OPEN) speaker.send(payload);
      }
    }, 10);
    const churn = setInterval(() => { // 1 % a minute, half of them without a word
      const at = Math.floor(Math.random() * clients);
      if (draining) return;
      if (Math.random() < 0.5) crowd[at].terminate();
      else crowd[at].socket.close(1000);
      join(at).catch((error) => { if (!draining) failures.push(`a client could not come back: ${error.message}`); });
    }, 60_000 / (clients / 100));
    t.after(() => { clearInterval(talk); clearInterval(churn); });

    let [cpu, cpuAt] = [await server.cpuSeconds(), performance.now()];
    const lifeBegun = now();
    while (now() < until) {
      await pause(interval * 1000);
      const [used, at] = [await server.cpuSeconds(), performance.now()];
      const cores = (used - cpu) / ((at - cpuAt) / 1000);
      [cpu, cpuAt] = [used, at];
      const asked = performance.now();
      const totals = await server.totals();
      const late = performance.now() - asked > 100; // the machine has no half core to give
      const closedSlow = totals.closed_by_reason.slow_consumer + totals.closed_by_reason.write_timeout;
      for (const peer of slow) peer.write(pong); // alive, but it reads nothing
      for (let missing = slow.filter((peer) => peer.hasEnded || peer.socket.destroyed).length; missing > 0; missing--) await addSlow();
      slow.splice(0, slow.length, ...slow.filter((peer) => !peer.hasEnded && !peer.socket.destroyed));
      const { now: rss } = await server.memory();
      const sample = { at: now(), life: number, settled: now() - lifeBegun > settling, rss, descriptors: await server.openDescriptors(),
        cores, connections: totals.connections, closedSlow, rate };
      samples.push(sample);
      appendFileSync(csv, `${sample.at.toFixed(1)},${number},${rss},${sample.descriptors},${cores.toFixed(3)},${totals.connections},${closedSlow},${rate.toFixed(0)}\n`);
      // Half a core, and no faster than that: steered slowly, and held while growth is measured.
      if (!sample.settled) {
        rate = Math.min(20_000, Math.max(20, rate * (late ? 0.5 : Math.min(2, targetLoad / Math.max(cores, 0.02)))));
        [spoken, spokenAt] = [0, performance.now()];
      }
    }
    const { closed_by_reason: reasons } = await server.totals();
    if (reasons.slow_consumer + reasons.write_timeout === 0 && life > 600)
      failures.push(`life ${number} closed nobody for reading nothing: ${JSON.stringify(reasons)}`);
    const figures = await probe.stop();
    probes.push(figures);
    if (figures.received !== figures.sent || figures.closed > 0) failures.push(`the probe lost messages: ${JSON.stringify(figures)}`);

    draining = true;
    clearInterval(talk);
    clearInterval(churn);
    marks.push([now(), "drain"]);
    for (const peer of slow) peer.destroy();
    await eventually("the slow ones are gone", async () => (await server.totals()).connections <= clients, 60_000);
    const left = await server.openDescriptors() - idle;
    if (left > clients + 10) failures.push(`${left} descriptors for ${clients} clients in life ${number}`);
    server.signal("SIGTERM");
    const ends = await Promise.all(crowd.map((client) => client.closed));
    const told = ends.filter(({ code }) => code === 1001 || code === 1000 || code === 1006).length;
    const { code } = await server.exit(60_000);
    if (code !== 0 || told !== clients) failures.push(`life ${number} ended with ${code}, ${told} of ${clients} were told`);
  });
}

for (let number = 1; now() < seconds; number++) await oneLife(number, Math.min(seconds, now() + life));

const settled = samples.filter((sample) => sample.settled);
const lives = [...new Set(settled.map(({ life: number }) => number))];
const growth = lives.map((number) =>
  slope(settled.filter((sample) => sample.life === number).map(({ at, rss }) => [at / 3600, rss / (1 << 20)])));
const series = (name, unit, pick) => ({ name, unit, points: samples.map((sample) => [sample.at, pick(sample)]) });
writeFileSync(join(folder, "soak.svg"), plot(`Soak of ${hours} h: ${clients} clients, 1 % churn a minute, 1 % slow readers`, [
  series("resident memory", "MiB", ({ rss }) => rss / (1 << 20)),
  series("descriptors", "", ({ descriptors }) => descriptors),
  series("load", "cores", ({ cores }) => cores),
  series("messages a second", "", ({ rate }) => rate),
  series("slow readers closed", "", ({ closedSlow }) => closedSlow),
], marks));

const sum = (pick) => probes.reduce((total, figures) => total + pick(figures), 0);
console.log(`soak: ${hours} h, ${lives.length} lives, memory ${mib(samples.at(-1).rss)} at the end, grows by ` +
  `${growth.map((value) => value.toFixed(2)).join(", ")} MiB/h; descriptors ${samples.at(-1).descriptors}; ` +
  `probe: ${sum(({ sent }) => sent)} sent, ${sum(({ sent, received }) => sent - received)} lost, ` +
  `p99 ${Math.max(...probes.map(({ p99 }) => p99)).toFixed(1)} ms at most; plot in ${join(folder, "soak.svg")}`);
// Minutes tell nothing about hours.
if (life >= 1800) growth.forEach((value, at) => { if (value > 1) failures.push(`memory grew by ${value.toFixed(2)} MiB/h in life ${lives[at]}`); });
for (const failure of failures) console.error(`soak: FAILED: ${failure}`);
process.exit(failures.length === 0 ? 0 : 1);
