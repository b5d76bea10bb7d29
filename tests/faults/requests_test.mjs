// Fault 4: requests that are too large or no requests have their status, and kill nobody. Fault 12: pages of
// foreign origins. Fault 19: the administration port's pages are not on the public one.
import assert from "node:assert/strict";
import test from "node:test";
import { upgradeRequest } from "../system/support/raw_peer.mjs";
import { request, runToEnd } from "../system/support/server.mjs";
import { parallel, within } from "../system/support/time.mjs";
import { assertMemoryBound, scale, underFault } from "./support/fault.mjs";

const timeout = 90_000 * scale;

const fields = (count) => Array.from({ length: count }, (_, at) => `X-${at}: y`);
const oversized = [
  [431, "9 KiB of headers", upgradeRequest("/ws", ["X-Fill: " + "x".repeat(9 * 1024)])],
  [431, "64 KiB without an end", "GET /ws HTTP/1.1\r\nX-Fill: " + "x".repeat(64 * 1024)],
  [414, "a target of 3 KiB", upgradeRequest("/ws?" + "x".repeat(3 * 1024))],
  [431, "200 fields", upgradeRequest("/ws", fields(200))],
  [431, "5,000 fields", upgradeRequest("/ws", fields(5000))],
  [400, "a NUL", upgradeRequest("/ws", ["X: a\0b"])],
  [400, "a bare LF", upgradeRequest().replace("\r\n", "\n")],
  [400, "two Hosts", upgradeRequest("/ws", ["Host: b"])],
  [413, "a body of 1 MiB", upgradeRequest("/ws", ["Content-Length: 1048576"])],
];

/** Deterministic noise: the same mutations in every run. */
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

function mutated(random) {
  const bytes = Buffer.from(upgradeRequest("/ws/group?query=1", ["Sec-WebSocket-Extensions: permessage-deflate", "Origin: http://a.example"]));
  const parts = [bytes];
  for (let changes = 1 + random(6); changes > 0; changes--) {
    const whole = Buffer.concat(parts.splice(0));
    const [at, length] = [random(whole.length), random(30)];
    switch (random(4)) {
      case 0: whole[at] = random(256); parts.push(whole); break;
      case 1: parts.push(whole.subarray(0, at), whole.subarray(Math.min(whole.length, at + length))); break;
      case 2: parts.push(whole.subarray(0, at), whole.subarray(at, at + length), whole.subarray(at)); break;
      default: parts.push(whole.subarray(0, at), Buffer.from(Array.from({ length }, () => random(256))), whole.subarray(at));
    }
  }
  return Buffer.concat(parts);
}

test("fault 4: oversized and mutated requests are refused, and cost nothing that lasts", { timeout }, async (t) => {
  const count = 2000 * scale;
  const figures = await underFault(t, 4, { flags: ["--limit-handshake-timeout", "1s"] }, async (server) => {
    for (const [status, what, bytes] of oversized) {
      const peer = await server.rawPeer({ upgraded: false });
      peer.write(bytes);
      assert.equal(await peer.status(), status, what);
      peer.destroy();
    }
    const random = generator(4);
    const answers = {};
    await parallel(count, 100, async () => {
      const peer = await server.rawPeer({ upgraded: false });
      peer.write(mutated(random));
      const status = await peer.status().catch(() => "closed");
      answers[status] = (answers[status] ?? 0) + 1;
      peer.destroy();
    });
    return `${oversized.length} oversized refused, ${count} mutations answered ${JSON.stringify(answers)}`;
  });
  assertMemoryBound(figures, 32 << 20);
});

test("fault 12: pages of a foreign origin are refused before the upgrade, however many ask", { timeout }, async (t) => {
  const count = 1000 * scale;
  await underFault(t, 12, {}, async (server) => {
    const origins = ["http://evil.example", "null", "", "http://127.0.0.1", `http://127.0.0.1:${server.port}.evil.example`,
      `http://evil.example#127.0.0.1:${server.port}`, `http://127.0.0.1:${server.port}@evil.example`, "file://"];
    await parallel(count, 50, async (at) => {
      const peer = await server.rawPeer({ upgraded: false });
      peer.write(upgradeRequest("/ws", [`Origin: ${origins[at % origins.length]}`, `X-Forwarded-Host: evil.example`]));
      assert.equal(await peer.status(), 403, origins[at % origins.length]);
      peer.destroy();
    });
    assert.equal((await server.totals()).opened, 2, "nobody but the probe");
    return `${count} of ${count} refused with 403, 0 upgraded`;
  });
});

const starts = [
  [["--admin-address", "0.0.0.0", "--admin-port", "9100"], false],
  [["--admin-address", "::", "--admin-port", "9100"], false],
  [["--admin-address", "192.0.2.1", "--admin-port", "9100"], false],
  [["--admin-address", "10.0.0.1", "--admin-port", "9100"], false],
  [["--admin-address", "localhost", "--admin-port", "9100"], false],
  [["--admin-address", "127.0.0.1.evil.example", "--admin-port", "9100"], false],
  [["--admin-address", "2130706433", "--admin-port", "9100"], false],
  [["--admin-address", "", "--admin-port", "9100"], false],
  [["--admin-address", "127.0.0.1", "--admin-port", "9100"], true],
  [["--admin-address", "127.0.0.2", "--admin-port", "9100"], true],
  [["--admin-address", "::1", "--admin-port", "9100"], true],
  [["--admin-address", "127.0.0.1", "--admin-port", "0"], true],
];

test("fault 19: administration listens on loopback only, and is not served in public", { timeout }, async (t) => {
  await underFault(t, 19, {}, async (server) => {
    for (const [flags, starts_] of starts) {
      const { code } = await runToEnd(["check-config", ...flags]);
      assert.equal(code, starts_ ? 0 : 2, flags.join(" "));
    }
    const paths = ["/debug/totals.json", "/debug/", "/debug", "/metrics", "/api", "/admin", "//debug/totals.json", "/./debug/totals.json"];
    for (const path of paths) {
      const { status } = await request(server.port, path);
      assert.equal(status, 404, path);
    }
    assert.equal((await request(server.adminPort, "/debug/totals.json")).status, 200);
    const upgrade = await within(5000, "an answer", request(server.adminPort, "/ws"));
    assert.equal(upgrade.status, 404, "nor is the public side served there");
    return `${starts.length} of ${starts.length} verdicts at the start, ${paths.length} public paths answered 404`;
  });
});
