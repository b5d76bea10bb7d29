// A healthy pair beside an attack: one publishes 100 messages a second, the other must get each of them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { Worker } from "node:worker_threads";

export class Probe {
  #worker;

  /** Starts the pair; it ends with the test `t` at the latest. */
  static async start(t, url, options = {}) {
    const probe = new Probe();
    probe.#worker = new Worker(new URL("probe_worker.mjs", import.meta.url),
      { workerData: { url, options, interval: 10 } });
    t.after(() => probe.#worker.terminate());
    await once(probe.#worker, "message");
    return probe;
  }

  /** Stops it: {sent, received, disordered, closed, p50, p99, max}, times in milliseconds. */
  async stop() {
    this.#worker.postMessage("stop");
    const [figures] = await once(this.#worker, "message");
    return figures;
  }
}

/** Asserts that the pair lost nothing; says its figures. */
export function assertHealthy(figures) {
  assert.equal(figures.closed, 0, `the probe was closed: ${JSON.stringify(figures)}`);
  assert.equal(figures.received, figures.sent, "the probe lost nothing");
  assert.equal(figures.disordered, 0, "and got everything in order");
  return `probe: ${figures.sent} sent, 0 lost, p50 ${figures.p50.toFixed(1)} ms, p99 ${figures.p99.toFixed(1)} ms`;
}
