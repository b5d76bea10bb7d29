// Clients of the Centrifuge protocol without a WebSocket.
import { next } from "./centrifuge_sdk.mjs";
import { within } from "./time.mjs";

/** Sections of the configuration. */
export const streams = { httpStream: { enabled: true }, sse: { enabled: true } };

/** A client of npm's centrifuge that has nothing but HTTP streaming; what it says goes to `speakPort`. */
export async function connectStream(t, build, port, { speakPort = port, ...options } = {}) {
  const client = new build.Client([{ transport: "http_stream", endpoint: `http://127.0.0.1:${port}/connection/http_stream` }],
    { emulationEndpoint: `http://127.0.0.1:${speakPort}/emulation`, minReconnectDelay: 1, maxReconnectDelay: 20, ...options });
  t.after(() => client.disconnect());
  const connected = next(client, "connected");
  client.connect();
  client.session = await connected;
  return client;
}

export const post = (port, path, body, headers = {}) =>
  fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });

/** The lines of an answer that does not end. */
async function* lines(response) {
  let rest = "";
  for await (const chunk of response.body) {
    rest += Buffer.from(chunk).toString();
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 1);
    }
  }
  yield null; // the end
}

/** A connection by hand: `say(commands)` answers with the status, `next()` with what comes, null at the end. */
export async function openByHand(t, port, { headers = {}, connect = {} } = {}) {
  const aborted = new AbortController();
  t.after(() => aborted.abort());
  const response = await fetch(`http://127.0.0.1:${port}/connection/http_stream`, {
    method: "POST", body: JSON.stringify({ id: 1, connect }), headers, signal: aborted.signal });
  const source = lines(response);
  const take = async () => {
    const line = (await within(10_000, "a line of the stream", source.next())).value;
    return line === null ? null : JSON.parse(line);
  };
  const first = response.ok ? await take() : null;
  const { session, node } = first?.connect ?? {};
  const say = async (...commands) =>
    (await post(port, "/emulation", JSON.stringify({ session, node, data: commands.map((c) => JSON.stringify(c)).join("\n") }))).status;
  return { response, first, say, next: take, end: () => aborted.abort() };
}

/** The text of a request for a stream. */
export const rawRequest = (...commands) => {
  const body = commands.map((command) => JSON.stringify(command)).join("\n");
  return `POST /connection/http_stream HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};
