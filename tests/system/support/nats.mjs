// A real NATS server as a child process, and servers that it connects.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import net from "node:net";
import { Api } from "./api.mjs";
import { startCentrifuge } from "./centrifuge_server.mjs";
import { freePort } from "./server.mjs";
import { eventually } from "./time.mjs";

export class Nats {
  /** Starts `nats-server` with `flags` on a port of its own, or on `port`; it ends with the test `t`. */
  static async start(t, { port, flags = [] } = {}) {
    const nats = new Nats();
    nats.port = port ?? (await freePort());
    nats.flags = flags;
    t.after(() => nats.kill());
    await nats.begin();
    return nats;
  }

  get url() {
    return `nats://127.0.0.1:${this.port}`;
  }

  async begin() {
    this.child = spawn("nats-server", ["-a", "127.0.0.1", "-p", String(this.port), ...this.flags], { stdio: "ignore" });
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", resolve);
    });
    this.ended.catch(() => {});
    await eventually("NATS listens", () => accepts(this.port));
  }

  signal(name) {
    this.child.kill(name);
  }

  async kill() {
    this.signal("SIGKILL");
    await this.ended;
  }
}

const accepts = (port) => new Promise((resolve) => {
  const probe = net.connect(port, "127.0.0.1");
  probe.once("connect", () => { probe.destroy(); resolve(true); });
  probe.once("error", () => resolve(false));
});

/** Starts `count` nodes that know each other, with `sections` as startCentrifuge() takes them. */
export async function startCluster(t, count, { nats, engine = {}, natsOptions = {}, ...sections } = {}) {
  const broker = nats ?? (await Nats.start(t));
  const nodes = [];
  for (let index = 0; index < count; index++) nodes.push(await startNode(t, broker, { engine, natsOptions, ...sections }));
  await met(nodes);
  return { broker, nodes };
}

/** One more, on `port` if it is given. */
export async function startNode(t, broker, { engine = {}, natsOptions = {}, port, ...sections } = {}) {
  const node = await startCentrifuge(t, {
    ...sections,
    engine: { type: "nats", heartbeat: "200ms", node_timeout: "2s", ...engine },
    nats: { servers: [broker.url], ...natsOptions },
  }, ...(port ? ["--listen-port", String(port)] : []));
  node.api = new Api(node.adminPort);
  return node;
}

/** Resolves when each of them knows all of them. */
export async function met(nodes, ms = 20_000) {
  for (const node of nodes)
    await eventually(`a node knows ${nodes.length} nodes`,
      async () => (await node.api.answer("info", {})).result?.nodes.length === nodes.length, ms);
}

/** The node that a channel belongs to: the one whose publications it counts. */
export async function ownerOf(nodes, channel) {
  const counts = () => Promise.all(nodes.map(async (node) => (await node.totals()).publications));
  const before = await counts();
  await nodes[0].api.result("publish", { channel, data: "who owns it?" });
  const after = await counts();
  const owner = nodes.findIndex((_, index) => after[index] > before[index]);
  assert.notEqual(owner, -1);
  return owner;
}

/** A channel of a namespace that belongs to a node; `name(index)` names some. */
export async function channelOf(nodes, owner, name) {
  for (let index = 0; index < 200; index++) if ((await ownerOf(nodes, name(index))) === owner) return name(index);
  throw new Error("no such channel");
}
