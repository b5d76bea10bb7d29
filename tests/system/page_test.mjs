// The page in a real Chromium: two tabs talk to each other.
import assert from "node:assert/strict";
import test from "node:test";
import { startBrowser } from "./support/browser.mjs";
import { Server } from "./support/server.mjs";
import { eventually } from "./support/time.mjs";

const timeout = 90_000;

async function open(t, ...serverFlags) {
  const { browser, tab: open, faults } = await startBrowser(t);
  const server = await Server.start(t, ...serverFlags);
  const tab = async (path = "/") => {
    const page = await open(`http://127.0.0.1:${server.port}${path}`);
    await page.getByText("Connected", { exact: false }).waitFor();
    return page;
  };
  return { server, browser, tab, faults };
}

const say = async (page, text) => {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
};
const sees = (page, text) => page.getByRole("log").getByText(text, { exact: true }).waitFor();

test("page: what is typed in one tab appears in the other", { timeout }, async (t) => {
  const { tab, faults } = await open(t);
  const [first, second] = [await tab(), await tab()];
  await say(first, "hello from the first tab");
  await sees(second, "hello from the first tab");
  await say(second, "and back: <b>grüße</b>");
  await sees(first, "and back: <b>grüße</b>");
  assert.match(await second.getByRole("log").locator("li.mine").textContent(), /you, \d+ ms/);
  assert.equal(await first.getByLabel("Message", { exact: true }).inputValue(), "");
  assert.deepEqual(faults, []);
});

test("page: a group keeps its messages, and a link leads to it", { timeout }, async (t) => {
  const { server, tab, faults } = await open(t);
  const everyone = await tab();
  const red = await tab("/#red");
  await everyone.getByLabel("Group").fill("red");
  await everyone.keyboard.press("Enter");
  await everyone.getByText("Connected to red").waitFor();
  const outside = await server.connect("/ws/blue");
  await say(everyone, "only for red");
  await sees(red, "only for red");
  outside.send("only for blue");
  assert.equal(await outside.nextText(), "only for blue");
  assert.deepEqual(faults, []);
});

test("page: messages that are no plain text are shown as what they are", { timeout }, async (t) => {
  const { server, tab, faults } = await open(t);
  const page = await tab();
  const client = await server.connect();
  client.send(Buffer.from([0xde, 0xad, 0xbe, 0xef]));
  await sees(page, "4 bytes of binary: de ad be ef");
  client.send("");
  await sees(page, "empty message");
  assert.deepEqual(faults, []);
});

test("page: it stays bounded and usable under a stream of messages", { timeout }, async (t) => {
  const { server, tab, faults } = await open(t);
  const page = await tab();
  const client = await server.connect();
  for (let sent = 0; sent < 3000; sent++) client.send(`message ${sent}`);
  await sees(page, "message 2999");
  assert.ok(await page.locator("#messages li").count() <= 500);
  assert.deepEqual(faults, []);
});

test("page: when the server closes it, it says why and comes back by itself", { timeout }, async (t) => {
  const { server, tab } = await open(t, "--heartbeat-idle-timeout", "1s");
  const page = await tab();
  await page.getByText("Closed: 4010 idle", { exact: false }).waitFor();
  await page.getByText("Connected", { exact: false }).waitFor();
  await say(page, "back again");
  await sees(page, "back again");
  await eventually("the first connection is counted", async () => (await server.totals()).closed_by_reason.idle >= 1);
});
