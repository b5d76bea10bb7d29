// What an operator can do, each a command of the console behind a form that asks first.
import { quoted, run } from "./command.js";

const find = (id) => document.getElementById(id);
const [dialog, form, title, question, fields, fault, confirm] =
  ["action", "action-form", "action-title", "action-question", "action-fields", "action-fault", "action-do"].map(find);

const text = { name: "text", label: "Text", rows: 3, required: true };
const closing = [
  { name: "code", label: "Close code", type: "number", min: 3000, max: 4999, value: 4001, required: true },
  { name: "reason", label: "Reason", value: "kicked", maxLength: 123 },
];

/** Connections as the commands kick and send name them. */
export const target = (kind, name) => ({ words: `${kind} ${quoted(name)}`, text: `${kind === "conn" ? "connection" : kind} ${name}` });
export const everyone = { words: "everyone", text: "every connection" };

/** By the name of their command: how they are called, what they ask, and the command's words. */
const actions = {
  kick: {
    label: "Disconnect", fields: closing,
    question: (to) => `Closes ${to.text}. Clients may come back.`,
    words: (to, { code, reason }) => `kick ${to.words} code ${code} reason ${quoted(reason)}`,
  },
  send: {
    label: "Send", fields: [text],
    question: (to) => `Sends a message to ${to.text}, as far as it is one of /ws.`,
    words: (to, { text }) => `send ${to.words} ${text}`,
  },
  publish: {
    label: "Publish", fields: [{ name: "data", label: "Data", rows: 3, value: '{"text":"hello"}', required: true }],
    question: (channel) => `Publishes to all subscribers of ${channel}.`,
    words: (channel, { data }) => `publish ${quoted(channel)} ${data}`,
  },
  kill: {
    label: "Kill", fields: [],
    question: (actor) => `Makes actor ${actor} fail, as an error in it would, so that it is started again.`,
    words: (actor) => `kill ${actor}`,
  },
  loglevel: {
    label: "Log level", fields: [{ name: "level", label: "Level", options: ["debug", "info", "warning", "error"], value: "info" }],
    question: () => "Changes what is logged until the next start.",
    words: (_, { level }) => `loglevel ${level}`,
  },
  drain: {
    label: "Drain", fields: [{ name: "word", label: "Type drain to go on", pattern: "drain", required: true }],
    question: () => "Closes everyone at drain.rate; then the server exits.",
    words: () => "drain",
  },
};

let submit = () => {};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(Object.fromEntries(new FormData(form)));
});

function field({ name, label, options, rows, value = "", ...attributes }) {
  const holder = document.createElement("label");
  const input = document.createElement(options ? "select" : rows ? "textarea" : "input");
  for (const option of options ?? []) input.add(new Option(option));
  Object.assign(input, { name, autocomplete: "off", spellcheck: false, ...attributes, ...(rows && { rows }), value });
  holder.append(label, input);
  return holder;
}

/** Asks, then acts. Calls done(sentence) when it is done. */
function ask(name, on, done) {
  const { label, fields: wanted, question: asks, words } = actions[name];
  title.textContent = label;
  question.textContent = asks(on);
  fields.replaceChildren(...wanted.map(field));
  fault.textContent = "";
  confirm.textContent = label;
  submit = async (given) => {
    confirm.disabled = true;
    try {
      const { notes } = await run(words(on, given));
      dialog.close();
      done(notes.join(" "));
    } catch (error) {
      fault.textContent = error.message;
    } finally {
      confirm.disabled = false;
    }
  };
  dialog.showModal();
}

/** A button for each action that may be done. @param may names of commands. @param wanted [name, on] of actions. */
export function buttonsFor(may, wanted, done) {
  return wanted.filter(([name]) => may.has(name)).map(([name, on, label = actions[name].label]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${label}…`;
    button.addEventListener("click", () => ask(name, on, done));
    return button;
  });
}
