// The dashboard in a real Chromium: what operators see there is what the clients do, and what they do there happens.
import assert from "node:assert/strict";
import test from "node:test";
import { startBrowser } from "./support/browser.mjs";
import { Peer } from "./support/centrifuge_peer.mjs";
import { startCentrifuge } from "./support/centrifuge_server.mjs";
import { request, Server } from "./support/server.mjs";
import { eventually } from "./support/time.mjs";
import { hmacToken } from "./support/tokens.mjs";

const timeout = 120_000;
const operators = "operators-know-this";
const watchers = "watchers-know-that";

/** A server, and visit(token): a page that has signed in. */
async function start(t) {
  const { tab, faults } = await startBrowser(t);
  const server = await startCentrifuge(t, {
    console: { operator_token: operators, read_only_token: watchers },
    token: { hmac_secret_key: "secret" },
    withoutNamespace: { allow_subscribe_for_client: true },
  });
  const outside = async (view = "") => tab(`http://127.0.0.1:${server.adminPort}/admin${view}`);
  const visit = async (token = operators, view = "") => {
    const page = await outside(view);
    await signIn(page, token);
    await page.getByRole("navigation").waitFor();
    return page;
  };
  return { server, outside, visit, faults };
}

async function signIn(page, token) {
  await page.getByLabel("Token").fill(token);
  await page.keyboard.press("Enter");
}

const figure = async (page, name) => page.getByRole("status", { name, exact: true }).textContent();
const rows = (page) => page.locator("#table-body tr");
const extent = (page, text) => page.locator("#extent").getByText(text, { exact: true }).waitFor();
const filter = async (page, text) => {
  await page.getByLabel("Filter").fill(text);
  await page.keyboard.press("Enter");
};

/** A client of the Centrifuge protocol of that user. */
async function userConnects(t, server, user, channel) {
  const peer = await Peer.open(t, server);
  const { client } = await peer.result({ connect: { token: hmacToken({ sub: user }) } });
  if (channel) await peer.result({ subscribe: { channel } });
  return Object.assign(peer, { id: client });
}

test("dashboard: the page is guarded, and kept only where its name changes with it", { timeout }, async (t) => {
  const server = await Server.start(t);
  const page = await request(server.adminPort, "/admin");
  assert.equal(page.status, 200);
  assert.deepEqual((await request(server.adminPort, "/admin/")).body, page.body);
  assert.match(page.headers["content-security-policy"], /default-src 'none'; script-src 'self';.*frame-ancestors 'none'/);
  assert.equal(page.headers["x-frame-options"], "DENY");
  assert.equal(page.headers["cache-control"], "no-store");
  const assets = [...page.body.matchAll(/"(\/admin\/assets\/[^"]+)"/g)].map(([, path]) => path);
  assert.equal(assets.length, 2, page.body);
  for (const path of assets) {
    const asset = await request(server.adminPort, path);
    assert.equal(asset.status, 200);
    assert.equal(asset.headers["cache-control"], "max-age=31536000, immutable");
    assert.match(asset.headers["content-type"], /^text\/(javascript|css)/);
  }
  assert.equal((await request(server.port, "/admin")).status, 404, "not on the public port");
});

test("dashboard: a token opens it for this tab, and another one does not", { timeout }, async (t) => {
  const { outside, faults } = await start(t);
  const page = await outside();
  await signIn(page, "not-a-token-of-ours");
  await page.getByText("This token is not one of the server's").waitFor();
  assert.ok(await page.getByRole("navigation").isHidden());
  await signIn(page, operators);
  await page.getByRole("heading", { name: "Connections" }).waitFor();
  await page.getByText("operator", { exact: true }).waitFor();
  assert.ok(!page.url().includes(operators));
  assert.deepEqual(await page.evaluate(() => [document.cookie, localStorage.length]), ["", 0]);
  await page.reload();
  await page.getByRole("heading", { name: "Connections" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.reload();
  await page.getByLabel("Token").waitFor();
  assert.deepEqual(faults.filter((text) => !text.includes("401")), []);
});

test("dashboard: charts follow what happens", { timeout }, async (t) => {
  const { server, visit, faults } = await start(t);
  const page = await visit();
  const canvas = page.locator("canvas").first();
  const painted = () => canvas.evaluate((of) => of.toDataURL());
  await eventually("nobody is there", async () => await figure(page, "Connections: open") === "0");
  const before = await painted();
  const clients = await server.connectMany(5);
  await eventually("five are seen", async () => await figure(page, "Connections: open") === "5");
  assert.notEqual(await painted(), before);
  await eventually("messages are seen", async () => {
    clients[0].send("hello");
    return Number(await figure(page, "Messages a second: out")) > 0;
  });
  assert.deepEqual(faults, []);
});

test("dashboard: the server pages, sorts and filters", { timeout }, async (t) => {
  const { server, visit, faults } = await start(t);
  const clients = await server.connectMany(120);
  await server.settle(120);
  const page = await visit(operators, "#connections");
  await page.getByRole("button", { name: "id", exact: true }).click(); // which does not change, so that pages do not
  await page.getByRole("columnheader", { name: "id", exact: true }).and(page.locator("[aria-sort=ascending]")).waitFor();
  const seen = [];
  for (const [text, count] of [["1 to 50 of 120", 50], ["51 to 100 of 120", 50], ["101 to 120 of 120", 20]]) {
    await extent(page, text);
    assert.equal(await rows(page).count(), count);
    seen.push(...await rows(page).getByRole("button").allTextContents());
    if (count === 50) await page.getByRole("button", { name: "Next" }).click();
  }
  assert.ok(await page.getByRole("button", { name: "Next" }).isDisabled());
  assert.equal(new Set(seen).size, 120, "each once");
  assert.deepEqual(seen, [...seen].sort());

  for (let i = 0; i < 7; ++i) clients[3].send("hello");
  await page.getByRole("button", { name: "msgs_in", exact: true }).press("Enter");
  await extent(page, "1 to 50 of 120");
  await eventually("the speaker is first", async () => (await rows(page).first().locator("td").allTextContents()).includes("7"));
  await filter(page, "msgs_in > 6");
  await extent(page, "1 to 1 of 1 that match, 120 in all");
  await filter(page, "nobody-of-that-name");
  await extent(page, "None of 0 that match, 120 in all");
  await filter(page, "colour = red");
  await page.getByRole("alert").getByText("no such column", { exact: false }).waitFor();
  for (const [link, title] of [["Channels", "Channels"], ["Actors", "Actors"], ["Users", "Users"], ["Loops", "I/O loops"]]) {
    await page.getByRole("navigation").getByRole("link", { name: link }).click();
    await page.getByRole("table", { name: title }).waitFor();
  }
  assert.deepEqual(faults.filter((text) => !text.includes("400")), []);
});

test("dashboard: a connection is closed after a question, and told in the ledger", { timeout }, async (t) => {
  const { server, visit, faults } = await start(t);
  const client = await server.connect();
  const page = await visit(operators, "#connections");
  await rows(page).first().getByRole("button").click();
  await page.getByRole("dialog").getByText("127.0.0.1").waitFor();
  await page.getByRole("button", { name: "Disconnect…" }).click();
  await page.getByText("Clients may come back", { exact: false }).waitFor();
  await page.getByLabel("Close code").fill("4003");
  await page.getByLabel("Reason").fill('too "loud" \\ code 4999');
  await page.getByLabel("Reason").press("Enter");
  await page.getByText("1 connection told to close").waitFor();
  assert.deepEqual(await client.closed, { code: 4003, reason: 'too "loud" \\ code 4999' });
  await page.getByRole("link", { name: "Closed" }).click();
  await rows(page).first().getByText("kicked").waitFor();
  await eventually("it is in the log", () => server.event("console_action")?.done === "true");
  assert.deepEqual(faults, []);
});

test("dashboard: names of strangers are text, and nothing but names", { timeout }, async (t) => {
  const { server, visit, faults } = await start(t);
  const user = '<img src=x onerror="document.title=1">" or "" = "';
  const channel = "<script>document.title=2</script>";
  const [stranger, bystander] = [await userConnects(t, server, user, channel), await userConnects(t, server, "bystander")];
  const page = await visit(operators, "#connections");
  await rows(page).filter({ hasText: user }).getByRole("button").click();
  await page.getByRole("dialog").getByText(`channel ${channel}`).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Users" }).click();
  await rows(page).getByRole("button", { name: user, exact: true }).click();
  await page.getByRole("heading", { name: `User ${user}`, exact: true }).waitFor();
  await page.getByRole("button", { name: "Disconnect…" }).click();
  await page.getByText(`Closes user ${user}.`, { exact: false }).waitFor();
  await page.getByRole("button", { name: "Disconnect", exact: true }).click();
  await page.getByText("1 connection told to close").waitFor();
  await stranger.closesWith(3503);
  await page.getByRole("link", { name: "Channels" }).click();
  await rows(page).getByRole("button", { name: channel, exact: true }).waitFor();
  await page.getByRole("link", { name: "Closed" }).click();
  await rows(page).getByText(user, { exact: true }).waitFor();
  assert.equal(await page.locator("main img, main script, dialog img").count(), 0);
  assert.equal(await page.title(), "Troupe: dashboard");
  await bystander.settle();
  assert.deepEqual(faults, []);
});

test("dashboard: who may only look is offered nothing else", { timeout }, async (t) => {
  const { server, visit, faults } = await start(t);
  await server.connect();
  const page = await visit(watchers);
  await page.getByText("read-only", { exact: true }).waitFor();
  assert.equal(await page.locator("#node-actions button").count(), 0);
  await page.getByRole("link", { name: "Connections" }).click();
  await rows(page).first().getByRole("button").click();
  await page.getByRole("dialog").getByText("127.0.0.1").waitFor();
  assert.deepEqual(await page.getByRole("dialog").getByRole("button").allTextContents(), ["Close"]);
  await page.keyboard.press("Escape");
  assert.deepEqual(faults, []);
});
