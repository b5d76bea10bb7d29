// Fault 28: what does not speak TLS on the port that does; headers that claim another address.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import tls from "node:tls";
import { RawPeer, upgradeRequest } from "../system/support/raw_peer.mjs";
import { freePort, Server } from "../system/support/server.mjs";
import { elapsed, parallel } from "../system/support/time.mjs";
import { makeCertificate } from "../system/support/certificate.mjs";
import { percentile, scale, underFault } from "./support/fault.mjs";

test("fault 28: plain HTTP and noise on the TLS port are answered or closed at once", { timeout: 90_000 * scale }, async (t) => {
  const { flags, ca } = makeCertificate(t);
  const count = 1000 * scale;
  const start = async () => Server.start(t, ...flags, "--tls-port", String(await freePort()), "--limit-handshake-timeout", "2s");
  await underFault(t, 28, { start, secure: true, probe: { ca } }, async (server) => {
    const times = [];
    const noise = [Buffer.from([0x16, 0x03, 0x01, 0xff, 0xff, 0xff]), Buffer.from([0x80, 0x2e, 0x01, 0x00, 0x02]),
      Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x00]), Buffer.alloc(1000, 0x16)];
    await parallel(count, 50, async (at) => {
      const peer = await server.rawPeer({ upgraded: false, port: server.tlsPort });
      if (at % 2 === 0) {
        const begun = performance.now();
        peer.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert.equal(await peer.status(), 400);
        times.push(performance.now() - begun);
      } else {
        peer.write(noise[(at >> 1) % noise.length]);
        const time = await elapsed(peer.ended);
        assert.ok(time < 2000 + 5000, `closed after ${time.toFixed(0)} ms`);
      }
      peer.destroy();
    });
    return `${times.length} plain requests answered 400, p99 ${percentile(times, 0.99).toFixed(1)} ms; ` +
      `${count - times.length} times noise closed within the handshake timeout`;
  });
});

/** The first message of a TLS client, to be sent again and again: no work for who attacks. */
async function clientHello(t) {
  const server = net.createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const client = tls.connect({ port: server.address().port, host: "127.0.0.1", servername: "localhost" });
  client.on("error", () => {});
  const [socket] = await once(server, "connection");
  const [hello] = await once(socket, "data");
  client.destroy();
  socket.destroy();
  return hello;
}

// Those that come in pieces have begun long before they cost anything.
for (const [how, begun] of [["whole", 0], ["in pieces", 50]]) test(`fault 28: a storm of TLS handshakes that come ${how} takes its turns, and the pair's messages theirs`, { timeout: 90_000 * scale }, async (t) => {
  const { flags, ca } = makeCertificate(t, "rsa"); // signs for a millisecond
  const hello = await clientHello(t);
  const start = async () => Server.start(t, ...flags, "--tls-port", String(await freePort()));
  await underFault(t, 28, { start, secure: true, probe: { ca } }, async (server) => {
    let answered = 0;
    const waits = [];
    const end = performance.now() + 5000;
    // All of a wave speak at once.
    while (performance.now() < end) {
      const peers = await Promise.all(Array.from({ length: 200 * scale }, () => RawPeer.connect(server.tlsPort)));
      if (begun > 0) {
        for (const peer of peers) peer.write(hello.subarray(0, begun));
        await pause(50);
      }
      const since = performance.now();
      await Promise.all(peers.map(async (peer) => {
        const answer = once(peer.socket, "data");
        peer.write(hello.subarray(begun));
        await answer;
        waits.push(performance.now() - since);
        answered++;
      }));
      for (const peer of peers) peer.destroy();
    }
    return `${answered} handshakes ${how} in waves of ${200 * scale}, answered after ${percentile(waits, 0.99).toFixed(0)} ms at p99`;
  });
});

test("fault 28: no header changes the address a client is counted by", { timeout: 60_000 }, async (t) => {
  const start = () => Server.start(t, "--limit-connections-per-address", "8");
  await underFault(t, 28, { start, probe: { localAddress: "127.0.0.9" } }, async (server) => {
    const headers = ["X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: ", "X-Forwarded-For: ,,,", "X-Real-IP: ::1",
      "Forwarded: for=\"[2001:db8::1]\"", `X-Forwarded-For: ${"1".repeat(4000)}`, "X-Forwarded-For: \u00ff", "Forwarded: for=_x;;"];
    const verdicts = {};
    const peers = [];
    for (let round = 0; round < 3; round++)
      for (const header of headers) {
        const peer = await server.rawPeer({ upgraded: false, localAddress: "127.0.0.8" });
        peer.write(upgradeRequest("/ws", [header]));
        peers.push(peer);
        const status = await peer.status();
        verdicts[status] = (verdicts[status] ?? 0) + 1;
      }
    assert.deepEqual(verdicts, { 101: 8, 429: 16 });
    for (const peer of peers) peer.destroy();
    const proxy = await server.rawPeer({ upgraded: false });
    proxy.write("PROXY TCP4 203.0.113.7 203.0.113.8 1 2\r\n" + upgradeRequest());
    assert.equal(await proxy.status(), 400, "no PROXY protocol is spoken");
    return "24 spoofed headers: 8 admitted and 16 refused by the real address, PROXY refused";
  });
});
