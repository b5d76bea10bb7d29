// Commands and replies of the Centrifuge protocol as objects, whatever the codec. Payloads are JSON values in
// both; what JSON always writes and protobuf leaves out when it is zero is filled in.
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const schema = new protobuf.Root();
const path = fileURLToPath(new URL("../../../net/troupe/net/centrifuge/client.proto", import.meta.url));
schema.loadSync(path, { keepCase: true });
const Command = schema.lookupType("centrifugal.centrifuge.protocol.Command");
const Reply = schema.lookupType("centrifugal.centrifuge.protocol.Reply");

const json = {
  name: "json",
  query: "",
  pong: "{}",
  encode: (commands) => commands.map((command) => JSON.stringify(command)).join("\n"),
  decode: (frame) => frame.split("\n").map((line) => JSON.parse(line)),
};

/** Payloads to bytes; a Buffer is taken as it is. */
function withBytes(value, key) {
  if (key === "data") return Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withBytes(inner, name)]));
}

/** Bytes to the JSON value they hold; to a Buffer if they hold none, as a delta. */
function withValues(value) {
  if (Buffer.isBuffer(value)) {
    try {
      return JSON.parse(value.toString());
    } catch {
      return value;
    }
  }
  if (Array.isArray(value)) return value.map(withValues);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withValues(inner)]));
}

const fullInfo = (info) => ({ user: "", ...info });

function withZeros(reply) {
  const { presence, presence_stats: stats, history, push } = reply;
  if (presence) {
    presence.presence = Object.fromEntries(Object.entries(presence.presence ?? {})
      .map(([client, info]) => [client, fullInfo(info)]));
  }
  if (stats) reply.presence_stats = { num_clients: 0, num_users: 0, ...stats };
  if (history) reply.history = { publications: [], offset: 0, epoch: "", ...history };
  const publications = [...(reply.history?.publications ?? []), ...(reply.subscribe?.publications ?? [])];
  for (const holder of [push?.pub, push?.join, push?.leave, ...publications]) {
    if (holder?.info) holder.info = fullInfo(holder.info);
  }
  return reply;
}

const binary = {
  name: "protobuf",
  query: "?format=protobuf",
  pong: Buffer.from([0]),
  encode: (commands) => Buffer.concat(commands.map((command) =>
    Command.encodeDelimited(Command.fromObject(withBytes(command))).finish())),
  decode: (frame) => {
    const reader = protobuf.Reader.create(frame);
    const replies = [];
    while (reader.pos < reader.len) {
      const message = Reply.toObject(Reply.decodeDelimited(reader), { longs: Number });
      replies.push(withZeros(withValues(message)));
    }
    return replies;
  },
};

export const codecs = [json, binary];
export const [jsonCodec, protobufCodec] = codecs;
