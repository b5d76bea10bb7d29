// A WebSocket client (npm's ws) that collects what it receives.
import WebSocket from "ws";
import { within } from "./time.mjs";

/** The server answered an upgrade with a status instead of 101. */
export class Refused extends Error {
  constructor(response, body) {
    super(`refused with ${response.statusCode}: ${body.trim()}`);
    this.status = response.statusCode;
    this.headers = response.headers;
    this.body = body;
  }
}

export class Client {
  #waiters = [];

  /** Resolves once the connection is open; rejects with Refused, or with the socket's error. */
  static async open(url, options = {}) {
    // Without an agent, which would keep the connection of a refused upgrade.
    const client = new Client(new WebSocket(url, { perMessageDeflate: false, agent: false, ...options }));
    await within(15_000, `open ${url}`, client.opened);
    return client;
  }

  constructor(socket) {
    this.socket = socket;
    this.received = [];
    this.opened = new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("unexpected-response", (request, response) => {
        let body = "";
        response.on("data", (chunk) => { body += chunk; });
        response.on("close", () => {
          request.destroy();
          reject(new Refused(response, body));
        });
      });
      socket.on("error", reject); // after the opening: the close event tells it again
    });
    this.closed = new Promise((resolve) => {
      socket.once("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        for (const { reject } of this.#waiters.splice(0)) reject(new Error(`closed with ${code} ${reason}`));
      });
    });
    // Replaced by tests that count messages instead of keeping them.
    this.take = (message) => {
      const waiter = this.#waiters.shift();
      if (waiter) waiter.resolve(message);
      else this.received.push(message);
    };
    socket.on("message", (data, binary) => {
      this.take({ data: binary ? data : data.toString(), binary });
    });
  }

  send(data, options = {}) {
    this.socket.send(data, options);
  }

  /** The next message: text as string, binary as Buffer. */
  async next(ms = 10_000) {
    if (this.received.length > 0) return this.received.shift();
    return within(ms, "the next message", new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    }));
  }

  async nextText() {
    const { data, binary } = await this.next();
    if (binary) throw new Error(`binary message of ${data.length} bytes instead of text`);
    return data;
  }

  /** Sends a ping and waits for its pong: all that was queued for us before has arrived then. */
  async roundTrip(ms = 20_000) {
    const pong = new Promise((resolve) => this.socket.once("pong", resolve));
    this.socket.ping();
    await within(ms, "a pong", pong);
  }

  /** Closes with 1000 and waits until it is closed. */
  async close() {
    this.socket.close(1000);
    return within(10_000, "the closing handshake", this.closed);
  }

  /** Ends the connection without a close frame, by a FIN. */
  terminate() {
    this.socket.terminate();
  }

  /** Ends the connection without a close frame, by a TCP reset. Not for TLS. */
  reset() {
    this.socket._socket.resetAndDestroy();
  }
}
