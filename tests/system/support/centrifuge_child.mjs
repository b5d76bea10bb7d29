// A client in a process of its own, to be killed: connects to the URL, subscribes to the channel, says its id.
import { Centrifuge } from "centrifuge";
import WebSocket from "ws";

const [url, channel] = process.argv.slice(2);
const client = new Centrifuge(url, { websocket: WebSocket });
let id;
client.on("connected", (context) => { id = context.client; });
const subscription = client.newSubscription(channel);
subscription.on("subscribed", () => console.log(id));
subscription.subscribe();
client.connect();
