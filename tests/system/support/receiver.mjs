// The receiver of webhooks: an HTTP server that answers as it is told, and can stall, fail and go away.
import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";

export class Receiver {
  #server;
  #sockets = new Set();
  #port = 0;

  /** Listens; ends with the test `t`. `answer(path, body, headers)` gives {status, body} or undefined: it stalls. */
  static async start(t, answer) {
    const receiver = new Receiver();
    receiver.answer = answer;
    receiver.requests = []; // {path, headers, body} as they came
    t.after(() => receiver.stop());
    await receiver.listen();
    return receiver;
  }

  listen() {
    this.#server = http.createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => { body += chunk; });
      request.on("end", async () => {
        this.requests.push({ path: request.url, headers: request.headers, body });
        const answer = await this.answer(request.url, body, request.headers);
        if (!answer) return; // stalls
        response.writeHead(answer.status ?? 200, { "Content-Type": "application/json" });
        response.end(answer.body ?? "{}");
      });
    });
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", () => {
        this.#port = this.#server.address().port; // the same after a restart
        resolve();
      });
    });
  }

  /** Goes away, with the requests that are open. */
  stop() {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  url(path) {
    return `http://127.0.0.1:${this.#port}${path}`;
  }
}

/** Whether a delivery is signed with the secret, and made within `window` seconds of now. */
export function isGenuine(headers, body, secret, window = 300) {
  const parts = (headers["troupe-signature"] ?? "").split(",").map((part) => part.split("="));
  const time = parts.find(([name]) => name === "t")?.[1];
  if (!time || Math.abs(Date.now() / 1000 - Number(time)) > window) return false;
  const wanted = createHmac("sha256", secret).update(`${time}.${body}`).digest();
  return parts.some(([name, hex]) => {
    const given = Buffer.from(hex, "hex");
    return name === "v1" && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

/** Takes deliveries of events: keeps each once, by its ID, in the order of arrival. */
export class EventBook {
  constructor(secret) {
    this.secret = secret;
    this.events = [];
    this.ids = new Set();
    this.repeated = 0;
    this.forged = 0;
  }

  take(headers, body) {
    if (!isGenuine(headers, body, this.secret)) {
      this.forged += 1;
      return;
    }
    for (const event of JSON.parse(body).events) {
      if (this.ids.has(event.id)) {
        this.repeated += 1;
        continue;
      }
      this.ids.add(event.id);
      this.events.push(event);
    }
  }

  of(type) {
    return this.events.filter((event) => event.type === type);
  }

  /** What is told of clients, by this property, as a Map of lists. */
  by(key) {
    const lists = new Map();
    for (const event of this.events.filter(({ client }) => client))
      lists.set(event[key], [...(lists.get(event[key]) ?? []), event]);
    return lists;
  }
}
