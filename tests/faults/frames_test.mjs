// Faults 5 to 11: what a client can do with frames. Each is closed with its code; memory and the others stay.
import assert from "node:assert/strict";
import test from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import { frame, opcode, upgradeRequest } from "../system/support/raw_peer.mjs";
import { parallel, within } from "../system/support/time.mjs";
import { assertMemoryBound, drained, percentile, scale, underFault } from "./support/fault.mjs";

const timeout = 90_000 * scale;
const compression = ["--websocket-compression", "true"];
const closing = ["--outbox-close-timeout", "1s"];
const limit = 64 * 1024; // websocket.max_message_bytes
const rsv1 = 4;

/** A peer that has agreed on compression. */
async function compressing(server) {
  const peer = await server.rawPeer({ upgraded: false });
  peer.write(upgradeRequest("/ws", ["Sec-WebSocket-Extensions: permessage-deflate"]));
  assert.equal(await peer.status(), 101);
  const end = peer.bytes.indexOf("\r\n\r\n");
  assert.match(peer.bytes.subarray(0, end).toString(), /permessage-deflate/);
  peer.bytes = peer.bytes.subarray(end + 4);
  return peer;
}

const deflated = (payload) => deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

/** Bytes that the test makes the peer send until the server ends it or `enough` are gone; awaits the kernel. */
async function flood(peer, chunk, enough) {
  let sent = 0;
  while (!peer.hasEnded && sent < enough) {
    sent += chunk.length;
    if (!peer.socket.write(chunk)) await drained(peer.socket);
    else await new Promise(setImmediate);
  }
  return sent;
}

test("fault 5: a claimed length is refused by its header, compressed or not, and allocates nothing", { timeout }, async (t) => {
  const lengths = [[BigInt(limit) + 1n, 1009], [1n << 31n, 1009], [(1n << 32n) + 5n, 1009], [1n << 62n, 1009],
    [1n << 63n, 1002], [(1n << 64n) - 1n, 1002]];
  const rounds = 20 * scale;
  const figures = await underFault(t, 5, { flags: [...compression, ...closing] }, async (server) => {
    const times = [];
    for (let round = 0; round < rounds; round++)
      await parallel(lengths.length * 2, 4, async (at) => {
        const [length, expected] = lengths[at >> 1];
        const peer = at % 2 === 0 ? await server.rawPeer() : await compressing(server);
        const sent = performance.now();
        // Enough of the payload to make Beast allocate, then silence.
        peer.write(frame(opcode.binary, "", { length, rsv: at % 2 === 0 ? 0 : rsv1 }), deflated("x".repeat(5000)));
        assert.equal((await peer.closeFrame()).code, expected, `a length of ${length}`);
        times.push(performance.now() - sent);
        peer.destroy();
      });
    return `${times.length} frames of up to 2^64-1 refused, p50 ${percentile(times, 0.5).toFixed(1)} ms, ` +
      `p99 ${percentile(times, 0.99).toFixed(1)} ms after the header`;
  });
  assertMemoryBound(figures, 16 << 20);
});

test("fault 6: endless fragments are closed with 1009 at the limit", { timeout }, async (t) => {
  const count = 50 * scale;
  const figures = await underFault(t, 6, { flags: closing }, async (server) => {
    const sent = [];
    await parallel(count, 25, async (at) => {
      const peer = await server.rawPeer();
      peer.write(frame(opcode.binary, "", { fin: false }));
      const chunk = Buffer.concat(Array(200).fill(frame(opcode.continuation, at % 2 === 0 ? "" : "x", { fin: false })));
      sent.push(await flood(peer, chunk, 4 << 20));
      assert.equal((await peer.closeFrame()).code, 1009);
      peer.destroy();
    });
    assert.equal((await server.settle(2)).closed_by_reason.too_many_fragments, count);
    return `${count} floods closed, at most ${Math.max(...sent)} bytes taken from one`;
  });
  assertMemoryBound(figures, count * 2 * limit + (16 << 20));
});

for (const reading of [true, false])
  test(`fault 7: floods of pings by clients that ${reading ? "read" : "do not read"} the pongs`, { timeout }, async (t) => {
    const seconds = 3 * scale;
    const figures = await underFault(t, 7, { flags: closing }, async (server) => {
      const chunk = Buffer.concat(Array(100).fill([frame(opcode.ping), frame(opcode.ping, "x".repeat(125))]).flat());
      const end = performance.now() + seconds * 1000;
      let [pongBytes, floods] = [0, 0];
      while (performance.now() < end) { // whoever is cut comes back
        const peer = await server.rawPeer();
        floods++;
        peer.socket.removeAllListeners("data");
        peer.socket.on("data", (bytes) => { pongBytes += bytes.length; });
        if (!reading) peer.socket.pause();
        while (!peer.hasEnded && !peer.socket.destroyed && performance.now() < end) {
          if (!peer.socket.write(chunk)) await drained(peer.socket);
          else await new Promise(setImmediate);
        }
        peer.destroy();
      }
      const reasons = (await server.settle(2)).closed_by_reason;
      return `${floods} floods in ${seconds} s, ${reading ? `${pongBytes} bytes of pongs read` : "no pong read"}, ` +
        `${reasons.control_overflow} cut for too many control frames, ${reasons.write_timeout} for the write timeout`;
    });
    assertMemoryBound(figures, 8 << 20);
  });

test("fault 8: text that is not UTF-8 is closed with 1007 and reaches nobody", { timeout }, async (t) => {
  const bad = [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]].map((bytes) => Buffer.from(bytes));
  await breaches(t, 8, 1007, (at) => {
    const bytes = bad[at % bad.length];
    return at % 2 === 0 ? [frame(opcode.text, bytes)]
      : [frame(opcode.text, bytes, { fin: false }), frame(opcode.continuation)]; // Beast misses the empty end
  });
});

test("fault 9: reserved bits, opcodes and control frames against the rules are closed with 1002", { timeout }, async (t) => {
  const bad = [frame(opcode.text, "x", { rsv: 1 }), frame(opcode.text, "x", { rsv: 4 }), frame(3, "x"), frame(11),
    frame(opcode.ping, "x".repeat(126)), frame(opcode.ping, "x", { fin: false }), frame(opcode.continuation, "x")];
  await breaches(t, 9, 1002, (at) => [bad[at % bad.length]]);
});

test("fault 10: frames that are not masked are closed with 1002 and reach nobody", { timeout }, async (t) => {
  await breaches(t, 10, 1002, (at) => [frame(at % 2 === 0 ? opcode.text : opcode.binary, "unmasked", { mask: false })]);
});

async function breaches(t, row, expected, framesFor) {
  const count = 1000 * scale;
  await underFault(t, row, { flags: closing }, async (server) => {
    const witness = await server.connect();
    await parallel(count, 50, async (at) => {
      const peer = await server.rawPeer();
      peer.write(...framesFor(at));
      assert.equal((await peer.closeFrame()).code, expected);
      peer.destroy();
    });
    await witness.roundTrip();
    assert.deepEqual(witness.received, []);
    witness.terminate();
    return `${count} of ${count} closed with ${expected}, 0 delivered`;
  });
}

test("fault 11: what inflates beyond the limit is closed with 1009 before it is large", { timeout }, async (t) => {
  const huge = deflated(Buffer.alloc(60 << 20)); // 1,000 times as much as it takes, and within the limit itself
  assert.ok(huge.length < limit);
  const small = deflated(Buffer.alloc(200_000));
  // Stored blocks of no bytes: they inflate to nothing, for ever.
  const nothing = Buffer.concat(Array(10_000).fill(Buffer.from([0, 0, 0, 0xff, 0xff])));
  const count = 300 * scale;
  const figures = await underFault(t, 11, { flags: [...compression, ...closing] }, async (server) => {
    const cpu = await server.cpuSeconds();
    await parallel(count, 20, async (at) => {
      const peer = await compressing(server);
      peer.write(frame(opcode.binary, at % 10 === 0 ? huge : small, { rsv: rsv1 }));
      assert.equal((await peer.closeFrame()).code, 1009);
      peer.destroy();
    });
    const each = (await server.cpuSeconds() - cpu) * 1000 / count;
    const idle = await compressing(server);
    idle.write(frame(opcode.binary, nothing, { rsv: rsv1, fin: false }));
    await flood(idle, frame(opcode.continuation, nothing, { fin: false }), 8 << 20);
    assert.equal((await within(10_000, "the end of empty blocks", idle.closeFrame())).code, 1009);
    idle.destroy();
    return `${count} bombs of up to 60 MiB in ${huge.length} bytes closed, ${each.toFixed(2)} ms of CPU each`;
  });
  assertMemoryBound(figures, 20 * limit + (32 << 20));
});
