// Troupe's dashboard: signs in, shows the view that the address names, keeps it fresh, acts.
//
// All it shows comes from commands of the console. Nothing is asked while nobody looks at the page.
import { buttonsFor, everyone } from "./actions.js";
import { Charts } from "./charts.js";
import { Refused, run, token } from "./command.js";
import { openDetails } from "./details.js";
import "./style.css";
import { TableView } from "./table_view.js";
import { tables } from "./tables.js";

const chartEvery = 1_000; // milliseconds
const tableEvery = 2_000;
const doneShown = 10_000;

const find = (id) => document.getElementById(id);
const [inside, outside, tabs, state, signOut, done] = ["inside", "outside", "tabs", "state", "sign-out", "done"].map(find);
const [overview, signIn, tokenField, refusal] = ["overview", "sign-in", "token", "refusal"].map(find);

const views = ["overview", ...Object.keys(tables)];
const currentView = () => (views.includes(location.hash.slice(1)) ? location.hash.slice(1) : views[0]);

let may = new Set(); // commands that this token may run
let charts = null;
const tableView = new TableView((table, key) => openDetails(table, key, may, actionDone));

// --- who looks ---

function showSignIn(why = "") {
  may = new Set();
  inside.hidden = tabs.hidden = signOut.hidden = true;
  outside.hidden = false;
  state.textContent = "";
  refusal.textContent = why;
  for (const open of document.querySelectorAll("dialog[open]")) open.close();
  tokenField.focus();
}

async function enter() {
  const { result, role } = await run("help");
  may = new Set(result.filter((one) => one.for === role || one.for !== "operator").map((one) => one.command));
  outside.hidden = true;
  inside.hidden = tabs.hidden = signOut.hidden = false;
  refusal.textContent = tokenField.value = "";
  state.textContent = role;
  charts ??= new Charts(find("charts"));
  find("node-actions").replaceChildren(...buttonsFor(may,
    [["send", everyone, "Send to everyone"], ["kick", everyone, "Disconnect everyone"], ["loglevel"], ["drain"]], actionDone));
  await showView();
}

function leave(why) {
  token.forget();
  showSignIn(why);
}

signIn.addEventListener("submit", async (event) => {
  event.preventDefault();
  token.set(tokenField.value.trim());
  try {
    await enter();
  } catch (error) {
    leave(error.message);
  }
});
signOut.addEventListener("click", () => leave());

// --- what is shown ---

tabs.append(...views.map((view) => {
  const link = document.createElement("a");
  link.href = `#${view}`;
  link.textContent = view === "overview" ? "Overview" : tables[view].tab;
  return link;
}));

async function showView() {
  const view = currentView();
  for (const link of tabs.children) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  overview.hidden = view !== "overview";
  await tableView.show(view === "overview" ? "" : view);
}

window.addEventListener("hashchange", () => { if (!inside.hidden) watched(showView); });

for (const button of document.querySelectorAll("[data-closes]"))
  button.addEventListener("click", () => button.closest("dialog").close());

let doneTimer = 0;
function actionDone(sentence) {
  clearTimeout(doneTimer);
  done.textContent = sentence;
  doneTimer = setTimeout(() => { done.textContent = ""; }, doneShown);
  if (tableView.isLive) watched(() => tableView.refresh());
}

// --- what is fresh ---

/** A token that is good no more ends the visit, whatever finds it out. */
async function watched(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    leave(error.message);
  }
}

/** Again and again, the next time counted from the end of the last. */
async function repeat(every, work) {
  if (!inside.hidden && !document.hidden) await watched(work);
  setTimeout(() => repeat(every, work), every);
}

repeat(chartEvery, async () => {
  try {
    charts.add((await run("loops")).result);
    state.dataset.state = "open";
  } catch (error) {
    if (error instanceof Refused) throw error;
    charts.add(null);
    state.dataset.state = "waiting";
  }
});
repeat(tableEvery, async () => {
  if (tableView.isLive) await tableView.refresh();
});

if (token.get()) enter().catch((error) => (error instanceof Refused ? leave(error.message) : showSignIn(error.message)));
else showSignIn();
