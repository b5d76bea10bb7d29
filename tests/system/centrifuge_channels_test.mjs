// History, recovery, presence and deltas of the Centrifuge protocol, check by check, in both codecs. The numbers
// are those of the list of checks this server is built against.
import assert from "node:assert/strict";
import { checks, connected, fresh, pushes } from "./support/centrifuge_checks.mjs";
import { jsonCodec } from "./support/centrifuge_codec.mjs";

// --- history and recovery ---

/** Publishes `count` numbers from `first` on to a fresh channel with history: its name and epoch. */
async function filled(peer, namespace, count, first = 1) {
  const channel = fresh(namespace);
  for (let number = first; number < first + count; number++) await peer.publish(channel, number);
  const { epoch, offset } = await peer.subscribe(channel);
  assert.equal(offset, count);
  await peer.result({ unsubscribe: { channel } });
  return { channel, epoch };
}

const numbers = (publications = []) => publications.map(({ data, offset }) => [data, offset]);
const from = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => [first + index, first + index]);

checks("history and recovery", {}, [
  [33, "a subscription tells the position", async (context) => {
    const peer = await connected(context);
    const { channel, epoch } = await filled(peer, "hist", 3);
    assert.ok(epoch);
    assert.deepEqual(await peer.subscribe(channel), { recoverable: true, positioned: true, epoch, offset: 3 });
    await peer.publish(channel, 4);
    assert.equal((await peer.push("pub", channel)).offset, 4);
  }],
  [34, "what was missed comes with the reply", async (context) => {
    const peer = await connected(context);
    const { channel, epoch } = await filled(peer, "hist", 3);
    const { publications, ...missed } = await peer.subscribe(channel, { recover: true, offset: 1, epoch });
    const flags = { recoverable: true, positioned: true, recovered: true, was_recovering: true, epoch };
    assert.deepEqual(missed, { ...flags, offset: 1 });
    assert.deepEqual(numbers(publications), from(2, 3));
    await peer.result({ unsubscribe: { channel } });
    assert.deepEqual(await peer.subscribe(channel, { recover: true, offset: 3, epoch }), { ...flags, offset: 3 });
  }],
  [34, "a client without position recovers all there is", async (context) => {
    const peer = await connected(context);
    const { channel } = await filled(peer, "hist", 3);
    const { recovered, publications } = await peer.subscribe(channel, { recover: true });
    assert.ok(recovered);
    assert.deepEqual(numbers(publications), from(1, 3));
  }],
  [35, "another epoch, or a position ahead, is not recovered", async (context) => {
    const peer = await connected(context);
    const { channel, epoch } = await filled(peer, "hist", 3);
    const state = { recoverable: true, positioned: true, was_recovering: true, epoch, offset: 3 };
    assert.deepEqual(await peer.subscribe(channel, { recover: true, offset: 1, epoch: "other" }), state);
    await peer.result({ unsubscribe: { channel } });
    assert.deepEqual(await peer.subscribe(channel, { recover: true, offset: 4, epoch }), state);
    await peer.result({ unsubscribe: { channel } });
    const strict = { channel, recover: true, offset: 1, epoch: "other", flag: 2 };
    assert.equal(await peer.errorCode({ subscribe: strict }), 112);
    assert.equal((await peer.subscribe(channel)).offset, 3, "the refused one left nothing behind");
  }],
  [36, "what history has dropped is not recovered", async (context) => {
    const peer = await connected(context);
    const { channel, epoch } = await filled(peer, "hist", 15);
    const { recovered, publications, offset } = await peer.subscribe(channel, { recover: true, offset: 1, epoch });
    assert.deepEqual([recovered, publications, offset], [undefined, undefined, 15]);
    await peer.result({ unsubscribe: { channel } });
    const whole = await peer.subscribe(channel, { recover: true, offset: 5, epoch });
    assert.ok(whole.recovered);
    assert.deepEqual(numbers(whole.publications), from(6, 15));
  }],
  [36, "more than 300 missed publications are not recovered", async (context) => {
    const peer = await connected(context);
    const { channel, epoch } = await filled(peer, "long", 301);
    assert.equal((await peer.subscribe(channel, { recover: true, offset: 0, epoch })).recovered, undefined);
    await peer.result({ unsubscribe: { channel } });
    const whole = await peer.subscribe(channel, { recover: true, offset: 1, epoch });
    assert.deepEqual(numbers(whole.publications), from(2, 301));
  }],
  [37, "reading history", async (context) => {
    const peer = await connected(context);
    const { channel, epoch } = await filled(peer, "hist", 5);
    assert.equal(await peer.errorCode({ history: { channel } }), 103, "not subscribed");
    await peer.subscribe(channel);
    const read = async (options) => {
      const { publications, ...top } = await peer.result({ history: { channel, ...options } });
      assert.deepEqual(top, { epoch, offset: 5 });
      return numbers(publications).map(([number]) => number);
    };
    assert.deepEqual(await read({}), []);
    assert.deepEqual(await read({ limit: 2 }), [1, 2]);
    assert.deepEqual(await read({ limit: -1 }), [1, 2, 3, 4, 5]);
    assert.deepEqual(await read({ limit: 2, reverse: true }), [5, 4]);
    assert.deepEqual(await read({ limit: 2, since: { offset: 2, epoch } }), [3, 4]);
    assert.deepEqual(await read({ limit: 2, since: { offset: 4, epoch }, reverse: true }), [3, 2]);
    assert.equal(await peer.errorCode({ history: { channel, limit: 1, since: { offset: 1, epoch: "other" } } }), 112);
    assert.equal(await peer.errorCode({ history: { channel, limit: 1, since: { epoch }, reverse: true } }), 107);
    assert.equal(await peer.errorCode({ history: { channel: "pub:a" } }), 108);
  }],
  [38, "a cache keeps the latest", async (context) => {
    const peer = await connected(context);
    const channel = fresh("cache");
    await peer.publish(channel, "v1");
    const first = await peer.subscribe(channel, { recover: true });
    assert.ok(first.recovered && first.was_recovering);
    assert.deepEqual(numbers(first.publications), [["v1", 1]]);
    await peer.result({ unsubscribe: { channel } });
    const { epoch } = first;
    const current = await peer.subscribe(channel, { recover: true, offset: 1, epoch });
    assert.deepEqual([current.recovered, current.publications], [true, undefined]);
    await peer.result({ unsubscribe: { channel } });
    for (const value of ["v2", "v3"]) await peer.publish(channel, value);
    assert.deepEqual(numbers((await peer.subscribe(channel, { recover: true, offset: 1, epoch })).publications), [["v3", 3]]);
  }],
]);

// --- presence, join and leave ---

checks("presence", {}, [
  [41, "join and leave are told, presence lists who is there", async (context) => {
    const [a, b] = [await connected(context), await connected(context)];
    const channel = fresh("pres");
    const info = (peer) => ({ user: "", client: peer.id });
    await a.subscribe(channel);
    assert.deepEqual(await a.push("join", channel), { info: info(a) });
    await b.subscribe(channel);
    assert.deepEqual(await a.push("join", channel), { info: info(b) });
    assert.deepEqual(await b.push("join", channel), { info: info(b) });
    const { presence } = await a.result({ presence: { channel } });
    assert.deepEqual(presence, { [a.id]: info(a), [b.id]: info(b) });
    assert.deepEqual(await a.result({ presence_stats: { channel } }), { num_clients: 2, num_users: 1 });
    await b.result({ unsubscribe: { channel } });
    assert.deepEqual(await a.push("leave", channel), { info: info(b) });
    assert.equal(await b.errorCode({ presence: { channel } }), 103);
    assert.deepEqual(await a.result({ presence_stats: { channel } }), { num_clients: 1, num_users: 1 });
    assert.deepEqual(b.messages, [], "nobody hears its own leave");
  }],
  [41, "presence of a namespace without it is error 108", async (context) => {
    const peer = await connected(context);
    assert.equal(await peer.errorCode({ presence: { channel: "pub:a" } }), 108);
    assert.equal(await peer.errorCode({ presence_stats: { channel: "pub:a" } }), 108);
  }],
  [41, "join and leave reach only those that ask, where they are not forced", async (context) => {
    const [asks, silent, third] = [await connected(context), await connected(context), await connected(context)];
    const channel = fresh("quiet");
    await asks.subscribe(channel, { join_leave: true });
    assert.equal((await asks.push("join", channel)).info.client, asks.id);
    await silent.subscribe(channel);
    await third.subscribe(channel);
    for (const peer of [silent, third]) assert.equal((await asks.push("join", channel)).info.client, peer.id);
    third.terminate();
    assert.equal((await asks.push("leave", channel)).info.client, third.id);
    await silent.settle();
    assert.deepEqual(silent.messages, []);
  }],
  [42, "who is cut leaves once", async (context) => {
    const [a, b] = [await connected(context), await connected(context)];
    const channel = fresh("pres");
    await a.subscribe(channel);
    await b.subscribe(channel);
    await pushes(a, "join", channel, 2);
    b.socket._socket.resetAndDestroy();
    assert.equal((await a.push("leave", channel)).info.client, b.id);
    assert.deepEqual(Object.keys((await a.result({ presence: { channel } })).presence), [a.id]);
    await a.settle();
    assert.deepEqual(a.messages, []);
  }],
]);

// --- delta ---

checks("delta", {}, [
  [43, "the first publication is full, the next a delta; others see plain data", async (context) => {
    const [peer, plain] = [await connected(context), await connected(context)];
    const channel = fresh("delta");
    const { delta } = await peer.subscribe(channel, { delta: "fossil" });
    assert.equal(delta, true);
    assert.equal((await plain.subscribe(channel)).delta, undefined);
    const document = (price) => ({ price, name: "a fairly long unchanged part of the document" });
    for (const price of [100, 101]) await peer.publish(channel, document(price));
    const [first, second] = await pushes(peer, "pub", channel, 2);
    assert.equal(first.delta, undefined);
    assert.deepEqual(context.codec === jsonCodec ? JSON.parse(first.data) : first.data, document(100));
    assert.equal(second.delta, true);
    assert.match(String(second.data), /^13\n.*;$/s, "a fossil delta of the 67 bytes");
    for (const price of [100, 101]) {
      const { data, delta: flag } = await plain.push("pub", channel);
      assert.deepEqual([data, flag], [document(price), undefined]);
    }
  }],
  [43, "it is not granted where it is not allowed", async (context) => {
    const peer = await connected(context);
    assert.equal((await peer.subscribe(fresh("hist"), { delta: "fossil" })).delta, undefined);
  }],
  [43, "after a recovery of nothing the next publication is full", async (context) => {
    const peer = await connected(context);
    const channel = fresh("delta");
    await peer.publish(channel, "the same text, long enough to make a delta, 1");
    const { epoch, offset } = await peer.subscribe(channel, { delta: "fossil" });
    await peer.result({ unsubscribe: { channel } });
    const { recovered, publications } = await peer.subscribe(channel, { delta: "fossil", recover: true, offset, epoch });
    assert.deepEqual([recovered, publications], [true, undefined]);
    await peer.publish(channel, "the same text, long enough to make a delta, 2");
    assert.equal((await peer.push("pub", channel)).delta, undefined);
  }],
]);
