// A peer that speaks the Centrifuge protocol message by message, to see exactly what the server sends.
import assert from "node:assert/strict";
import WebSocket from "ws";
import { endpoint } from "./centrifuge_server.mjs";
import { jsonCodec } from "./centrifuge_codec.mjs";
import { Client } from "./client.mjs";
import { within } from "./time.mjs";

export class Peer {
  #client;
  #waiting = []; // {matches, resolve, reject} of those that wait for a message
  #lastId = 0;

  /** Opens a connection that ends with the test `t`; nothing is sent on it yet. */
  static async open(t, server, { codec = jsonCodec, query = codec.query, protocols = [], answerPings = true, ...options } = {}) {
    const socket = new WebSocket(server.url(endpoint + query), protocols,
      { perMessageDeflate: false, agent: false, ...options });
    const peer = new Peer(new Client(socket), codec, answerPings);
    t.after(() => peer.terminate());
    await within(15_000, `open ${socket.url}`, peer.#client.opened);
    return peer;
  }

  /** Opens a connection and connects. */
  static async connected(t, server, options) {
    const peer = await Peer.open(t, server, options);
    const { connect } = await peer.call({ connect: {} });
    assert.ok(connect, "connect is answered by a result");
    peer.id = connect.client;
    return peer;
  }

  constructor(client, codec, answerPings) {
    this.#client = client;
    this.codec = codec;
    this.messages = []; // what came and was not taken, pings aside
    this.frames = []; // binary or not, of every frame
    this.pings = 0;
    this.onPush = undefined; // takes pushes in place of messages
    this.onReply = undefined; // sees replies before those that wait for them
    client.take = ({ data, binary }) => {
      this.frames.push(binary);
      for (const message of codec.decode(data)) {
        if (Object.keys(message).length > 0) this.#take(message);
        else {
          this.pings += 1;
          if (answerPings) this.send(codec.pong);
        }
      }
    };
    client.closed.then(({ code, reason }) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`closed with ${code} ${reason}`));
    });
  }

  #take(message) {
    if (this.onPush && message.push) {
      this.onPush(message.push);
      return;
    }
    if (this.onReply && message.id) this.onReply(message);
    const at = this.#waiting.findIndex(({ matches }) => matches(message));
    if (at < 0) this.messages.push(message);
    else this.#waiting.splice(at, 1)[0].resolve(message);
  }

  get socket() {
    return this.#client.socket;
  }

  /** Bytes or text as they are. */
  send(frame) {
    this.#client.send(frame);
  }

  /** Commands in one frame. */
  sendCommands(...commands) {
    this.send(this.codec.encode(commands));
  }

  /** The first message that is not taken yet and matches. */
  take(what, matches, ms = 10_000) {
    const at = this.messages.findIndex(matches);
    if (at >= 0) return Promise.resolve(this.messages.splice(at, 1)[0]);
    return within(ms, what, new Promise((resolve, reject) => this.#waiting.push({ matches, resolve, reject })));
  }

  /** Sends one command and returns its reply without the id. */
  async call(command) {
    const id = ++this.#lastId;
    const answered = this.take(`a reply to ${JSON.stringify(command).slice(0, 200)}`, (message) => message.id === id);
    this.sendCommands({ id, ...command });
    const { id: _, ...reply } = await answered;
    return reply;
  }

  /** The result of a command that must succeed: the content of its only field. */
  async result(command) {
    const reply = await this.call(command);
    assert.deepEqual(Object.keys(reply), Object.keys(command), JSON.stringify(reply));
    return Object.values(reply)[0];
  }

  /** The code of the error that must answer a command. */
  async errorCode(command) {
    const reply = await this.call(command);
    assert.deepEqual(Object.keys(reply), ["error"], JSON.stringify(reply));
    assert.ok(reply.error.message, "an error has a message");
    return reply.error.code;
  }

  subscribe(channel, options = {}) {
    return this.result({ subscribe: { channel, ...options } });
  }

  publish(channel, data) {
    return this.result({ publish: { channel, data } });
  }

  /** The next push, whose only body is `kind`: the body. */
  async push(kind, channel, ms) {
    const { push } = await this.take(`the push of ${kind} in ${channel}`, (message) => message.push, ms);
    assert.deepEqual(Object.keys(push).sort(), ["channel", kind].sort(), JSON.stringify(push));
    assert.equal(push.channel, channel);
    return push[kind];
  }

  /** What the server closed with: {code, reason}. */
  closed(ms = 10_000) {
    return within(ms, "the close", this.#client.closed);
  }

  /** Fails unless the server closes with `code` and a reason no client takes for JSON. */
  async closesWith(code, ms) {
    const { code: got, reason } = await this.closed(ms);
    assert.equal(got, code, reason);
    if (code >= 3000) {
      assert.ok(reason.length > 0 && reason.length <= 32, reason);
      assert.throws(() => JSON.parse(reason));
    }
  }

  /** Waits until the server has processed all that was sent so far. */
  async settle() {
    await this.call({ presence_stats: { channel: "no-such-namespace:x" } });
  }

  close() {
    return this.#client.close();
  }

  terminate() {
    this.#client.terminate();
  }
}
