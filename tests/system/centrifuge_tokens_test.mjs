// Tokens from outside: the checks of the protocol about who a client is, in both codecs and with the real client.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import test from "node:test";
import { checks, fresh, open } from "./support/centrifuge_checks.mjs";
import { builds, connectSdk, next, subscribeSdk } from "./support/centrifuge_sdk.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { hmacToken, known, now, signedToken, unsignedToken } from "./support/tokens.mjs";
import { within } from "./support/time.mjs";

const timeout = 60_000;
const keys = { token: { hmac_secret_key: "secret" } };
const quick = { ...keys, client: { allow_anonymous_connect_without_token: false, expired_close_delay: "1s", expired_sub_close_delay: "1s" } };

/** A peer that has connected with that token. */
async function connectedWith(context, token) {
  const peer = await open(context);
  peer.told = await peer.result({ connect: { token } });
  return peer;
}

/** Sends a command that has no reply and must close the connection. */
async function closes(context, code, token, command) {
  const peer = token ? await connectedWith(context, token) : await open(context);
  peer.sendCommands({ id: 77, ...command });
  await peer.closesWith(code);
}

const user42 = (more) => hmacToken({ sub: "42", ...more });

checks("connection tokens", quick, [
  [4, "a token without an end connects for good", async (context) => {
    const { told } = await connectedWith(context, known.user42);
    assert.ok(told.client);
    assert.equal(told.expires, undefined);
  }],
  [13, "no token is closed with 3501", (context) => closes(context, 3501, null, { connect: {} })],
  [13, "rubbish is closed with 3500", (context) => closes(context, 3500, null, { connect: { token: "rubbish" } })],
  [13, "another secret is closed with 3500", (context) => closes(context, 3500, null, { connect: { token: hmacToken({ sub: "42" }, "other") } })],
  [13, "no algorithm is closed with 3500", (context) => closes(context, 3500, null, { connect: { token: unsignedToken({ sub: "42" }) } })],
  [14, "an expired token is error 109", async (context) => {
    const peer = await open(context);
    assert.equal(await peer.errorCode({ connect: { token: known.expired } }), 109);
  }],
  [15, "a subscription token does not connect", (context) => closes(context, 3500, null, { connect: { token: known.room1 } })],
  [16, "a connection that is not refreshed ends with 3005", async (context) => {
    const peer = await connectedWith(context, user42({ exp: now() + 4 }));
    assert.equal(peer.told.expires, true);
    assert.ok(peer.told.ttl >= 1 && peer.told.ttl <= 4, `ttl ${peer.told.ttl}`);
    await peer.closesWith(3005, 20_000);
  }],
  [17, "a refreshed connection outlives its first token", async (context) => {
    const peer = await connectedWith(context, user42({ exp: now() + 4 }));
    const other = await connectedWith(context, user42({ exp: now() + 4 })); // whose end shows that the time is over
    const { expires, ttl } = await peer.result({ refresh: { token: user42({ exp: now() + 60 }) } });
    assert.equal(expires, true);
    assert.ok(ttl >= 58 && ttl <= 60, `ttl ${ttl}`);
    await other.closesWith(3005, 20_000);
    await peer.settle();
  }],
  [18, "a refresh with an expired token closes with 3005", (context) => closes(context, 3005, known.user42, { refresh: { token: known.expired } })],
  [18, "a refresh as another user closes with 3500", (context) => closes(context, 3500, known.user42, { refresh: { token: hmacToken({ sub: "43" }) } })],
  [18, "a refresh without a token closes with 3501", (context) => closes(context, 3501, known.user42, { refresh: {} })],
  [19, "expire_at 0 connects for good", async (context) => {
    const { told } = await connectedWith(context, user42({ exp: now() + 4, expire_at: 0 }));
    assert.equal(told.expires, undefined);
  }],
  [20, "channels of a token are subscribed with the connection", async (context) => {
    const channel = fresh("pub");
    const peer = await connectedWith(context, user42({ channels: [channel] }));
    assert.ok(peer.told.subs[channel]);
    await peer.publish(channel, { a: 1 });
    const { info } = await peer.push("pub", channel);
    assert.equal(info.user, "42");
  }],
]);

checks("subscription tokens", quick, [
  [25, "one opens its channel", async (context) => {
    const peer = await connectedWith(context, known.user42);
    const channel = fresh("priv");
    assert.equal(await peer.errorCode({ subscribe: { channel } }), 103);
    assert.deepEqual(await peer.subscribe(channel, { token: user42({ channel }) }), {});
  }],
  [25, "one of another channel, or of another user, closes with 3500", async (context) => {
    const channel = fresh("priv");
    for (const claims of [{ sub: "42", channel: "priv:other" }, { sub: "43", channel }]) {
      await closes(context, 3500, known.user42, { subscribe: { channel, token: hmacToken(claims) } });
    }
  }],
  [25, "one that is not ours is error 103, an expired one 109", async (context) => {
    const peer = await connectedWith(context, known.user42);
    const channel = fresh("priv");
    const error = (token) => peer.errorCode({ subscribe: { channel, token } });
    assert.equal(await error(hmacToken({ sub: "42", channel }, "other")), 103);
    assert.equal(await error(user42({ channel, exp: now() - 1 })), 109);
  }],
  [25, "a subscription that is not refreshed ends with 2501", async (context) => {
    const peer = await connectedWith(context, known.user42);
    const channel = fresh("priv");
    const told = await peer.subscribe(channel, { token: user42({ channel, exp: now() + 4 }) });
    assert.equal(told.expires, true);
    assert.deepEqual(await peer.push("unsubscribe", channel, 20_000), { code: 2501, reason: "subscription expired" });
  }],
]);

checks("public keys", { token: {} }, [
  [13, "without a key no token is valid", (context) => closes(context, 3500, null, { connect: { token: known.user42 } })],
]);

test("centrifuge: tokens of public keys are accepted, of several keys each", { timeout }, async (t) => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const curve = { namedCurve: "P-256" };
  const [former, latter] = [generateKeyPairSync("ec", curve), generateKeyPairSync("ec", curve)];
  const pem = ({ publicKey }) => publicKey.export({ type: "spki", format: "pem" });
  const server = await startCentrifuge(t, {
    token: { rsa_public_key: pem(rsa), ecdsa_public_key: pem(former) + pem(latter) },
  });
  for (const build of builds) {
    for (const [alg, pair] of [["RS256", rsa], ["ES256", former], ["ES256", latter], ["ES256", latter]]) {
      await connectSdk(t, build, server.port, { token: signedToken({ sub: "42" }, alg, pair.privateKey) });
    }
  }
  const totals = await server.totals();
  assert.equal(totals.tokens_accepted, 8);
  assert.equal(totals.tokens_refused, 0);
});

for (const build of builds) {
  test(`centrifuge ${build.name}: the client renews tokens by itself`, { timeout }, async (t) => {
    const server = await startCentrifuge(t, quick);
    // An expired one first, as after a long sleep.
    const given = [known.expired];
    const getToken = async () => given.shift() ?? user42({ exp: now() + 4 });
    const client = await connectSdk(t, build, server.port, { getToken });
    assert.equal(given.length, 0);

    const channel = fresh("priv");
    let subscriptionTokens = 0;
    const subscription = await subscribeSdk(client, channel, {
      getToken: async () => {
        subscriptionTokens += 1;
        return user42({ channel, exp: now() + 4 });
      },
    });
    // A second connection that does not refresh ends: by then the first one has lived on two tokens.
    const idle = await open({ t, server });
    await idle.result({ connect: { token: user42({ exp: now() + 6 }) } });
    await idle.closesWith(3005, 20_000);
    assert.equal(client.state, "connected");
    assert.equal(subscription.state, "subscribed");
    assert.ok(subscriptionTokens >= 2, `${subscriptionTokens} subscription tokens`);
    assert.equal((await server.totals()).opened, 3, "nobody had to connect again but after the expired token");
  });

  test(`centrifuge ${build.name}: the client gives up on a token that is not valid`, { timeout }, async (t) => {
    const server = await startCentrifuge(t, quick);
    const client = new build.Client(`ws://127.0.0.1:${server.port}/connection/websocket`,
      { websocket: (await import("ws")).default, token: "rubbish" });
    t.after(() => client.disconnect());
    const ended = next(client, "disconnected");
    client.connect();
    assert.equal((await ended).code, 3500);
  });
}

test("centrifuge: subscription tokens can have keys of their own", { timeout }, async (t) => {
  const server = await startCentrifuge(t, { ...keys, subscriptionToken: { enabled: true, hmac_secret_key: "other" } });
  const client = await connectSdk(t, builds[0], server.port, { token: known.user42 });
  const channel = fresh("priv");
  await subscribeSdk(client, channel, { token: hmacToken({ sub: "42", channel }, "other") });
  const refused = client.newSubscription(fresh("priv"), { token: user42({ channel: "priv:x" }) });
  const ended = next(refused, "unsubscribed");
  refused.subscribe();
  assert.equal((await ended).code, 103);
  assert.ok(await within(10_000, "totals", server.totals()));
});
