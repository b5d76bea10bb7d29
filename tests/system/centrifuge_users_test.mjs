// Users who prove by a token who they are: what they may, how many connections they have, what they are told.
import assert from "node:assert/strict";
import test from "node:test";
import { Api } from "./support/api.mjs";
import { checks, fresh, open } from "./support/centrifuge_checks.mjs";
import { builds, collect, connectSdk, next } from "./support/centrifuge_sdk.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { hmacToken, known } from "./support/tokens.mjs";
import { eventually } from "./support/time.mjs";

const timeout = 60_000;
const keys = { token: { hmac_secret_key: "secret" } };
const token = (user, more) => hmacToken({ sub: user, ...more });

/** A peer that has connected as that user. */
async function comes(context, user, more) {
  const peer = await open(context);
  peer.told = await peer.result({ connect: { token: token(user, more) } });
  return peer;
}

/** One who asks to connect as that user and must not. */
async function isRefused(context, user, code) {
  const peer = await open(context);
  peer.sendCommands({ id: 1, connect: { token: token(user) } });
  await peer.closesWith(code);
}

checks("what a user may", keys, [
  [24, "channels of certain users are open to those", async (context) => {
    const peer = await comes(context, "42");
    for (const channel of ["user:x#42", "user:x#41,42", "user:x#42,41"]) assert.deepEqual(await peer.subscribe(channel), {}, channel);
    for (const channel of ["user:x#43", "user:x#4", "user:x#420", "user:x"]) {
      assert.equal(await peer.errorCode({ subscribe: { channel } }), 103, channel);
    }
  }],
  [26, "a publication names the user that published it", async (context) => {
    const peer = await comes(context, "42", { info: { name: "Ann" } });
    const channel = fresh("pub");
    await peer.subscribe(channel);
    await peer.publish(channel, { a: 1 });
    const { data, info, ...rest } = await peer.push("pub", channel);
    assert.deepEqual(data, { a: 1 });
    assert.deepEqual(info, { user: "42", client: peer.told.client, conn_info: { name: "Ann" } });
    assert.deepEqual(rest, {}, "no offset");
  }],
  [41, "presence counts a user once, whatever tabs there are", async (context) => {
    const channel = fresh("pres");
    const all = [await comes(context, "42"), await comes(context, "42"), await comes(context, "43")];
    for (const peer of all) await peer.subscribe(channel);
    assert.deepEqual(await all[0].result({ presence_stats: { channel } }), { num_clients: 3, num_users: 2 });
  }],
]);

checks("a limit on connections of a user", { ...keys, client: { user_connection_limit: 2 } }, [
  [0, "as many as allowed connect, one more is closed with 3504", async (context) => {
    const user = fresh("user");
    const [first, second] = [await comes(context, user), await comes(context, user)];
    await isRefused(context, user, 3504);
    await first.settle();
    await second.settle();
  }],
  [0, "one that ends makes room, however it ends", async (context) => {
    const user = fresh("user");
    const [first, second] = [await comes(context, user), await comes(context, user)];
    await isRefused(context, user, 3504);
    await first.close();
    const third = await eventuallyComes(context, user);
    second.terminate();
    await eventuallyComes(context, user);
    await third.settle();
    await isRefused(context, user, 3504);
  }],
  [0, "other users, and those who are nobody, have their own", async (context) => {
    const user = fresh("user");
    for (let count = 0; count < 2; count++) await comes(context, user);
    for (let count = 0; count < 3; count++) await comes(context, "");
    await (await comes(context, fresh("user"))).settle();
  }],
]);

/** One who connects once the server has noticed that another has gone. */
async function eventuallyComes(context, user) {
  let peer;
  await eventually("there is room", async () => {
    peer = await open(context);
    peer.sendCommands({ id: 1, connect: { token: token(user) } });
    const answered = peer.take("the reply", ({ id }) => id === 1).then(() => true);
    return Promise.race([answered, peer.closed(20_000).then(() => false)]);
  }, 20_000);
  return peer;
}

checks("one connection for each user", { ...keys, client: { single_connection: true } }, [
  [0, "a new one closes the one before with 3504", async (context) => {
    const user = fresh("user");
    let latest = await comes(context, user);
    for (let count = 0; count < 3; count++) {
      const newer = await comes(context, user);
      await latest.closesWith(3504);
      await newer.settle();
      latest = newer;
    }
    await (await comes(context, fresh("user"))).settle();
    await latest.settle();
  }],
]);

const personal = {
  ...keys,
  client: { subscribe_to_user_personal_channel: true, user_personal_channel_namespace: "user" },
};

checks("personal channels", personal, [
  [20, "a user is subscribed to its own with the connection, nobody else is", async (context) => {
    const api = new Api(context.server.adminPort);
    const [ann, bob] = [await comes(context, "ann"), await comes(context, "bob")];
    assert.deepEqual(Object.keys(ann.told.subs), ["user:#ann"]);
    assert.deepEqual(Object.keys(bob.told.subs), ["user:#bob"]);
    assert.equal(await bob.errorCode({ subscribe: { channel: "user:#ann" } }), 103);
    await api.result("publish", { channel: "user:#ann", data: { for: "ann" } });
    assert.deepEqual(await ann.push("pub", "user:#ann"), { data: { for: "ann" } });
    await api.result("publish", { channel: "user:#bob", data: { for: "bob" } });
    assert.deepEqual((await bob.push("pub", "user:#bob")).data, { for: "bob" }, "and not what was ann's");
  }],
  [20, "who is nobody has none", async (context) => {
    assert.equal((await comes(context, "")).told.subs, undefined);
  }],
]);

for (const build of builds) {
  test(`centrifuge-js ${build.name}: check 20: what is published in a channel of its token reaches a client`, { timeout }, async (t) => {
    const server = await startCentrifuge(t, keys);
    const client = await connectSdk(t, build, server.port, { token: token("42", { channels: ["pub:s"] }) });
    const heard = collect(client, "publication");
    await new Api(server.adminPort).result("publish", { channel: "pub:s", data: { a: 1 } });
    await eventually("the publication", () => heard.length === 1);
    assert.equal(heard[0].channel, "pub:s");
    assert.deepEqual(build.unpack(heard[0].data), { a: 1 });
  });

  test(`centrifuge-js ${build.name}: check 14: with an expired token the client asks for another`, { timeout }, async (t) => {
    const server = await startCentrifuge(t, keys);
    let asked = 0;
    const client = await connectSdk(t, build, server.port, {
      token: known.expired,
      getToken: async () => { asked += 1; return known.user42; },
    });
    assert.equal(client.state, "connected");
    assert.equal(asked, 1);
  });

  test(`centrifuge-js ${build.name}: one connection for each user: the one before does not come back`, { timeout }, async (t) => {
    const server = await startCentrifuge(t, { ...keys, client: { single_connection: true } });
    const first = await connectSdk(t, build, server.port, { token: token("42") });
    const ended = next(first, "disconnected");
    const second = await connectSdk(t, build, server.port, { token: token("42") });
    assert.equal((await ended).code, 3504);
    assert.equal(second.state, "connected");
  });
}

checks("history and the server API", {}, [
  [33, "publications of the API have the offsets of one stream", async (context) => {
    const api = new Api(context.server.adminPort);
    const channel = fresh("hist");
    const told = [];
    for (let number = 1; number <= 3; number++) told.push(await api.result("publish", { channel, data: number }));
    assert.deepEqual(told.map(({ offset }) => offset), [1, 2, 3]);
    assert.equal(new Set(told.map(({ epoch }) => epoch)).size, 1);
    const peer = await open(context);
    await peer.result({ connect: {} });
    const { offset, epoch, recoverable, positioned, ...rest } = await peer.subscribe(channel);
    assert.deepEqual([offset, epoch, recoverable, positioned], [3, told[0].epoch, true, true]);
    assert.deepEqual(rest, {}, "neither publications nor was_recovering");
  }],
  [39, "what is removed is not recovered, a position at the top is", async (context) => {
    const api = new Api(context.server.adminPort);
    const channel = fresh("hist");
    let epoch;
    for (let number = 1; number <= 3; number++) ({ epoch } = await api.result("publish", { channel, data: number }));
    await api.result("history_remove", { channel });
    const recover = async (offset) => {
      const peer = await open(context);
      await peer.result({ connect: {} });
      return peer.subscribe(channel, { recover: true, offset, epoch });
    };
    const top = await recover(3);
    assert.deepEqual([top.recovered, top.was_recovering, top.offset], [true, true, 3]);
    const below = await recover(2);
    assert.deepEqual([below.recovered, below.was_recovering, below.offset], [undefined, true, 3]);
    assert.equal(below.publications, undefined);
  }],
]);
