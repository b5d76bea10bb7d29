// The frame of every fault test: a server, a probe pair beside the attack, figures before and after.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Server } from "../../system/support/server.mjs";
import { eventually } from "../../system/support/time.mjs";
import { assertHealthy, Probe } from "./probe.mjs";

/** How much longer and larger than in CI: scripts/soak sets it. */
export const scale = Number(process.env.TROUPE_FAULT_SCALE ?? 1);

/** TCP sockets of this machine with local port `port`, counted by state such as "CLOSE_WAIT". */
export async function tcpStates(port) {
  const names = ["", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
    "LAST_ACK", "LISTEN", "CLOSING"];
  const counted = {};
  for (const line of (await readFile("/proc/net/tcp", "utf8")).split("\n").slice(1)) {
    const [, local, , state] = line.trim().split(/\s+/);
    if (!local || parseInt(local.split(":")[1], 16) !== port) continue;
    const name = names[parseInt(state, 16)];
    counted[name] = (counted[name] ?? 0) + 1;
  }
  return counted;
}

/** Resolves when the kernel has taken what was written to `socket`, when it is closed, or after `ms`. */
export function drained(socket, ms = 50) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const event of ["drain", "close"]) socket.off(event, done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const event of ["drain", "close"]) socket.on(event, done);
  });
}

export const mib = (bytes) => `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
export const percentile = (values, share) =>
  values.slice().sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/**
 * Starts a server with `flags` and a probe pair, runs `attack(server)`, which returns what it measured as text,
 * and checks what holds for every fault: the probe loses nothing, the process lives, descriptors come back.
 */
export async function underFault(t, row, { flags = [], probe: probeOptions = {}, start, secure = false }, attack) {
  const server = start ? await start() : await Server.start(t, ...flags);
  const url = secure ? `wss://127.0.0.1:${server.tlsPort}/ws/probe` : server.url("/ws/probe");
  const probe = await Probe.start(t, url, probeOptions);
  await server.settle(2);
  const [base, before] = [await server.openDescriptors(), await server.memory()];
  const cpu = await server.cpuSeconds();
  const begun = performance.now();
  const measured = await attack(server);
  const seconds = (performance.now() - begun) / 1000;
  const load = (await server.cpuSeconds() - cpu) / seconds;
  const health = assertHealthy(await probe.stop());
  await eventually("all descriptors are back", async () => await server.openDescriptors() <= base, 20_000);
  const after = await server.memory();
  t.diagnostic(`fault ${row}: ${measured}; ${health}; ${load.toFixed(2)} cores for ${seconds.toFixed(1)} s, ` +
    `memory ${mib(before.now)} before, ${mib(after.peak)} at most, ${mib(after.now)} after`);
  return { server, before, after };
}

/** Asserts that the server's memory never exceeded what it was before by more than `bytes`. */
export function assertMemoryBound({ before, after }, bytes) {
  assert.ok(after.peak - before.now <= bytes, `memory rose by ${mib(after.peak - before.now)}, more than ${mib(bytes)}`);
}
