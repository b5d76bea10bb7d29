// Figures as people read them. What is not known is a dash.

const notKnown = "–";
const sizes = ["B", "KiB", "MiB", "GiB", "TiB"];
const times = [["ns", 1], ["µs", 1e3], ["ms", 1e6], ["s", 1e9], ["min", 60e9], ["h", 3600e9], ["d", 86400e9]];

const digits = (value) => {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
};

function bytes(value) {
  let unit = 0;
  for (; Math.abs(value) >= 1024 && unit < sizes.length - 1; unit += 1) value /= 1024;
  return `${digits(value)} ${sizes[unit]}`;
}

function duration(nanoseconds) {
  const [unit, size] = times.findLast(([, least]) => Math.abs(nanoseconds) >= least) ?? times[0];
  return `${digits(nanoseconds / size)} ${unit}`;
}

const kinds = { bytes, count: digits, duration, share: (value) => `${Math.round(value * 100)} %`, text: String };

/** @param kind one of the names above */
export const format = (kind, value) =>
  (value === null || value === undefined || value === "" ? notKnown : kinds[kind](value));

// The console answers plain numbers: the name of a column tells what they are.
const texts = new Set(["actor", "channel", "groups", "id", "initiator", "kind", "labels", "last_message", "name", "peer",
  "protocol", "reason", "text", "title", "tls", "user"]);
const durations = new Set(["age", "ago", "busy", "handle_p50", "handle_p99", "idle", "longest_turn", "oldest_queued",
  "rtt", "rtt_max", "rtt_min", "uptime"]);

/** The kind of a column of any answer. */
export function kindOf(column) {
  if (texts.has(column)) return "text";
  if (column === "load") return "share";
  if (column.includes("bytes")) return "bytes";
  return durations.has(column) ? "duration" : "count";
}

/** A cell of any answer. */
export const cell = (column, value) => format(typeof value === "number" ? kindOf(column) : "text", value);
