// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// Feeds the frames of transcript.cpp to the real centrifuge client and compares what it makes of them.
// Usage: node client_test.mjs PATH-OF-TRANSCRIPT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { Centrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';

const lines = execFileSync(process.argv[2], { encoding: 'utf8', maxBuffer: 1 << 26 }).trim().split('\n')
  .map((line) => line.split(' '))
  .map(([encoding, step, frame, expected = '']) => ({
    encoding, step, frame: Buffer.from(frame, 'hex'), expected: Buffer.from(expected, 'hex').toString(),
  }));

// A socket whose other end is the test. `onSend` sees every frame of the client.
function scriptedSocket(onSend) {
  return class {
    constructor() {
      this.readyState = 0;
      setImmediate(() => {
        this.readyState = 1;
        this.onopen({});
      });
    }
    send(frame) { onSend(this, frame); }
    close() { this.readyState = 3; }
  };
}

function event(source, name) {
  return new Promise((resolve) => source.once(name, resolve));
}

const builds = {
  json: {
    Client: Centrifuge,
    deliver: (socket, frame) => socket.onmessage({ data: frame.toString() }),
    value: (data) => JSON.stringify(data),
    payload: (text) => JSON.parse(text),
  },
  protobuf: {
    Client: ProtobufCentrifuge,
    deliver: (socket, frame) => socket.onmessage({ data: Uint8Array.from(frame).buffer }),
    value: (data) => Buffer.from(data).toString(),
    payload: (text) => new TextEncoder().encode(text),
  },
};

for (const [encoding, { Client, deliver, value, payload }] of Object.entries(builds)) {
  test(`the ${encoding} client understands every reply and push`, { timeout: 20_000 }, async (t) => {
    const script = lines.filter((line) => line.encoding === encoding);
    const frames = (step) => script.filter((line) => line.step === step);
    let socket;
    let onSend = () => {};
    const client = new Client('ws://unused', {
      websocket: scriptedSocket((opened, frame) => {
        socket = opened;
        onSend(frame);
      }),
    });
    const subscription = client.newSubscription('doc', { delta: 'fossil', since: { offset: 0, epoch: 'e' } });
    t.after(() => client.disconnect());
    for (const source of [client, subscription])
      source.on('error', ({ error }) => assert.fail(`${error.code}: ${error.message}`));
    const received = [];
    subscription.on('publication', (context) => received.push(value(context.data)));

    const connected = event(client, 'connected');
    onSend = () => deliver(socket, frames('connect')[0].frame);
    client.connect();
    assert.equal((await connected).client, 'c1');

    const subscribed = event(subscription, 'subscribed');
    onSend = () => deliver(socket, frames('subscribe')[0].frame);
    subscription.subscribe();
    assert.deepEqual((await subscribed).streamPosition, { offset: 0, epoch: 'e' });

    for (const { frame } of frames('publication')) deliver(socket, frame);
    const expected = [...frames('expect'), ...frames('publication')].map((line) => line.expected);
    while (received.length < expected.length) await event(subscription, 'publication');
    assert.equal(expected.length, 400);
    assert.deepEqual(received, expected);

    for (const step of ['join', 'leave']) {
      const seen = event(subscription, step);
      deliver(socket, frames(step)[0].frame);
      const { info } = await seen;
      assert.equal(info.user, '42');
      assert.equal(info.client, 'c1');
      assert.equal(value(info.connInfo), '{"name":"Ann"}');
    }
    const message = event(client, 'message');
    deliver(socket, frames('message')[0].frame);
    assert.equal(value((await message).data), '[1]');

    const replies = frames('reply');
    onSend = () => deliver(socket, replies.shift().frame);
    const history = await subscription.history({ limit: 1 });
    assert.deepEqual([history.epoch, history.offset, history.publications.length], ['e', 3, 1]);
    assert.equal(value(history.publications[0].data), '{"n":3}');
    assert.equal((await subscription.presence()).clients.c1.user, '42');
    assert.deepEqual(await subscription.presenceStats(), { numClients: 2, numUsers: 1 });
    assert.equal(value((await client.rpc('m', payload('1'))).data), '2');
    await client.publish('doc', payload('1'));
    await assert.rejects(() => client.publish('doc', payload('1')), { code: 103, message: 'permission denied' });

    const unsubscribed = event(subscription, 'unsubscribed');
    deliver(socket, frames('unsubscribe')[0].frame);
    const { code, reason } = await unsubscribed;
    assert.deepEqual([code, reason], [2000, 'server unsubscribe']);
  });
}
