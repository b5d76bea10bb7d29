// The real server (the program named by TROUPE_BIN) as a child process, on ports of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import readline from "node:readline";
import { Client, Refused } from "./client.mjs";
import { RawPeer } from "./raw_peer.mjs";
import { eventually, within } from "./time.mjs";

export const binary = process.env.TROUPE_BIN;
if (!binary) throw new Error("set TROUPE_BIN to the path of the program troupe");

/** The environment of a child: ours without what would configure the server. */
export function cleanEnvironment(added = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("TROUPE_"));
  return { ...Object.fromEntries(kept), ...added };
}

/** Runs the program to its end: {code, stdout, stderr}. */
export async function runToEnd(args, { environment = {}, ms = 10_000 } = {}) {
  const child = spawn(binary, args, { env: cleanEnvironment(environment), stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => { stdout += chunk; });
  child.stderr.on("data", (chunk) => { stderr += chunk; });
  try {
    const code = await within(ms, `the end of troupe ${args.join(" ")}`,
      new Promise((resolve) => child.once("close", resolve)));
    return { code, stdout, stderr };
  } finally {
    child.kill("SIGKILL");
  }
}

/** A port that was free a moment ago, below the range the kernel takes for outgoing connections. */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const probe = net.createServer();
    const free = await new Promise((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** One HTTP request on a connection of its own: {status, headers, body}. */
export function request(port, path, { method = "GET", headers = {}, body: sending, ...options } = {}) {
  return within(10_000, `${method} ${path}`, new Promise((resolve, reject) => {
    const sent = http.request({ host: "127.0.0.1", port, path, method, headers, agent: false, ...options }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => { body += chunk; });
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(sending);
  }));
}

export class Server {
  #child;
  #peers = new Set();
  #signalled = false;

  /** Starts `troupe serve` with `flags`; ends it when the test `t` ends. */
  static start(t, ...flags) {
    return Server.startAs(t, {}, ...flags);
  }

  /**
   * The same with variables of the environment, at another address, with at most `descriptors` open at a time, run by
   * the command `under`.
   */
  static async startAs(t, { environment = {}, address = "127.0.0.1", descriptors, under = [] }, ...flags) {
    const server = new Server();
    t.after(() => server.#tearDown());
    const limit = descriptors ? ["prlimit", `--nofile=${descriptors}`] : [];
    await server.#start([...under, ...limit, binary], ["--listen-address", address, ...flags], environment);
    return server;
  }

  async #start([program, ...before], flags, environment) {
    this.adminPort = await freePort();
    const port = flags.includes("--listen-port") ? [] : ["--listen-port", "0"];
    const args = [...before, "serve", ...port,
      "--admin-port", String(this.adminPort), "--log-format", "json", ...flags];
    this.#child = spawn(program, args, {
      env: cleanEnvironment(environment), stdio: ["ignore", "inherit", "pipe"],
    });
    this.pid = this.#child.pid;
    this.events = []; // the log so far, parsed
    this.noise = []; // lines that are no events, such as a sanitizer's report
    const lines = readline.createInterface({ input: this.#child.stderr });
    lines.on("line", (line) => {
      try {
        this.events.push(JSON.parse(line));
      } catch {
        this.noise.push(line);
      }
    });
    /** Resolves to {code, signal} when the process is gone and its log is read. */
    this.exited = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => resolve({ code, signal }));
    });
    let gone = false;
    this.exited.then(() => { gone = true; }, () => { gone = true; });
    await eventually("the server listens", () => gone || this.event("listening"), 20_000);
    if (!this.event("listening")) throw new Error(`the server did not start:\n${this.log()}`);
    this.port = Number(this.event("listening").port);
    this.tlsPort = Number(this.event("listening").tls_port ?? 0);
  }

  /** The first event of that name, if there is one. */
  event(name) {
    return this.events.find((event) => event.event === name);
  }

  log() {
    return [...this.events.map((event) => JSON.stringify(event)), ...this.noise].join("\n");
  }

  // --- peers: all are ended with the test ---

  url(path = "/ws") {
    return `ws://127.0.0.1:${this.port}${path}`;
  }

  async connect(path = "/ws", options = {}) {
    return this.#keep(await Client.open(this.url(path), options), (client) => client.terminate());
  }

  connectMany(count, path = "/ws", options = {}) {
    return Promise.all(Array.from({ length: count }, () => this.connect(path, options)));
  }

  /** How the server refused an upgrade: a Refused with its status. */
  async refusal(path = "/ws", options = {}) {
    try {
      await this.connect(path, options);
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    }
    throw new Error(`${path} was accepted`);
  }

  /** A peer below WebSocket, upgraded unless `upgraded` is false. */
  async rawPeer({ upgraded = true, port = this.port, ...options } = {}) {
    const peer = await (upgraded ? RawPeer.upgrade(port, options) : RawPeer.connect(port, options));
    return this.#keep(peer, () => peer.destroy());
  }

  #keep(peer, end) {
    this.#peers.add(() => end(peer));
    return peer;
  }

  // --- looking inside ---

  async totals() {
    const { status, body } = await request(this.adminPort, "/debug/totals.json");
    assert.equal(status, 200, body);
    return JSON.parse(body);
  }

  async openDescriptors() {
    return (await readdir(`/proc/${this.pid}/fd`)).length;
  }

  /** Bytes resident now, and at their most. */
  async memory() {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8");
    const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)[1]) * 1024;
    return { now: bytes("VmRSS"), peak: bytes("VmHWM") };
  }

  /** Processor time used so far, by the program and by the kernel for it. */
  async cpuSeconds() {
    const stat = await readFile(`/proc/${this.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100; // utime and stime, in ticks of 10 ms
  }

  /** Waits until exactly `count` connections are registered. */
  async settle(count, ms = 20_000) {
    let totals;
    await eventually(`${count} connections`, async () => {
      totals = await this.totals();
      return totals.connections === count;
    }, ms).catch((error) => { throw new Error(`${error.message}; totals are ${JSON.stringify(totals)}`); });
    return totals;
  }

  /**
   * Waits until no connection is left and as many were closed as opened, and the descriptors are back at
   * `baseDescriptors`.
   */
  async settleEmpty(baseDescriptors, ms = 20_000) {
    const totals = await this.settle(0, ms);
    assert.equal(totals.opened, totals.closed, `every connection leaves once: ${JSON.stringify(totals)}`);
    let open;
    await eventually("all descriptors closed", async () => {
      open = await this.openDescriptors();
      return open <= baseDescriptors;
    }, ms).catch((error) => { throw new Error(`${error.message}: ${open} open, ${baseDescriptors} at the start`); });
    return totals;
  }

  // --- ending ---

  signal(name) {
    if (!["SIGHUP", "SIGSTOP", "SIGCONT"].includes(name)) this.#signalled = true; // it ends
    this.#child.kill(name);
  }

  /** How the process ended: {code, signal}. Fails when it does not within `ms`. */
  exit(ms = 15_000) {
    return within(ms, "the server's exit", this.exited);
  }

  async #tearDown() {
    for (const end of this.#peers) end();
    if (!this.#child) return;
    const ours = !this.#signalled;
    if (ours) this.signal("SIGTERM"); // a second one would cut the drain short
    try {
      const { code, signal } = await this.exit();
      if (ours) assert.deepEqual({ code, signal }, { code: 0, signal: null }, this.log());
    } finally {
      this.#child.kill("SIGKILL");
    }
    assert.deepEqual(this.noise, [], "the server writes nothing but events");
  }
}
