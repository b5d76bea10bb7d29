// Everything that is known of one row, and what may be done with it.
import { buttonsFor, target } from "./actions.js";
import { quoted, run } from "./command.js";
import { cell } from "./format.js";

const find = (id) => document.getElementById(id);
const [dialog, title, fault, list, buttons] =
  ["details", "details-title", "details-fault", "details-list", "details-actions"].map(find);

const connection = {
  title: (id) => `Connection ${id}`,
  command: (id) => `conn ${id}`,
  lists: ["subscriptions"],
  actions: (id) => [["kick", target("conn", id)], ["send", target("conn", id)]],
};

/** By the table that the row is in. */
const kinds = {
  connections: connection,
  closed: { ...connection, actions: () => [] },
  channels: {
    title: (name) => `Channel ${name}`,
    command: (name) => `channel ${quoted(name)}`,
    actions: (name) => [["publish", name]],
  },
  actors: {
    title: (number) => `Actor ${number}`,
    command: (number) => `actor ${number}`,
    actions: (number) => [["kill", number]],
  },
  users: {
    title: (user) => `User ${user}`,
    command: (user) => `why ${quoted(user)}`,
    actions: (user) => [["kick", target("user", user)], ["send", target("user", user)]],
  },
};

function entry(name, value) {
  const term = document.createElement("dt");
  const text = document.createElement("dd");
  term.textContent = name;
  text.textContent = value;
  return [term, text];
}

const columns = (row) => Object.entries(row).map(([name, value]) => [name, cell(name, value)]);

const sentence = (row) =>
  columns(row).filter(([name]) => row[name] !== null && row[name] !== "").map((words) => words.join(" ")).join(", ");

/** A story becomes its sentences, a row its columns; of tables beside it each row of those in `lists` a sentence. */
function entries({ result, notes }, lists = []) {
  const row = Array.isArray(result) ? result[0] : result;
  const known = Object.entries(row ?? {}).flatMap(([name, value]) => {
    if (Array.isArray(value)) return lists.includes(name) ? value.map((each) => [name, sentence(each)]) : [];
    return value !== null && typeof value === "object" ? columns(value) : columns({ [name]: value });
  });
  return [...notes.map((note) => ["", note]), ...known];
}

/** @param may names of the commands that may be run. @param done called with a sentence after an action. */
export async function openDetails(table, key, may, done) {
  const kind = kinds[table];
  title.textContent = kind.title(key);
  fault.textContent = "";
  list.replaceChildren();
  buttons.replaceChildren(...buttonsFor(may, kind.actions(key), (said) => {
    dialog.close();
    done(said);
  }));
  dialog.showModal();
  try {
    const said = entries(await run(kind.command(key)), kind.lists);
    list.replaceChildren(...said.flatMap(([name, value]) => entry(name, value)));
  } catch (error) {
    fault.textContent = error.message;
  }
}
