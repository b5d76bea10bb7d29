// TLS: on the same port or one of its own, 1.2 and newer only; a new certificate disconnects nobody.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import test, { after } from "node:test";
import tls from "node:tls";
import { makeCertificate } from "./support/certificate.mjs";
import { Client } from "./support/client.mjs";
import { freePort, request, runToEnd, Server } from "./support/server.mjs";
import { elapsed, eventually, within } from "./support/time.mjs";

const timeout = 30_000;

const { flags, ca } = makeCertificate({ after });

/** The protocol agreed on, or the error that prevented it. */
function handshake(port, options) {
  return within(10_000, "a TLS handshake", new Promise((resolve) => {
    const socket = tls.connect({ host: "127.0.0.1", port, ca, servername: "localhost", ...options }, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.on("error", resolve);
  }));
}

async function secureClient(t, port) {
  const client = await Client.open(`wss://127.0.0.1:${port}/ws`, { ca });
  t.after(() => client.terminate());
  return client;
}

test("tls: with a port of its own, clients of both ports talk to each other", { timeout }, async (t) => {
  const server = await Server.start(t, ...flags, "--tls-port", String(await freePort()));
  assert.notEqual(server.tlsPort, server.port);
  const secure = await secureClient(t, server.tlsPort);
  const plain = await server.connect();
  const text = "x".repeat(60_000); // several TLS records
  secure.send(text);
  assert.equal(await plain.nextText(), text);
  assert.equal(await secure.nextText(), text);
  plain.send("back");
  assert.equal(await secure.nextText(), "back");
});

test("tls: without one, the main port speaks TLS", { timeout }, async (t) => {
  const server = await Server.start(t, ...flags);
  const secure = await secureClient(t, server.port);
  secure.send("hello");
  assert.equal(await secure.nextText(), "hello");
  assert.equal((await request(server.adminPort, "/health")).status, 200);
});

test("tls: 1.2 and 1.3 are spoken, 1.1 is refused", { timeout }, async (t) => {
  const server = await Server.start(t, ...flags);
  assert.equal(await handshake(server.port, { minVersion: "TLSv1.3" }), "TLSv1.3");
  assert.equal(await handshake(server.port, { maxVersion: "TLSv1.2" }), "TLSv1.2");
  const refused = await handshake(server.port,
    { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" });
  assert.match(String(refused.code ?? refused), /PROTOCOL_VERSION/);
});

test("tls: with tls.min_version 1.3, 1.2 is refused", { timeout }, async (t) => {
  const server = await Server.start(t, ...flags, "--tls-min-version", "1.3");
  assert.equal(await handshake(server.port, {}), "TLSv1.3");
  const refused = await handshake(server.port, { maxVersion: "TLSv1.2" });
  assert.match(String(refused.code ?? refused), /PROTOCOL_VERSION/);
});

test("tls: http/1.1 is agreed on where it is offered; offers without it are refused", { timeout }, async (t) => {
  const server = await Server.start(t, ...flags);
  const agreed = (ALPNProtocols) => within(10_000, "a TLS handshake", new Promise((resolve) => {
    const socket = tls.connect({ host: "127.0.0.1", port: server.port, ca, servername: "localhost", ALPNProtocols }, () => {
      resolve(socket.alpnProtocol);
      socket.destroy();
    });
    socket.on("error", (error) => resolve(error.code));
  }));
  assert.equal(await agreed(["http/1.1"]), "http/1.1");
  assert.equal(await agreed(["h2", "http/1.1"]), "http/1.1");
  assert.equal(await agreed(undefined), false, "none offered, none agreed on");
  assert.match(await agreed(["h2"]), /NO_APPLICATION_PROTOCOL/);
});

/** A server whose certificate was replaced after `before` had connected; it has not been told yet. */
async function withRenewedCertificate(t) {
  const own = makeCertificate(t);
  const server = await Server.start(t, ...own.flags);
  const open = (authority) => Client.open(`wss://127.0.0.1:${server.port}/ws`, { ca: authority });
  const before = await open(own.ca);
  t.after(() => before.terminate());
  const renewed = own.renew();
  return { own, server, open, before, renewed };
}

test("tls: SIGHUP serves a new certificate to new clients, and those that are there stay", { timeout }, async (t) => {
  const { own, server, open, before, renewed } = await withRenewedCertificate(t);
  await assert.doesNotReject(open(own.ca).then((client) => client.terminate()), "nothing changes by itself");
  server.signal("SIGHUP");
  await eventually("the new certificate is there", () => server.event("certificate_reloaded"));
  await assert.rejects(open(own.ca), "the old one is not served any more");
  const after_ = await open(renewed);
  t.after(() => after_.terminate());
  before.send("from before");
  assert.equal(await after_.nextText(), "from before");

  writeFileSync(own.certificate, "garbage");
  server.signal("SIGHUP");
  await eventually("the garbage is noticed", () => server.event("certificate_kept"));
  assert.match(server.event("certificate_kept").reason, /tls\.certificate/);
  (await open(renewed)).terminate();
  after_.send("from after");
  assert.equal(await before.nextText(), "from before");
  assert.equal(await before.nextText(), "from after");
});

test("tls: the console's reload serves a new certificate, as SIGHUP does", { timeout }, async (t) => {
  const { own, server, open, before, renewed } = await withRenewedCertificate(t);
  const { code, stderr } = await runToEnd(["console", "--socket", server.event("listening").console, "-c", "reload"]);
  assert.equal(code, 0, stderr);
  await eventually("the new certificate is there", () => server.event("certificate_reloaded"));
  const after_ = await open(renewed);
  t.after(() => after_.terminate());
  before.send("from before");
  assert.equal(await after_.nextText(), "from before");
});

test("tls: SIGHUP does nothing to a server without TLS", { timeout }, async (t) => {
  const server = await Server.start(t);
  const client = await server.connect();
  server.signal("SIGHUP");
  client.send("still here");
  assert.equal(await client.nextText(), "still here");
});

test("tls: plain HTTP on the TLS port is answered 400 and closed", { timeout }, async (t) => {
  const server = await Server.start(t, ...flags);
  const peer = await server.rawPeer({ upgraded: false });
  peer.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assert.equal(await peer.status(), 400);
  await within(5000, "the end of the connection", peer.ended);
});

test("tls: a handshake that is never finished is cut at its deadline", { timeout }, async (t) => {
  const server = await Server.start(t, ...flags, "--limit-handshake-timeout", "1s");
  const base = await server.openDescriptors();
  const peer = await server.rawPeer({ upgraded: false });
  peer.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00])); // the head of a ClientHello
  const time = await elapsed(peer.ended);
  assert.ok(time >= 900 && time < 2500, `cut after ${time.toFixed(0)} ms`);
  await server.settleEmpty(base);
});

test("tls: 200 clients get what one of them says, and leave without a trace", { timeout }, async (t) => {
  const server = await Server.start(t, ...flags);
  await (await secureClient(t, server.port)).close();
  await server.settle(0);
  const base = await server.openDescriptors();
  const clients = await Promise.all(Array.from({ length: 200 }, () => secureClient(t, server.port)));
  for (let sent = 0; sent < 20; sent++) clients[0].send(String(sent));
  for (const client of clients)
    for (let expected = 0; expected < 20; expected++) assert.equal(await client.nextText(), String(expected));
  for (const [index, client] of clients.entries()) {
    if (index % 2 === 0) client.socket.close();
    else client.terminate();
  }
  await server.settleEmpty(base);
});

test("tls: SIGTERM closes TLS clients with 1001", { timeout }, async (t) => {
  const server = await Server.start(t, ...flags);
  const clients = await Promise.all(Array.from({ length: 20 }, () => secureClient(t, server.port)));
  server.signal("SIGTERM");
  for (const client of clients) assert.equal((await client.closed).code, 1001);
  assert.deepEqual(await server.exit(), { code: 0, signal: null });
});
