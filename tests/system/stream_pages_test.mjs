// Clients without a WebSocket in a real Chromium: a page of another origin.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { startBrowser } from "./support/browser.mjs";
import { builds, collect, connectSdk, subscribeSdk } from "./support/centrifuge_sdk.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { streams } from "./support/streams.mjs";
import { eventually } from "./support/time.mjs";

const timeout = 90_000;
const sdk = fileURLToPath(new URL("./node_modules/centrifuge/dist/centrifuge.js", import.meta.url));

test("streams: a page of another origin subscribes and publishes, by server-sent events and by HTTP streaming", { timeout }, async (t) => {
  const site = http.createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html><title>page</title>"));
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  t.after(() => site.close());
  const page = `http://127.0.0.1:${site.address().port}`;
  const server = await startCentrifuge(t, { ...streams, websocket: { allowed_origins: [page] } });
  const { tab, faults } = await startBrowser(t);
  const listener = await connectSdk(t, builds[0], server.port);
  const heard = collect(await subscribeSdk(listener, "pub:room"), "publication");
  for (const transport of ["sse", "http_stream"]) {
    const open = await tab(page);
    await open.addScriptTag({ content: readFileSync(sdk, "utf8") });
    const told = await open.evaluate(async ({ port, transport: kind }) => {
      const base = `http://127.0.0.1:${port}`;
      const client = new Centrifuge([{ transport: kind, endpoint: `${base}/connection/${kind}` }], { emulationEndpoint: `${base}/emulation` });
      const connected = new Promise((resolve) => client.once("connected", resolve));
      client.connect();
      const { transport: used } = await connected;
      const subscription = client.newSubscription("pub:room");
      const publication = new Promise((resolve) => subscription.once("publication", resolve));
      subscription.subscribe();
      await subscription.ready();
      await subscription.publish({ by: kind, text: "line\nbreak" });
      const { data } = await publication;
      client.disconnect();
      return { used, data };
    }, { port: server.port, transport });
    assert.deepEqual(told, { used: transport, data: { by: transport, text: "line\nbreak" } });
  }
  await eventually("the other one has heard both", () => heard.length === 2);
  assert.deepEqual(faults, []);
});
