// Clients of another network namespace: connects argv[3] of them to argv[2], says so, and stays.
import { Client } from "../../system/support/client.mjs";

const [, , url, count] = process.argv;
await Promise.all(Array.from({ length: Number(count) }, async () => {
  const client = await Client.open(url);
  client.take = () => {};
}));
console.log("connected");
