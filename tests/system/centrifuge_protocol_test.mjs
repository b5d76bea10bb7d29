// What the Centrifuge protocol demands, check by check, in both codecs, seen by a peer that reads every message.
// The numbers are those of the list of checks this server is built against.
import assert from "node:assert/strict";
import test from "node:test";
import { checks, connected, fresh, open, pushes } from "./support/centrifuge_checks.mjs";
import { codecs, jsonCodec, protobufCodec } from "./support/centrifuge_codec.mjs";
import { Peer } from "./support/centrifuge_peer.mjs";
import { endpoint, startCentrifuge } from "./support/centrifuge_server.mjs";
import { eventually, within } from "./support/time.mjs";

const timeout = 60_000;
const connect = { id: 1001, connect: {} };
const bytes = (hex) => Buffer.from(hex.replaceAll(" ", ""), "hex");

// --- before anybody is connected ---

/** Frames that end a connection with 3501: [check, what, JSON, protobuf in hex, is the peer connected?]. */
const violations = [
  [6, "a blank line between two commands", '{"id":1,"connect":{}}\n\n{"id":2,"subscribe":{"channel":"pub:a"}}', null],
  [7, "an empty frame", "", ""],
  [7, "a frame that does not decode", "not json", "03 ffffff"],
  [7, "a field of the wrong type", '{"id":"1","connect":{}}', "05 0a01312200"],
  [8, "a truncated length", null, "80"],
  [8, "a truncated body", null, "05 080122"],
  [8, "a length beyond any message", null, "ffffffff0f 0801"],
  [10, "a subscribe before connect", '{"id":1,"subscribe":{"channel":"pub:a"}}', "0b 08012a070a057075623a61"],
  [10, "a pong before connect", "{}", "00"],
  [10, "a connect without id", '{"connect":{}}', "02 2200"],
  [10, "null in place of a connect", '{"id":1,"connect":null}', null],
  [11, "a second connect", '{"id":2,"connect":{}}', "04 08022200", true],
  [11, "a command that is none", '{"id":5,"foo":{}}', "02 0805", true],
  [11, "a ping of the client", '{"id":5,"ping":{}}', "04 08055a00", true],
  [31, "a pong nobody asked for", "{}", "00", true],
  [22, "an empty channel in subscribe", '{"id":5,"subscribe":{}}', "04 08052a00", true],
  [22, "an empty channel in unsubscribe", '{"id":5,"unsubscribe":{}}', "04 08053200", true],
  [22, "an empty channel in publish", '{"id":5,"publish":{"data":{}}}', "08 08053a0412027b7d", true],
  [22, "an empty channel in presence", '{"id":5,"presence":{}}', "04 08054200", true],
  [22, "an empty channel in presence_stats", '{"id":5,"presence_stats":{}}', "04 08054a00", true],
  [22, "an empty channel in history", '{"id":5,"history":{}}', "04 08055200", true],
  [22, "an unknown delta", '{"id":5,"subscribe":{"channel":"delta:a","delta":"xor"}}',
    "12 08052a0e0a0764656c74613a61620378 6f72", true],
];

for (const codec of codecs) {
  test(`centrifuge ${codec.name}: what is no protocol ends in 3501`, { timeout: 240_000 }, async (t) => {
    const server = await startCentrifuge(t);
    for (const [number, what, text, hex, afterConnect] of violations) {
      const frame = codec === jsonCodec ? text : hex === null ? null : bytes(hex);
      if (frame === null) continue; // the codec has nothing of the kind
      await t.test(`check ${number}: ${what}`, { timeout }, async (inner) => {
        const peer = await (afterConnect ? connected : open)({ t: inner, server, codec });
        peer.send(frame);
        await peer.closesWith(3501);
      });
    }
  });
}

test("centrifuge: check 1: an origin is accepted when it is listed, or missing", { timeout }, async (t) => {
  const server = await startCentrifuge(t);
  const { status } = await server.refusal(endpoint, { headers: { origin: "http://evil" } });
  assert.equal(status, 403);
  await Peer.connected(t, server, { headers: { origin: "http://ok.example" } });
  await Peer.connected(t, server);
});

test("centrifuge: check 2: the first sub-protocol the server knows is echoed and chooses the codec", { timeout }, async (t) => {
  const server = await startCentrifuge(t);
  const chosen = async (protocols, codec) => {
    const peer = await Peer.connected(t, server, { codec, query: "", protocols });
    assert.ok(peer.frames.every((binary) => binary === (codec === protobufCodec)), "text or binary as the codec says");
    return peer.socket.protocol;
  };
  assert.equal(await chosen(["centrifuge-protobuf"], protobufCodec), "centrifuge-protobuf");
  assert.equal(await chosen(["foo", "centrifuge-json"], jsonCodec), "centrifuge-json");
  assert.equal(await chosen(["centrifuge-json", "centrifuge-protobuf"], jsonCodec), "centrifuge-json");
  // npm's ws refuses an answer without the header, so this offer is made by hand.
  const raw = await server.rawPeer({ upgraded: false });
  raw.write(`GET ${endpoint} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`,
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: foo\r\n\r\n");
  assert.equal(await raw.status(), 101);
  assert.doesNotMatch(raw.bytes.toString("latin1").split("\r\n\r\n")[0], /sec-websocket-protocol/i);
});

test("centrifuge: check 3: the query chooses protobuf too", { timeout }, async (t) => {
  const server = await startCentrifuge(t);
  for (const query of ["?format=protobuf", "?cf_protocol=protobuf", "?cf_protocol_version=v2&format=protobuf"]) {
    const peer = await Peer.open(t, server, { codec: protobufCodec, query });
    peer.send(bytes("04 08012200"));
    assert.ok((await peer.take("the reply", () => true)).connect.client);
    assert.deepEqual(peer.frames, [true]);
  }
});

checks("framing", { client: { ping_interval: "2s", pong_timeout: "1s" } }, [
  [4, "the reply to connect", async (context) => {
    const peer = await open(context);
    peer.sendCommands(connect);
    const { id, connect: { client, version, ...rest } } = await peer.take("the reply", () => true);
    assert.equal(id, 1001);
    assert.match(client, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.ok(version);
    assert.deepEqual(rest, { ping: 2, pong: true });
  }],
  [5, "connect and subscribe in one frame", async (context) => {
    const peer = await open(context);
    const channel = fresh("pub");
    peer.sendCommands(connect, { id: 1002, subscribe: { channel, flag: 1 } }, { id: 1003, publish: { channel, data: 5 } });
    const order = [];
    for (let count = 0; count < 4; count++) order.push(await peer.take("a message", () => true));
    assert.equal(order[0].id, 1001);
    assert.equal(order[1].id, 1002);
    assert.equal(order.find((message) => message.push).push.pub.data, 5, "the subscription is active");
  }],
  [5, "200 commands in one frame are answered in order", async (context) => {
    const peer = await open(context);
    const many = Array.from({ length: 200 }, (_, index) => ({ id: 2000 + index, unsubscribe: { channel: "pub:a" } }));
    peer.sendCommands(connect, ...many);
    for (const { id } of [connect, ...many]) assert.equal((await peer.take("a reply", () => true)).id, id);
  }],
  [6, "a newline at the end of a frame", async (context) => {
    if (context.codec !== jsonCodec) return;
    const peer = await open(context);
    peer.send('{"id":1001,"connect":{}}\n{"id":1002,"subscribe":{"channel":"pub:a"}}\n');
    assert.ok((await peer.take("the reply", ({ id }) => id === 1002)).subscribe);
  }],
  [9, "a frame of 65536 bytes is taken, one more byte is too large", async (context) => {
    const peer = await connected(context);
    const channel = fresh("hist");
    const sized = (size) => {
      const frame = (length) => context.codec.encode([{ id: 3000, publish: { channel, data: "x".repeat(length) } }]);
      return frame(size - (frame(60_000).length - 60_000));
    };
    assert.equal(sized(65_536).length, 65_536);
    peer.send(sized(65_536));
    assert.ok((await peer.take("the reply", ({ id }) => id === 3000)).publish);
    peer.send(sized(65_537));
    await peer.closesWith(1009);
  }],
  [31, "who answers pings stays", async (context) => {
    const peer = await connected(context);
    await eventually("four pings", () => peer.pings >= 4, 15_000);
    await peer.settle();
  }],
  [31, "who does not is closed with 3012", async (context) => {
    const peer = await connected(context, { answerPings: false });
    const { socket } = peer;
    await peer.closesWith(3012, 6_000);
    assert.equal(peer.pings, 1);
    assert.notEqual(socket.readyState, socket.OPEN);
  }],
  [31, "a second pong for one ping is one too many", async (context) => {
    const peer = await connected(context);
    await eventually("a ping, answered", () => peer.pings === 1);
    peer.send(context.codec.pong);
    await peer.closesWith(3501);
  }],
  [32, "pings by frames of WebSocket", async (context) => {
    const query = context.codec === jsonCodec ? "?cf_ws_frame_ping_pong=true" : "?format=protobuf&cf_ws_frame_ping_pong=true";
    const peer = await open(context, { query });
    const pinged = new Promise((resolve) => peer.socket.once("ping", resolve));
    const { connect: { client, version, ...rest } } = await peer.call({ connect: {} });
    assert.ok(client && version);
    assert.deepEqual(rest, {});
    await within(30_000, "a ping frame", pinged);
    assert.equal(peer.pings, 0);
  }],
]);

checks("who says nothing", { client: { stale_close_delay: "500ms" } }, [
  [12, "no connect in time is closed with 3502", async (context) => {
    await (await open(context)).closesWith(3502, 5_000);
  }],
]);

checks("anonymous clients are not allowed", { client: { allow_anonymous_connect_without_token: false } }, [
  [13, "no token is closed with 3501", async (context) => {
    const peer = await open(context);
    peer.sendCommands(connect);
    await peer.closesWith(3501);
  }],
]);

// --- subscribe, publish, unsubscribe ---

checks("subscribe and publish", {}, [
  [21, "a plain subscription has an empty result, a second one is error 105", async (context) => {
    const peer = await connected(context);
    const channel = fresh("pub");
    assert.deepEqual(await peer.subscribe(channel, { flag: 1 }), {});
    assert.equal(await peer.errorCode({ subscribe: { channel } }), 105);
  }],
  [22, "what cannot be subscribed to", async (context) => {
    const peer = await connected(context);
    const code = (channel) => peer.errorCode({ subscribe: { channel } });
    assert.equal(await code("nons:a"), 102);
    assert.equal(await code("priv:a"), 103);
    assert.equal(await code("$pub:a"), 103);
    assert.equal(await code(`pub:${"x".repeat(252)}`), 107);
    assert.deepEqual(await peer.subscribe(`pub:${"x".repeat(251)}`), {});
    assert.equal(await code("pub:é"), 107);
    assert.equal(await peer.errorCode({ subscribe: { channel: "pub:typed", type: 1 } }), 108);
    assert.equal(await peer.errorCode({ subscribe: { channel: "tags:a", tf: { op: "and" } } }), 107);
    assert.equal(await peer.errorCode({ subscribe: { channel: "pub:a", tf: { key: "k", cmp: "eq", val: "v" } } }), 107);
  }],
  [22, "an unknown namespace is error 102 in every command", async (context) => {
    const peer = await connected(context);
    const channel = "nons:a";
    assert.equal(await peer.errorCode({ publish: { channel, data: 1 } }), 102);
    for (const command of ["presence", "presence_stats", "history"]) {
      assert.equal(await peer.errorCode({ [command]: { channel } }), 102, command);
    }
  }],
  [23, "the 129th channel is error 106", async (context) => {
    const peer = await connected(context);
    for (let index = 0; index < 128; index++) assert.deepEqual(await peer.subscribe(`pub:limit-${index}`), {});
    assert.equal(await peer.errorCode({ subscribe: { channel: "pub:limit-128" } }), 106);
    await peer.result({ unsubscribe: { channel: "pub:limit-0" } });
    assert.deepEqual(await peer.subscribe("pub:limit-128"), {}, "an unsubscribe makes room");
  }],
  [24, "channels of certain users are closed to others", async (context) => {
    const peer = await connected(context);
    for (const channel of ["user:x#42", "user:x#41,42", "user:x"]) {
      assert.equal(await peer.errorCode({ subscribe: { channel } }), 103, channel);
    }
  }],
  [26, "who is subscribed publishes, and hears itself", async (context) => {
    const peer = await connected(context);
    const channel = fresh("pub");
    assert.equal(await peer.errorCode({ publish: { channel, data: { a: 1 } } }), 103);
    await peer.subscribe(channel);
    assert.deepEqual(await peer.publish(channel, { a: 1 }), {});
    assert.deepEqual(await peer.push("pub", channel), { data: { a: 1 }, info: { user: "", client: peer.id } });
    assert.equal(await peer.errorCode({ publish: { channel } }), 107);
  }],
  [26, "others hear it, in the order of publishing", async (context) => {
    const [publisher, subscriber] = [await connected(context), await connected(context)];
    const channel = fresh("pub");
    await publisher.subscribe(channel);
    await subscriber.subscribe(channel);
    for (let number = 0; number < 100; number++) publisher.sendCommands({ id: 5000 + number, publish: { channel, data: number } });
    const heard = await pushes(subscriber, "pub", channel, 100);
    assert.deepEqual(heard.map(({ data }) => data), Array.from({ length: 100 }, (_, number) => number));
  }],
  [27, "nothing takes a message or a call", async (context) => {
    const peer = await connected(context);
    assert.equal(await peer.errorCode({ rpc: { method: "m", data: 1 } }), 108);
    peer.sendCommands({ send: { data: 1 } });
    await peer.closesWith(3508);
  }],
  [28, "an unsubscribe ends the delivery; a second one does no harm", async (context) => {
    const [peer, other] = [await connected(context), await connected(context)];
    const channel = fresh("pub");
    await peer.subscribe(channel);
    await other.subscribe(channel);
    await other.publish(channel, 1);
    assert.equal((await peer.push("pub", channel)).data, 1);
    assert.deepEqual(await peer.result({ unsubscribe: { channel } }), {});
    assert.deepEqual(await peer.result({ unsubscribe: { channel } }), {});
    await other.publish(channel, 2);
    await peer.subscribe(channel);
    await other.publish(channel, 3);
    assert.equal((await peer.push("pub", channel)).data, 3, "what was published in between is not delivered");
  }],
]);

test("centrifuge: check 29: a newline in a payload is not sent to JSON", { timeout }, async (t) => {
  const server = await startCentrifuge(t);
  const [publisher, subscriber] = [await Peer.connected(t, server, { codec: protobufCodec }), await Peer.connected(t, server)];
  await publisher.subscribe("pub:a");
  await subscriber.subscribe("pub:a");
  await publisher.publish("pub:a", Buffer.from('{"a":\n1}'));
  assert.deepEqual((await subscriber.push("pub", "pub:a")).data, { a: 1 });
});

test("centrifuge: check 30: bytes that are no JSON reach protobuf, and close JSON with 3506", { timeout }, async (t) => {
  const server = await startCentrifuge(t);
  const [publisher, text] = [await Peer.connected(t, server, { codec: protobufCodec }), await Peer.connected(t, server)];
  await publisher.subscribe("pub:a");
  await text.subscribe("pub:a");
  await publisher.publish("pub:a", Buffer.from([0xff, 0xfe]));
  assert.deepEqual((await publisher.push("pub", "pub:a")).data, Buffer.from([0xff, 0xfe]));
  await text.closesWith(3506);
});

// --- the end ---

for (const codec of codecs) {
  test(`centrifuge ${codec.name}: check 51: who does not read is closed with 3008, others are not harmed`, { timeout }, async (t) => {
    const server = await startCentrifuge(t, { outbox: { socket_send_buffer: "16KiB" } });
    const [slow, fast] = [await Peer.connected(t, server, { codec }), await Peer.connected(t, server, { codec })];
    const channel = "hist:slow";
    await slow.subscribe(channel);
    await fast.subscribe(channel);
    slow.socket.pause();
    const data = "x".repeat(50_000);
    let published = 0;
    await eventually("the slow one is gone", async () => {
      for (let count = 0; count < 10; count++) await fast.publish(channel, data);
      published += 10;
      return (await server.totals()).connections === 1;
    }, 30_000);
    for (let offset = 1; offset <= published; offset++) assert.equal((await fast.push("pub", channel)).offset, offset);
    slow.socket.resume();
    const { code } = await slow.closed();
    assert.ok(code === 3008 || code === 1006, `${code}`); // 1006 where the close frame was behind what did not fit
  });

  test(`centrifuge ${codec.name}: check 52: a graceful stop closes with 3001`, { timeout }, async (t) => {
    const server = await startCentrifuge(t);
    const peer = await Peer.connected(t, server, { codec });
    server.signal("SIGTERM");
    await peer.closesWith(3001);
    assert.deepEqual(await server.exit(), { code: 0, signal: null });
  });
}

// --- frames as the SDKs write them ---

test("centrifuge protobuf: frames written by the JavaScript client are answered byte for byte", { timeout }, async (t) => {
  const withoutNamespace = { allow_subscribe_for_client: true, allow_subscribe_for_anonymous: true,
    allow_publish_for_client: true, allow_publish_for_anonymous: true };
  const server = await startCentrifuge(t, { withoutNamespace });
  const peer = await Peer.open(t, server, { codec: { ...protobufCodec, decode: (frame) => [{ frame }] } });
  const answer = async (command) => {
    peer.send(bytes(command));
    return (await peer.take("a frame", () => true)).frame.toString("hex");
  };
  assert.match(await answer("04 08012200"), /^..08012a..0a24/); // connect: a result with a client of 36 bytes
  assert.equal(await answer("13 08033a0f0a046e65777312077b2261223a317d"), "0408034200"); // publish
  assert.equal(await answer("0c 08022a080a046e6577737001"), "0408023200"); // subscribe
  assert.equal(await answer("0a 080832060a046e657773"), "0408083a00"); // unsubscribe
  const error = (id) => new RegExp(`^..08${id}12..086c12`); // 108
  assert.match(await answer("0a 080442060a046e657773"), error("04")); // presence
  assert.match(await answer("0a 08054a060a046e657773"), error("05")); // presence_stats
  assert.match(await answer("21 0806521d0a046e65777338ffffffffffffffffff01420808051204616263644801"), error("06")); // history
  assert.match(await answer("0a 08076a060a017812016d"), error("07")); // rpc
  peer.send(bytes("05 62030a0179")); // send
  await peer.closesWith(3508);
});
