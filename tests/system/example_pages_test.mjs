// The pages of the examples in a real Chromium.
import assert from "node:assert/strict";
import test from "node:test";
import { startBrowser } from "./support/browser.mjs";
import { startExample } from "./support/example.mjs";
import { eventually } from "./support/time.mjs";

const timeout = 90_000;

async function open(t, name) {
  const { port } = await startExample(t, name);
  const { tab, faults } = await startBrowser(t);
  return { tab: (path = "/") => tab(`http://127.0.0.1:${port}${path}`), faults };
}

const reads = (page, selector, text) =>
  eventually(`${selector} is ${text}`, async () => text.test(await page.locator(selector).textContent()), 20_000);

test("chat page: what is said in a room is heard there, with its history and its guests", { timeout }, async (t) => {
  const { tab, faults } = await open(t, "chat");
  const say = async (page, text) => {
    await page.getByPlaceholder("Say something").fill(text);
    await page.keyboard.press("Enter");
  };
  const ann = await tab("/#tea");
  await reads(ann, "#room", /^room:tea$/);
  await reads(ann, "#guests", /^1$/);
  const bob = await tab("/#tea");
  await reads(ann, "#guests", /^2$/);
  await say(ann, "hello <b>bob</b>");
  await reads(bob, "#log", /^hello <b>bob<\/b>$/m);
  await say(bob, "what a badword");
  await reads(bob, "#log", /^\(permission denied\)$/m);
  const elsewhere = await tab("/#coffee");
  await reads(elsewhere, "#guests", /^1$/);
  const late = await tab("/#tea");
  await reads(late, "#log", /^hello <b>bob<\/b>$/m);
  await say(late, "am I late?");
  await reads(ann, "#log", /^am I late\?$/m);
  assert.equal(await elsewhere.locator("#log").textContent(), "");
  assert.doesNotMatch(await ann.locator("#log").textContent(), /badword/);
  await bob.close();
  await reads(ann, "#guests", /^2$/);
  assert.deepEqual(faults, []);
});

test("game page: players see each other move, until they are too far away", { timeout }, async (t) => {
  const { tab, faults } = await open(t, "game");
  const [ann, bob] = [await tab(), await tab()];
  await reads(ann, "#status", /^You are at 0, 0 and see 1 others\.$/);
  await bob.bringToFront();
  await bob.keyboard.down("ArrowRight");
  await reads(bob, "#status", /^You are at [1-9]\d*, 0 and see/);
  await bob.keyboard.up("ArrowRight");
  await bob.keyboard.down("ArrowDown");
  await reads(ann, "#status", /see 0 others/);
  await reads(bob, "#status", /, [1-9]\d* and see 0 others/);
  await bob.keyboard.up("ArrowDown");
  await reads(ann, "#status", /^You are at 0, 0 /);
  const pictures = async () => Number(await ann.locator("#view").getAttribute("data-pictures"));
  const before = await pictures();
  await eventually("thirty more pictures", async () => (await pictures()) >= before + 30, 20_000);
  assert.deepEqual(faults, []);
});
