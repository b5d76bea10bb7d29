// Faults 17 and 18: tokens are guessed and forged by the thousand; tokens end, and connections with them.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Api } from "../system/support/api.mjs";
import { Peer } from "../system/support/centrifuge_peer.mjs";
import { startCentrifuge } from "../system/support/centrifuge_server.mjs";
import { frame, opcode } from "../system/support/raw_peer.mjs";
import { runToEnd } from "../system/support/server.mjs";
import { parallel } from "../system/support/time.mjs";
import { hmacToken, known, now, unsignedToken } from "../system/support/tokens.mjs";
import { assertMemoryBound, scale, underFault } from "./support/fault.mjs";

const secret = "a secret of the server's own";
const endpoint = "/connection/websocket";
const config = (client = {}) => ({
  client: { allow_anonymous_connect_without_token: false, ...client }, token: { hmac_secret_key: secret },
});
const user = (claims) => hmacToken({ sub: "42", ...claims }, secret);
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Connects with that token from an address of its own: the close frame's {code, reason}, or undefined if it was let in. */
async function guess(server, token, at = 0) {
  const peer = await server.rawPeer({ target: endpoint, localAddress: `127.0.0.${10 + at % 100}` });
  peer.write(frame(opcode.text, JSON.stringify({ id: 1, connect: { token } })));
  const { code, payload } = await peer.nextFrame();
  peer.destroy();
  return code === opcode.close ? { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() } : undefined;
}

/** Thirty ways to a token without the secret. */
function forgeries() {
  const good = user({ exp: now() + 3600 });
  const [head, claims, signature] = good.split(".");
  const mac = (hash, key, text = `${head}.${claims}`) => createHmac(hash, key).update(text).digest("base64url");
  const relabelled = (header) => `${part(header)}.${claims}.${mac("sha256", secret, `${head}.${claims}`)}`;
  const flip = (text, at) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
  return [
    "", "rubbish", "..", `${head}.${claims}`, `${head}.${claims}.`, `.${claims}.${signature}`, `${head}..${signature}`,
    `${good}.${signature}`, `${good}=`, ` ${good}`, `${good}\n`, flip(good, 2), flip(good, head.length + 3), flip(good, good.length - 3),
    `${head}.${claims}.${signature.slice(0, -2)}`, `${head}.${claims}.${signature}AA`, `${head}.${claims}.${"A".repeat(43)}`,
    unsignedToken({ sub: "42" }), ...["None", "nOnE", "HS384", "HS512", "RS256", "ES256", "hs256", "", null].map((alg) => relabelled({ alg, typ: "JWT" })),
    `${head}.${claims}.${mac("sha512", secret)}`, `${head}.${claims}.${mac("sha256", "")}`, `${head}.${claims}.${mac("sha256", `${secret}.`)}`,
    `${head}.${part({ sub: "43", exp: now() + 3600 })}.${signature}`, known.user42,
    user({ nbf: now() + 3600 }), user({ exp: now() - 3600 }),
  ];
}

test("fault 17: guesses at tokens, from one address and from a hundred, are all refused alike and disturb nobody", { timeout: 120_000 * scale }, async (t) => {
  const start = () => startCentrifuge(t, config());
  const figures = await underFault(t, 17, { start }, async (server) => {
    assert.equal(await guess(server, user({})), undefined, "the right one is let in");
    const count = 3000 * scale;
    const verdicts = new Map();
    const begun = performance.now();
    for (const addresses of [1, 100])
      await parallel(count / 2, 25, async (at) => {
        const said = await guess(server, hmacToken({ sub: "42", n: at }, `guess ${at}`), at % addresses);
        const verdict = said ? `${said.code} ${said.reason}` : "let in";
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      });
    const rate = count / ((performance.now() - begun) / 1000);
    assert.deepEqual([...verdicts], [["3500 invalid token", count]]);
    return `${count} wrong tokens at ${rate.toFixed(0)} a second, each told 3500, 0 let in`;
  });
  assertMemoryBound(figures, 32 << 20);
});

/** Welch's t of two samples: beyond 4.5 their means differ. */
function welch(a, b) {
  const of = (values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean, part: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) / values.length };
  };
  const [x, y] = [of(a), of(b)];
  return (x.mean - y.mean) / Math.sqrt(x.part + y.part);
}

test("fault 17: the time of a refusal does not tell how much of a signature is right", { timeout: 120_000 * scale }, async (t) => {
  const start = () => startCentrifuge(t, config());
  await underFault(t, 17, { start }, async (server) => {
    const count = 1000 * scale;
    const cut = (values) => values.sort((a, b) => a - b).slice(0, Math.floor(values.length * 0.9)); // the machine's own pauses
    const measure = async () => {
      const times = { first: [], last: [] };
      for (let at = 0; at < 2 * count; at++) {
        const good = user({ n: Math.random() }); // new ones: what was refused may be remembered
        const which = Math.random() < 0.5 ? "first" : "last";
        const place = which === "first" ? good.lastIndexOf(".") + 1 : good.length - 3;
        const wrong = good.slice(0, place) + (good[place] === "A" ? "B" : "A") + good.slice(place + 1);
        const begun = performance.now();
        const said = await guess(server, wrong);
        times[which].push(performance.now() - begun);
        assert.equal(said.code, 3500);
      }
      return welch(cut(times.first), cut(times.last));
    };
    // Noise may look like a difference once, a difference is there each time.
    let value = await measure();
    for (let again = 0; again < 2 && Math.abs(value) >= 4.5; again++) value = await measure();
    assert.ok(Math.abs(value) < 4.5, `Welch's t is ${value}`);
    return `signatures wrong at their first or last bytes, ${2 * count} of them: Welch's t ${value.toFixed(2)}`;
  });
});

test("fault 17: who never shows a token is closed in time", { timeout: 60_000 * scale }, async (t) => {
  const start = () => startCentrifuge(t, config({ stale_close_delay: "2s" }));
  await underFault(t, 17, { start }, async (server) => {
    const times = [];
    await Promise.all(Array.from({ length: 500 * scale }, async () => {
      const peer = await server.rawPeer({ target: endpoint });
      const begun = performance.now();
      assert.equal((await peer.closeFrame()).code, 3502);
      times.push(performance.now() - begun);
      peer.destroy();
    }));
    const last = Math.max(...times);
    assert.ok(last < 10_000, `the last after ${last.toFixed(0)} ms`);
    return `${times.length} closed with 3502, the last ${last.toFixed(0)} ms after the upgrade at a delay of 2,000 ms`;
  });
});

test("fault 18: connections end with their tokens and get nothing afterwards; refreshed ones stay", { timeout: 120_000 * scale }, async (t) => {
  const start = () => startCentrifuge(t, config({ expired_close_delay: "1s" }));
  await underFault(t, 18, { start }, async (server) => {
    const api = new Api(server.adminPort);
    const count = 500 * scale;
    const ended = [];
    const refreshed = [];
    await parallel(count, 25, async (at) => {
      const peer = await Peer.open(t, server, { localAddress: `127.0.1.${1 + at % 4}` });
      const exp = now() + 8;
      await peer.result({ connect: { token: user({ exp }) } });
      await peer.subscribe("pub:news", { token: user({ channel: "pub:news", exp: exp + 3600 }) });
      if (at % 10 === 0) {
        await peer.result({ refresh: { token: user({ exp: exp + 3600 }) } });
        refreshed.push(peer);
        return;
      }
      peer.onPush = () => { peer.lastPush = Date.now(); };
      ended.push({ peer, exp, closed: peer.closed(60_000).then(({ code }) => ({ code, at: Date.now() })) });
    });
    let publishing = true;
    const publisher = (async () => {
      for (; publishing; await pause(50)) await api.result("publish", { channel: "pub:news", data: {} });
    })();
    let worst = 0;
    let after = 0;
    for (const { peer, exp, closed } of ended) {
      const { code, at } = await closed;
      assert.equal(code, 3005);
      worst = Math.max(worst, Math.abs(at - (exp + 1) * 1000));
      if (peer.lastPush > at) after++;
    }
    publishing = false;
    await publisher;
    assert.equal(after, 0, "nothing comes after the close");
    assert.ok(worst <= 3000, `one was closed ${worst} ms off`);
    for (const peer of refreshed) await peer.settle();

    // An operator takes it back at once.
    const { code, stderr } = await runToEnd(["console", "--socket", server.event("listening").console, "-c", "kick user 42 code 4003"]);
    assert.equal(code, 0, stderr);
    for (const peer of refreshed) await peer.closesWith(4003);
    return `${ended.length} closed with 3005, at most ${worst} ms off exp + 1 s, 0 messages afterwards; ` +
      `${refreshed.length} refreshed stayed until an operator kicked their user`;
  });
});

test("fault 18: forged, expired and early tokens are refused, all of them", { timeout: 60_000 * scale }, async (t) => {
  const start = () => startCentrifuge(t, config());
  await underFault(t, 18, { start }, async (server) => {
    const tokens = forgeries();
    const verdicts = { closed: 0, error: 0 };
    for (const token of tokens) {
      const peer = await server.rawPeer({ target: endpoint });
      peer.write(frame(opcode.text, JSON.stringify({ id: 1, connect: { token } })));
      const { code, payload } = await peer.nextFrame();
      peer.destroy();
      if (code === opcode.close) verdicts.closed++;
      else {
        assert.equal(JSON.parse(payload).error?.code, 109, `${token} was answered ${payload}`);
        verdicts.error++;
      }
    }
    const totals = await server.totals();
    assert.equal(totals.tokens_accepted, 0);
    return `${tokens.length} tokens: ${verdicts.closed} closed, ${verdicts.error} told 109, 0 accepted`;
  });
});
