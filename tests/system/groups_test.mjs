// /ws/GROUP reaches the clients of that group and nobody else; /ws reaches everyone.
import assert from "node:assert/strict";
import test from "node:test";
import { Server } from "./support/server.mjs";

const timeout = 30_000;

test("groups: a message stays in its group", { timeout }, async (t) => {
  const server = await Server.start(t);
  const red = await server.connectMany(3, "/ws/red");
  const blue = await server.connectMany(3, "/ws/blue");
  red[0].send("for red");
  for (const client of red) assert.equal(await client.nextText(), "for red");
  // The registry takes messages in turn: had the first one gone to blue, it would be there before this one.
  blue[0].send("for blue");
  for (const client of blue) assert.equal(await client.nextText(), "for blue");
  red[1].send("for red again");
  for (const client of red) assert.equal(await client.nextText(), "for red again");
});

test("groups: a message to /ws reaches every connected client, whatever its group", { timeout }, async (t) => {
  const server = await Server.start(t);
  const sender = await server.connect("/ws");
  const others = [await server.connect("/ws"), await server.connect("/ws/red"), await server.connect("/ws/blue")];
  sender.send("for all");
  for (const client of [sender, ...others]) assert.equal(await client.nextText(), "for all");
});

test("groups: names that differ only in case, or by an escape, are told apart as bytes", { timeout }, async (t) => {
  const server = await Server.start(t);
  const lower = await server.connect("/ws/news");
  const upper = await server.connect("/ws/News");
  const escaped = await server.connect("/ws/%6eews"); // the same bytes as /ws/news
  upper.send("upper");
  assert.equal(await upper.nextText(), "upper");
  lower.send("lower");
  assert.equal(await lower.nextText(), "lower");
  assert.equal(await escaped.nextText(), "lower");
});

test("groups: a query is no part of the name", { timeout }, async (t) => {
  const server = await Server.start(t);
  const plain = await server.connect("/ws/news");
  const queried = await server.connect("/ws/news?since=yesterday");
  plain.send("hello");
  assert.equal(await queried.nextText(), "hello");
});

test("groups: 200 groups of 5 do not mix", { timeout: 60_000 }, async (t) => {
  const server = await Server.start(t);
  const groups = await Promise.all(Array.from({ length: 200 }, (_, index) => server.connectMany(5, `/ws/group-${index}`)));
  groups.forEach((members, index) => members.forEach((client, place) => client.send(`${index} from ${place}`)));
  for (const [index, members] of groups.entries()) {
    for (const client of members) {
      const texts = [];
      for (let count = 0; count < 5; count++) texts.push(await client.nextText());
      assert.deepEqual(texts.sort(), [0, 1, 2, 3, 4].map((place) => `${index} from ${place}`));
    }
  }
});
