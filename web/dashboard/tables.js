// The tables, each a command of the console: what it asks for and which columns it shows.

/** Rows that a command reaches with n and offset. */
export const reach = 10_000;

export const tables = {
  connections: {
    tab: "Connections",
    title: "Connections",
    command: "top conns",
    key: "id",
    sort: "queue_bytes",
    columns: ["id", "user", "peer", "protocol", "queue_bytes", "oldest_queued", "dropped", "msgs_in", "msgs_out",
      "bytes_out", "rtt", "idle", "subs", "age"],
    searched: ["id", "user", "peer", "groups", "labels"],
    example: "queue_bytes > 64KiB and user ~ al",
  },
  channels: {
    tab: "Channels",
    title: "Channels",
    command: "top channels",
    key: "channel",
    sort: "subscribers",
    columns: ["channel", "subscribers", "publications", "published_bytes", "offset", "history", "pending_bytes",
      "mailbox", "handled", "busy", "age"],
    searched: ["channel"],
    example: "subscribers > 100 or channel ~ chat:",
  },
  actors: {
    tab: "Actors",
    title: "Actors",
    command: "top actors",
    key: "actor",
    sort: "busy",
    columns: ["actor", "kind", "title", "mailbox", "mailbox_peak", "handled", "rate", "busy", "handle_p50",
      "handle_p99", "errors", "age", "last_message"],
    searched: ["kind", "name", "title"],
    example: "kind = shard or mailbox > 10",
  },
  users: {
    tab: "Users",
    title: "Users",
    command: "top users",
    key: "user",
    sort: "connections",
    columns: ["user", "connections", "queue_bytes", "dropped", "msgs_in", "msgs_out", "bytes_out", "subs"],
    searched: ["user"],
    example: "connections > 1",
  },
  loops: {
    tab: "Loops",
    title: "I/O loops",
    command: "loops",
    columns: ["loop", "load", "busy", "turns", "longest_turn", "wake_ups", "batches", "sends", "actors", "connections",
      "channels", "messages_in", "messages_queued", "messages_dropped", "bytes_out", "queued_bytes"],
    example: "load > 0.5",
  },
  closed: {
    tab: "Closed",
    title: "The last 10,000 connections that ended",
    command: "closed",
    key: "id",
    sort: "", // newest first
    columns: ["ago", "id", "user", "peer", "reason", "initiator", "sent", "received", "uptime", "queue_bytes", "dropped",
      "rtt", "msgs_in", "msgs_out", "bytes_out", "text"],
    searched: ["id", "user", "peer", "reason"],
    example: "initiator = server and uptime < 5s",
  },
};

/** Loops are few: all are shown, in their order. */
export const isPaged = (table) => table.sort !== undefined;
