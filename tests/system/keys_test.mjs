// Keys from an endpoint: a JSON Web Key Set over http and https, its changes and its failures.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import test from "node:test";
import { jsonCodec } from "./support/centrifuge_codec.mjs";
import { Peer } from "./support/centrifuge_peer.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { runToEnd } from "./support/server.mjs";
import { eventually } from "./support/time.mjs";
import { signedToken } from "./support/tokens.mjs";

const timeout = 60_000;

/** Serves a key set; `status` and `keys` may change. */
async function serveKeys(t, create = (handler) => http.createServer(handler)) {
  const endpoint = { keys: [], status: 200, asked: 0 };
  const server = create((request, response) => {
    endpoint.asked += 1;
    response.writeHead(endpoint.status, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: endpoint.keys }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  endpoint.port = server.address().port;
  return endpoint;
}

function keyPair(kid, type = "ec", options = { namedCurve: "P-256" }) {
  const pair = generateKeyPairSync(type, options);
  return { kid, privateKey: pair.privateKey, jwk: { kid, use: "sig", ...pair.publicKey.export({ format: "jwk" }) } };
}

const tokenOf = (pair, alg) => signedToken({ sub: "42" }, alg, pair.privateKey, { kid: pair.kid });

async function outcome(t, server, token) {
  const peer = await Peer.open(t, server, { codec: jsonCodec });
  peer.sendCommands({ id: 1, connect: { token } });
  return Promise.race([
    peer.take("a reply", (message) => message.id === 1).then(({ connect, error }) => (connect ? "connected" : error.code)),
    peer.closed().then(({ code }) => code),
  ]).finally(() => peer.terminate());
}

test("keys: tokens of every key of an endpoint connect", { timeout }, async (t) => {
  const endpoint = await serveKeys(t);
  const ec = keyPair("ec");
  const rsa = keyPair("rsa", "rsa", { modulusLength: 2048 });
  const stranger = keyPair("ec");
  endpoint.keys = [ec.jwk, rsa.jwk];
  const url = `http://127.0.0.1:${endpoint.port}/keys`;
  const server = await startCentrifuge(t, { token: { jwks_public_endpoint: url } });
  assert.equal(await outcome(t, server, tokenOf(ec, "ES256")), "connected");
  assert.equal(await outcome(t, server, tokenOf(rsa, "RS256")), "connected");
  assert.equal(await outcome(t, server, tokenOf(stranger, "ES256")), 3500);
  assert.equal(await outcome(t, server, signedToken({ sub: "42" }, "ES256", ec.privateKey)), 3500, "without a kid");
  assert.equal(endpoint.asked, 1);
  assert.equal((await server.totals()).keys_fetched, 1);
  const check = (token) => runToEnd(["check-token", "--client-token-jwks-public-endpoint", url, token]);
  assert.equal((await check(tokenOf(ec, "ES256"))).code, 0);
  assert.equal((await check(tokenOf(stranger, "ES256"))).code, 1);
});

test("keys: while the endpoint is down clients are told to come again", { timeout }, async (t) => {
  const endpoint = await serveKeys(t);
  const pair = keyPair("one");
  endpoint.status = 500;
  const server = await startCentrifuge(t, { token: { jwks_public_endpoint: `http://127.0.0.1:${endpoint.port}/` } });
  assert.equal(await outcome(t, server, tokenOf(pair, "ES256")), 100);
  await eventually("a line in the log", () => server.event("keys_not_fetched"));
  assert.equal(server.event("keys_not_fetched").reason, "the status is 500");
  endpoint.status = 200;
  endpoint.keys = [pair.jwk];
  let last;
  for (const end = Date.now() + 20_000; last !== "connected" && Date.now() < end;) {
    last = await outcome(t, server, tokenOf(pair, "ES256"));
    if (last !== "connected") assert.equal(last, 100);
  }
  assert.equal(last, "connected");
});

test("keys: over https the endpoint has to show a certificate that is trusted", { timeout }, async (t) => {
  const { ca, certificate, key } = makeCertificate(t);
  const endpoint = await serveKeys(t, (handler) => https.createServer({ cert: ca, key: readFileSync(key) }, handler));
  const pair = keyPair("one");
  endpoint.keys = [pair.jwk];
  const check = (environment) => runToEnd(
    ["check-token", "--client-token-jwks-public-endpoint", `https://localhost:${endpoint.port}/`, tokenOf(pair, "ES256")],
    { environment });
  const distrusted = await check({});
  assert.equal(distrusted.code, 2);
  assert.match(distrusted.stderr, /TLS handshake failed/);
  assert.equal((await check({ SSL_CERT_FILE: certificate })).code, 0);
});
