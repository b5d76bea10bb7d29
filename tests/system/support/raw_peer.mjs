// A peer below WebSocket: writes the bytes it is told to, answers nothing by itself.
import net from "node:net";
import { within } from "./time.mjs";

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** One frame as a client sends it: masked unless `mask` is false. `rsv` are the reserved bits (4 is RSV1). */
export function frame(code, payload = "", { fin = true, mask = true, rsv = 0, length } = {}) {
  const body = Buffer.from(payload);
  const size = length ?? BigInt(body.length);
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | code];
  const maskBit = mask ? 0x80 : 0;
  if (size < 126n) head.push(maskBit | Number(size));
  else if (size < 65536n) head.push(maskBit | 126, Number(size) >> 8, Number(size) & 255);
  else {
    const long = Buffer.alloc(8);
    long.writeBigUInt64BE(size);
    head.push(maskBit | 127, ...long);
  }
  if (!mask) return Buffer.concat([Buffer.from(head), body]);
  const key = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  return Buffer.concat([Buffer.from(head), key, body.map((byte, at) => byte ^ key[at % 4])]);
}

/** A correct upgrade request; `headers` are added. */
export function upgradeRequest(target = "/ws", headers = []) {
  return [`GET ${target} HTTP/1.1`, "Host: localhost", "Connection: Upgrade", "Upgrade: websocket",
    "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", ...headers, "", ""].join("\r\n");
}

export class RawPeer {
  /** Connects from `localAddress` when given. Resolves when TCP is up. */
  static async connect(port, { localAddress, host = "127.0.0.1" } = {}) {
    const peer = new RawPeer(net.connect({ port, host, localAddress, allowHalfOpen: true }));
    await within(10_000, `connect to port ${port}`, new Promise((resolve, reject) => {
      peer.socket.once("connect", resolve);
      peer.socket.once("error", reject);
    }));
    return peer;
  }

  /** Connects and performs the upgrade. */
  static async upgrade(port, { target = "/ws", ...options } = {}) {
    const peer = await RawPeer.connect(port, options);
    peer.write(upgradeRequest(target));
    const status = await peer.status();
    if (status !== 101) throw new Error(`upgrade answered ${status}`);
    peer.bytes = peer.bytes.subarray(peer.bytes.indexOf("\r\n\r\n") + 4);
    return peer;
  }

  constructor(socket) {
    this.socket = socket;
    this.bytes = Buffer.alloc(0); // what came from the server and was not taken yet
    socket.on("data", (chunk) => { this.bytes = Buffer.concat([this.bytes, chunk]); this.#changed(); });
    socket.on("end", () => this.#changed());
    socket.on("error", () => {}); // a reset shows as closed
    // The server ended its side: a FIN or a reset.
    this.ended = new Promise((resolve) => {
      socket.once("end", () => resolve("fin"));
      socket.once("close", () => resolve("reset"));
    });
    this.hasEnded = false;
    this.ended.then(() => { this.hasEnded = true; this.#changed(); });
  }

  #changed = () => {};

  write(...parts) {
    this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))));
  }

  /** Waits until `extract()` returns something else than undefined. */
  async #until(what, extract, ms = 10_000) {
    return within(ms, what, new Promise((resolve, reject) => {
      const look = () => {
        const value = extract();
        if (value === undefined && !this.hasEnded) return;
        this.#changed = () => {}; // what comes next is for the next caller
        if (value !== undefined) resolve(value);
        else reject(new Error(`the server ended the connection before ${what}`));
      };
      this.#changed = look;
      look();
    }));
  }

  /** Status of the HTTP answer, once its headers are whole. */
  status(ms) {
    return this.#until("an HTTP answer", () => {
      const text = this.bytes.toString("latin1");
      return text.includes("\r\n\r\n") ? Number(text.split(" ")[1]) : undefined;
    }, ms);
  }

  /** The next frame: {code, payload}. Server frames are never masked. */
  nextFrame(ms) {
    return this.#until("a frame", () => {
      const { bytes } = this;
      if (bytes.length < 2) return undefined;
      let size = bytes[1] & 127;
      let at = 2;
      if (size === 126 && bytes.length >= 4) [size, at] = [bytes.readUInt16BE(2), 4];
      else if (size === 127 && bytes.length >= 10) [size, at] = [Number(bytes.readBigUInt64BE(2)), 10];
      else if (size > 125) return undefined;
      if (bytes.length < at + size) return undefined;
      this.bytes = bytes.subarray(at + size);
      return { code: bytes[0] & 15, payload: bytes.subarray(at, at + size) };
    }, ms);
  }

  /** Skips other frames; returns {code, reason} of the server's close frame. */
  async closeFrame(ms) {
    for (;;) {
      const { code, payload } = await this.nextFrame(ms);
      if (code !== opcode.close) continue;
      return { code: payload.length >= 2 ? payload.readUInt16BE(0) : 1005, reason: payload.subarray(2).toString() };
    }
  }

  destroy() {
    this.socket.destroy();
  }
}
