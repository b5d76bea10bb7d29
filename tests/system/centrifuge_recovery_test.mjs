// Recovery of the Centrifuge protocol while publications go on: offsets have no gap and come once.
import assert from "node:assert/strict";
import test from "node:test";
import { codecs } from "./support/centrifuge_codec.mjs";
import { Peer } from "./support/centrifuge_peer.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { eventually } from "./support/time.mjs";

/** A subscriber that notes its position, and fails on a gap, a repetition or a push before the reply. */
class Follower {
  offset = 0;
  recoveries = 0;
  wrong = [];
  #subscribed = false;

  constructor(channel) {
    this.channel = channel;
  }

  #publication({ data, offset }) {
    if (offset !== this.offset + 1 || data.number !== offset) this.wrong.push(`${data.number} at ${offset} after ${this.offset}`);
    this.offset = offset;
  }

  /** Subscribes on `peer` from the position so far. */
  async follow(peer) {
    this.peer = peer;
    this.#subscribed = false;
    this.told = undefined; // the server ended the subscription with this
    peer.onReply = (reply) => this.#reply(reply);
    peer.onPush = (push) => this.#push(push);
    const position = this.epoch ? { recover: true, offset: this.offset, epoch: this.epoch } : {};
    await peer.subscribe(this.channel, position);
  }

  // Called as the messages come: pushes in the same frame are after the reply.
  #reply({ subscribe }) {
    if (!subscribe) return;
    this.#subscribed = true;
    if (!this.epoch) {
      this.epoch = subscribe.epoch;
      this.offset = subscribe.offset ?? 0;
      return;
    }
    if (!subscribe.recovered || (subscribe.offset ?? 0) !== this.offset) this.wrong.push(`not recovered from ${this.offset}`);
    this.recoveries += 1;
    for (const publication of subscribe.publications ?? []) this.#publication(publication);
  }

  #push({ channel, pub, unsubscribe }) {
    assert.equal(channel, this.channel);
    if (!this.#subscribed) this.wrong.push("a push before the reply");
    if (pub) this.#publication(pub);
    if (unsubscribe) this.told = unsubscribe;
  }
}

for (const codec of codecs) {
  test(`centrifuge ${codec.name}: check 40: 100 clients recover again and again while one publishes`, { timeout: 240_000 },
    async (t) => {
      const server = await startCentrifuge(t, {});
      const publisher = await Peer.connected(t, server, { codec });
      const followers = Array.from({ length: 100 }, () => new Follower("long:race"));
      await publisher.publish("long:race", { number: 1 });
      let published = 1;
      let running = true;

      const publishing = (async () => {
        while (running) {
          await publisher.publish("long:race", { number: published + 1 });
          published += 1;
          // No more than 300 missed publications are recovered.
          await eventually("nobody is far behind", () => followers.every(({ epoch, offset }) => !epoch || published - offset < 250), 30_000);
        }
      })();

      const rounds = 30;
      const following = followers.map(async (follower, index) => {
        for (let round = 0; round < rounds; round++) {
          if (round === 0 || (index + round) % 2 === 0) {
            follower.peer?.terminate();
            await follower.follow(await Peer.connected(t, server, { codec }));
          } else {
            await follower.peer.result({ unsubscribe: { channel: follower.channel } });
            await follower.follow(follower.peer);
          }
          const some = follower.offset + 1 + ((index + round) % 7);
          await eventually("some publications", () => follower.offset >= some || follower.wrong.length > 0, 60_000);
        }
      });
      await Promise.all(following);
      running = false;
      await publishing;
      await eventually("everybody has the last one", () => followers.every(({ offset }) => offset >= published), 30_000);
      assert.deepEqual(followers.flatMap(({ wrong }) => wrong), []);
      assert.deepEqual(followers.map(({ offset, recoveries }) => [offset, recoveries]),
        followers.map(() => [published, rounds - 1]));
    });

  for (const policy of ["drop-oldest", "drop-newest", "latest-per-key"]) {
    test(`centrifuge ${codec.name}: ${policy}: a slow subscriber with a position is told of the gap and recovers`,
      { timeout: 90_000 }, async (t) => {
        const lossy = { history_size: 20_000, history_ttl: "60s", force_recovery: true, allow_subscribe_for_client: true,
          allow_subscribe_for_anonymous: true, allow_publish_for_client: true, allow_publish_for_anonymous: true,
          slow_consumer: policy };
        const server = await startCentrifuge(t, {
          websocket: { max_message_bytes: "16KiB" }, client: { queue_max_size: "64KiB" },
          outbox: { socket_send_buffer: "16KiB" }, added: { lossy } });
        const publisher = await Peer.connected(t, server, { codec });
        const follower = new Follower("lossy:slow");
        const witness = new Follower("lossy:slow");
        await follower.follow(await Peer.connected(t, server, { codec }));
        await witness.follow(await Peer.connected(t, server, { codec }));
        const padding = "x".repeat(8_000);
        let published = 0;
        const publish = async () => {
          await publisher.publish("lossy:slow", { number: ++published, padding });
          await eventually("a quick subscriber has it", () => witness.offset === published);
        };
        follower.peer.socket.pause();
        // No further than that: more than 300 missed publications are not recovered.
        await eventually("something is dropped", async () => {
          await publish();
          return (await server.totals()).messages_dropped > 0;
        }, 40_000);
        for (let more = 0; more < 3; more++) await publish();
        follower.peer.socket.resume();
        await eventually("the end of the subscription", () => follower.told || follower.peer.socket.readyState !== 1, 20_000);
        assert.deepEqual(follower.told, { code: 2500, reason: "insufficient state" });
        assert.ok(follower.offset < published, "something was dropped");
        await follower.follow(follower.peer);
        await publish();
        await eventually("the latest publication", () => follower.offset === published || follower.wrong.length > 0);
        assert.deepEqual([follower.wrong, witness.wrong], [[], []]);
        assert.equal(follower.recoveries, 1);
        assert.equal(witness.told, undefined);
      });
  }
}
