// Troupe's page: one WebSocket, what arrives on it, and a field to send from.
//
// The group is the URL's fragment (#news talks to /ws/news), so that a link leads to it.
// Bounded by: maxShown messages in the page, maxWaiting not shown yet, maxUnsent bytes not sent yet.

const maxShown = 500;
const maxWaiting = 500;
const maxUnsent = 1024 * 1024;
const retryBase = 500; // milliseconds
const retryMax = 15_000;
const steadyAfter = 5_000; // open for so long: the next retry starts from retryBase again

const find = (id) => document.getElementById(id);
const [scroller, list, stateLine, reconnectButton] = ["scroller", "messages", "state", "reconnect"].map(find);
const [groupForm, groupField, sendForm, textField, sendButton] =
  ["group-form", "group", "send-form", "text", "send"].map(find);

let socket = null;
let failures = 0;
let retryTimer = 0;
let steadyTimer = 0;
let lastEnd = ""; // how the connection ended that was open last
let lastSent = "";
let awaitingEcho = []; // own texts that the server has not delivered back yet, oldest first
let waiting = []; // messages received and not shown yet

const currentGroup = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return ""; // a fragment somebody cut in the middle of an escape
  }
};

function endpoint() {
  const group = currentGroup();
  const url = new URL(group ? `ws/${encodeURIComponent(group)}` : "ws", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url;
}

function showState(state, text) {
  stateLine.dataset.state = state;
  stateLine.textContent = text;
  reconnectButton.hidden = state !== "waiting";
  sendButton.disabled = state !== "open";
}

// --- connection ---

function connect() {
  clearTimeout(retryTimer);
  showState("connecting", "Connecting…");
  const opening = new WebSocket(endpoint());
  opening.binaryType = "arraybuffer";
  socket = opening;
  opening.onopen = () => {
    lastEnd = "Connection lost";
    steadyTimer = setTimeout(() => { failures = 0; }, steadyAfter);
    const group = currentGroup();
    showState("open", group ? `Connected to ${group}` : "Connected");
  };
  opening.onmessage = (event) => {
    if (opening === socket) receive(event.data);
  };
  opening.onclose = (event) => {
    if (opening === socket) retryLater(event);
  };
}

function leave() {
  const closing = socket;
  socket = null;
  clearTimeout(steadyTimer);
  awaitingEcho = [];
  closing?.close(1000);
}

function retryLater(event) {
  leave();
  // A server that comes back is not met by everyone at once: it may have dealt the times out, else full jitter.
  const dealt = /; retry in (\d+) ms$/.exec(event.reason);
  const delay = dealt ? Number(dealt[1]) : Math.random() * Math.min(retryMax, retryBase * 2 ** failures);
  failures = Math.min(failures + 1, 10);
  if (event.code !== 1006) lastEnd = `Closed: ${event.code} ${event.reason}`.trim();
  showState("waiting", `${lastEnd || "No connection"}. Next try in ${Math.ceil(delay / 1000)} s`);
  retryTimer = setTimeout(connect, delay);
}

function reconnect() {
  leave();
  connect();
}

// --- messages ---

function receive(data) {
  const message = { at: new Date(), mine: false, note: "", text: data, odd: "" };
  if (data instanceof ArrayBuffer) {
    const head = Array.from(new Uint8Array(data, 0, Math.min(data.byteLength, 16)),
      (byte) => byte.toString(16).padStart(2, "0"));
    message.text = "";
    message.odd = `${data.byteLength} bytes of binary${head.length ? `: ${head.join(" ")}` : ""}`;
    if (data.byteLength > 16) message.odd += " …";
  } else {
    if (data === "") message.odd = "empty message";
    // The server keeps each sender's order, so our own messages come back oldest first.
    if (awaitingEcho.length > 0 && awaitingEcho[0].text === data) {
      message.mine = true;
      message.note = `you, ${Math.round(performance.now() - awaitingEcho.shift().at)} ms`;
    }
  }
  waiting.push(message);
  if (waiting.length > maxWaiting) waiting.shift();
  if (waiting.length === 1) setTimeout(showWaiting, 16);
}

function row(message) {
  const item = document.createElement("li");
  item.classList.toggle("mine", message.mine);
  const time = document.createElement("time");
  time.dateTime = message.at.toISOString();
  time.textContent = message.at.toLocaleTimeString();
  const text = document.createElement("span");
  text.className = message.odd ? "text odd" : "text";
  text.textContent = message.odd || message.text;
  const note = document.createElement("span");
  note.className = "note";
  note.textContent = message.note;
  item.append(time, text, note);
  return item;
}

function showWaiting() {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
  list.append(...waiting.map(row));
  waiting = [];
  while (list.childElementCount > maxShown) list.firstElementChild.remove();
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

function send(text) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  if (socket.bufferedAmount > maxUnsent) {
    showState("open", "Connected, but sending is slow: wait a moment");
    return false;
  }
  socket.send(text);
  awaitingEcho.push({ text, at: performance.now() });
  if (awaitingEcho.length > maxWaiting) awaitingEcho.shift(); // a server that does not echo
  lastSent = text;
  return true;
}

// --- what the person does ---

sendForm.addEventListener("submit", (event) => {
  event.preventDefault();
  if (textField.value !== "" && send(textField.value)) textField.value = "";
  textField.focus();
});

textField.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    sendForm.requestSubmit();
  } else if (event.key === "ArrowUp" && textField.value === "") {
    event.preventDefault();
    textField.value = lastSent;
  }
});

groupForm.addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = encodeURIComponent(groupField.value.trim());
  textField.focus();
});

function enterGroup() {
  groupField.value = currentGroup();
  list.replaceChildren();
  waiting = [];
  failures = 0;
  reconnect();
}

groupField.addEventListener("change", () => groupForm.requestSubmit());
reconnectButton.addEventListener("click", reconnect);
window.addEventListener("hashchange", enterGroup);
window.addEventListener("online", () => {
  if (stateLine.dataset.state === "waiting") reconnect();
});
enterGroup();
