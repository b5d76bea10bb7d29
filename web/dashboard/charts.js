// The last five minutes as charts. Counters of the loops become what came in between, a second.
// Bounded by: `kept` samples; nothing is stored.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { format } from "./format.js";

const kept = 300;
const height = 170;

// Of the axis that shows a kind: which steps it may take, and how much it shows at least.
const decimal = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();
const scales = {
  count: { steps: decimal, least: 1 },
  bytes: { steps: Array.from({ length: 44 }, (_, power) => 2 ** power), least: 1024 },
  share: { steps: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1], least: 0.05 },
};
const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

const sum = (rows, name) => rows.reduce((all, row) => all + row[name], 0);
const total = (name) => (now) => sum(now.rows, name);
/** A counter that went down belongs to a server that was started again. */
const rate = (name) => (now, before) => {
  const more = before ? sum(now.rows, name) - sum(before.rows, name) : -1;
  return more < 0 ? null : more / (now.seconds - before.seconds);
};
const busyShares = (now, before) => {
  if (!before || before.rows.length !== now.rows.length) return [];
  return now.rows.map((row, i) => (row.busy - before.rows[i].busy) / 1e9 / (now.seconds - before.seconds))
    .filter((share) => share >= 0);
};
const busiest = (now, before) => {
  const shares = busyShares(now, before);
  return shares.length ? Math.max(...shares) : null;
};
const meanShare = (now, before) => {
  const shares = busyShares(now, before);
  return shares.length ? shares.reduce((a, b) => a + b, 0) / shares.length : null;
};

const charts = [
  { title: "Connections", kind: "count", series: [["open", total("connections")]] },
  { title: "Messages a second", kind: "count",
    series: [["in", rate("messages_in")], ["out", rate("messages_queued")], ["dropped", rate("messages_dropped")]] },
  { title: "Sent a second", kind: "bytes", series: [["bytes", rate("bytes_out")]] },
  { title: "Waiting in queues", kind: "bytes", series: [["bytes", total("queued_bytes")]] },
  { title: "Channels", kind: "count",
    series: [["alive", total("channels")], ["publications a second", rate("publications")]] },
  { title: "Time loops are busy", kind: "share", series: [["busiest", busiest], ["mean", meanShare]] },
];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

class Chart {
  #data;
  #plot;
  #figures;
  #sources;

  constructor({ title, kind, series }, into) {
    this.kind = kind;
    this.#sources = series.map(([, source]) => source);
    this.#data = [[], ...series.map(() => [])];
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const heading = document.createElement("h2");
    heading.textContent = title;
    caption.append(heading);
    this.#figures = series.map(([name], i) => {
      const item = document.createElement("p");
      item.className = `series-${i + 1}`;
      const value = document.createElement("output");
      value.setAttribute("aria-label", `${title}: ${name}`);
      item.append(value, ` ${name}`);
      caption.append(item);
      return value;
    });
    const canvas = document.createElement("div");
    canvas.setAttribute("aria-hidden", "true"); // its last figures stand in the caption
    figure.append(caption, canvas);
    into.append(figure);
    this.#plot = new uPlot(this.#options(series), this.#data, canvas);
    new ResizeObserver(() => this.#plot.setSize({ width: Math.max(canvas.clientWidth, 100), height })).observe(canvas);
  }

  #options(series) {
    const { steps, least } = scales[this.kind];
    const axis = { stroke: () => color("--faint"), grid: { stroke: () => color("--line"), width: 1 }, ticks: { show: false } };
    return {
      width: 300,
      height,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, least)] } },
      axes: [
        { ...axis, size: 30, space: 80, values: (_, all) => all.map((at) => clock.format(at * 1000)) },
        { ...axis, size: 70, incrs: steps, values: (_, all) => all.map((value) => format(this.kind, value)) },
      ],
      series: [{}, ...series.map((_, i) => ({
        stroke: () => color(`--series-${i + 1}`), width: 1.5, points: { show: false },
      }))],
    };
  }

  add(at, now, before) {
    const values = now ? this.#sources.map((source) => source(now, before)) : this.#sources.map(() => null);
    [at, ...values].forEach((value, i) => {
      this.#data[i].push(value);
      if (this.#data[i].length > kept) this.#data[i].shift();
    });
    values.forEach((value, i) => { this.#figures[i].textContent = format(this.kind, value); });
    this.draw();
  }

  draw() {
    this.#plot.setData(this.#data);
  }
}

export class Charts {
  #all;
  #before = null;

  constructor(into) {
    this.#all = charts.map((each) => new Chart(each, into));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#all.forEach((each) => each.draw()));
  }

  /** @param rows of the command loops; null when the server did not answer: a gap. */
  add(rows) {
    const now = rows && { rows, seconds: performance.now() / 1000 };
    for (const each of this.#all) each.add(Date.now() / 1000, now, this.#before);
    this.#before = now;
  }
}
