// Checks of the Centrifuge protocol as tables: [number in the list of checks, what it shows, test].
import test from "node:test";
import { codecs } from "./centrifuge_codec.mjs";
import { Peer } from "./centrifuge_peer.mjs";
import { startCentrifuge } from "./centrifuge_server.mjs";
import { startCluster } from "./nats.mjs";

const timeout = 60_000;

/** Of the server that is checked, which are connected by NATS; then most channels belong to another node. */
const nodes = Number(process.env.TROUPE_TEST_NODES ?? 1);

async function startChecked(t, sections) {
  return nodes === 1 ? startCentrifuge(t, sections) : (await startCluster(t, nodes, sections)).nodes[0];
}

/** Runs a table in both codecs, on one server each; a check gets {t, server, codec}. */
export function checks(title, sections, table) {
  for (const codec of codecs) {
    test(`centrifuge ${codec.name}: ${title}`, { timeout: 240_000 }, async (t) => {
      const server = await startChecked(t, sections);
      for (const [number, what, check] of table) {
        await t.test(`check ${number}: ${what}`, { timeout }, (inner) => check({ t: inner, server, codec }));
      }
    });
  }
}

/** A peer for one check. */
export const open = ({ t, server, codec }, options) => Peer.open(t, server, { codec, ...options });
export const connected = ({ t, server, codec }, options) => Peer.connected(t, server, { codec, ...options });

/** A channel of that namespace that no other check uses. */
let channels = 0;
export const fresh = (namespace) => `${namespace}:${++channels}`;

/** The publications, joins or leaves of the next `count` pushes. */
export async function pushes(peer, kind, channel, count) {
  const bodies = [];
  for (let index = 0; index < count; index++) bodies.push(await peer.push(kind, channel));
  return bodies;
}
