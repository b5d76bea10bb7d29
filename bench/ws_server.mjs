// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT
//
// A broadcast server as the README of npm "ws" writes it.
import { WebSocket, WebSocketServer } from 'ws';

const port = Number(process.argv[2] ?? 0);
const server = new WebSocketServer({ host: '127.0.0.1', port, path: '/ws', backlog: 4096 }, () => {
  console.log(`listening on ${server.address().port}`);
});

server.on('connection', (client) => {
  client.on('error', () => client.terminate());
  client.on('message', (data, isBinary) => {
    for (const other of server.clients) {
      if (other.readyState === WebSocket.OPEN) other.send(data, { binary: isBinary });
    }
  });
});
