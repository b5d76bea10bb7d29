// The probe pair, on a thread of its own so that an attack in the test's thread does not delay it.
import { parentPort, workerData } from "node:worker_threads";
import { Client } from "../../system/support/client.mjs";
import { eventually } from "../../system/support/time.mjs";

const { url, options, interval } = workerData;
const [publisher, subscriber] = [await Client.open(url, options), await Client.open(url, options)];
const latencies = [];
const sentAt = [];
let received = 0;
let disordered = 0;
let closed = 0;
for (const client of [publisher, subscriber]) client.closed.then(() => { closed++; });
publisher.take = () => {};
subscriber.take = ({ data }) => {
  const at = performance.now();
  const [name, number] = String(data).split(" ");
  if (name !== "probe") return; // of the attack
  if (Number(number) !== received + disordered) disordered++;
  received++;
  latencies.push(at - sentAt[Number(number)]);
};
const begun = performance.now();
// One message for each interval that has passed: a timer that comes late catches up.
const timer = setInterval(() => {
  while (sentAt.length * interval < performance.now() - begun && closed === 0) {
    sentAt.push(performance.now());
    publisher.send(`probe ${sentAt.length - 1}`);
  }
}, interval);
parentPort.postMessage("started");

parentPort.on("message", async () => {
  clearInterval(timer);
  await eventually("all that was sent", () => received === sentAt.length || closed > 0, 20_000).catch(() => {});
  const sorted = latencies.slice().sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  parentPort.postMessage({ sent: sentAt.length, received, disordered, closed, p50: at(0.5), p99: at(0.99), max: at(1) });
  publisher.terminate();
  subscriber.terminate();
  parentPort.close();
});
