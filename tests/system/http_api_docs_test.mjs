// Every example of docs/http-api.md, run as it stands there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { apiKey, startCentrifuge } from "./support/centrifuge_server.mjs";
import { request } from "./support/server.mjs";

const text = readFileSync(new URL("../../docs/http-api.md", import.meta.url), "utf8");
const examples = [...text.matchAll(/^### (.+?)\n(?:(?!^### )[^])*?^```sh\n([^]*?)^```\n```json\n([^]*?)^```\n/gm)]
  .map(([, title, command, answer]) => ({ title, command, answer }));

/** What `curl -s URL -H HEADER -d BODY` sends; a command with anything else is refused. */
function understood(command) {
  const line = command.replaceAll("\\\n", " ").replaceAll("KEY", apiKey).trim();
  const parts = line.match(/^curl -s http:\/\/localhost:9000(\S+) +-H '([^':]+): ([^']*)' +-d '([^']*)'$/);
  assert.ok(parts, `not the form of the examples: ${line}`);
  const [, path, name, value, body] = parts;
  return { path, headers: { [name]: value, "Content-Type": "application/x-www-form-urlencoded" }, body };
}

/** What of an example is different each time. */
function settled(value, key) {
  if (["epoch", "uid", "name", "version"].includes(key)) return `any ${key}`;
  if (Array.isArray(value)) return value.map((each) => settled(each));
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value).filter(([name]) => name !== "uptime"); // 0 in the first second
  return Object.fromEntries(members.map(([name, member]) => [name, settled(member, name)]));
}

test("docs/http-api.md: the examples do what it says, in their order", { timeout: 60_000 }, async (t) => {
  assert.equal(examples.length, text.match(/^```sh$/gm).length, "each block of commands is an example");
  const server = await startCentrifuge(t, {});
  for (const { title, command, answer } of examples) {
    await t.test(title, async () => {
      const { path, headers, body } = understood(command);
      const got = await request(server.adminPort, path, { method: "POST", headers, body });
      assert.equal(got.status, 200, got.body);
      assert.deepEqual(settled(JSON.parse(got.body)), settled(JSON.parse(answer)), got.body);
    });
  }
});
