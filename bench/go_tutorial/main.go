// Troupe: actor-model real-time WebSocket server. SPDX-License-Identifier: MIT

// A broadcast server as Go tutorials write it: one goroutine per connection, all connections in a
// sync.Map, a mutex for each because a gorilla connection has room for one writer only.
package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/gorilla/websocket"
)

type client struct {
	sync.Mutex
	conn *websocket.Conn
}

var (
	clients  sync.Map // *client -> struct{}
	upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
)

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	defer conn.Close()
	self := &client{conn: conn}
	clients.Store(self, struct{}{})
	defer clients.Delete(self)
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		clients.Range(func(key, _ any) bool {
			to := key.(*client)
			to.Lock()
			defer to.Unlock()
			if to.conn.WriteMessage(kind, message) != nil {
				to.conn.Close()
			}
			return true
		})
	}
}

func main() {
	port := "0"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/ws", serve)
	log.Print("listening on ", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, nil))
}
