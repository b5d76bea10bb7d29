// A TCP proxy before the server, to cut connections in the middle of what they carry.
import net from "node:net";

export class Proxy {
  #sockets = new Set();
  #listener;
  target; // port that new connections go to

  /** Forwards to `port` until the test `t` ends. */
  static async start(t, port) {
    const proxy = new Proxy();
    proxy.target = port;
    proxy.#listener = net.createServer((client) => proxy.#forward(client));
    await new Promise((resolve) => proxy.#listener.listen(0, "127.0.0.1", resolve));
    t.after(() => {
      proxy.#listener.close();
      proxy.cut();
    });
    return proxy;
  }

  get port() {
    return this.#listener.address().port;
  }

  #forward(client) {
    const server = net.connect({ port: this.target, host: "127.0.0.1" });
    for (const [socket, peer] of [[client, server], [server, client]]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {}); // the close event follows
      socket.once("close", () => {
        this.#sockets.delete(socket);
        peer.destroy();
      });
      socket.pipe(peer);
    }
  }

  /** Resets every connection, on both sides: what was on its way is lost. */
  cut() {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}
