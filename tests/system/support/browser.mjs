// A real Chromium, for the tests of pages.
import { chromium } from "playwright-core";

// Nothing of the browser's own may talk to a network; root needs --no-sandbox.
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

/** A browser that ends with the test `t`: `tab(url)` opens a page, `faults` are the errors of all of them. */
export async function startBrowser(t) {
  const browser = await chromium.launch({ executablePath: process.env.TROUPE_CHROMIUM, args: flags });
  t.after(() => browser.close());
  const context = await browser.newContext();
  const faults = [];
  const tab = async (url) => {
    const page = await context.newPage();
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => { if (message.type() === "error") faults.push(message.text()); });
    await page.goto(url);
    return page;
  };
  return { browser, tab, faults };
}
