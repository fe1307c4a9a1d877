// The work of the rows as a user of the official Go client writes it: peer ROW, with the environment that bench/ours has too.
package main

import (
	"log"
	"os"
)

var rows = map[string]row{
	"version":       version,
	"inflight":      inflight,
	"ingest":        ingest,
	"read":          read,
	"containers":    containers,
	"images":        imageList,
	"walk":          walk,
	"pull":          pull,
	"new_container": newContainer,
	"lifecycle":     lifecycle,
	"redis":         redis,
	"start":         start,
	"await":         await,
	"events":        receiveEvents,
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 || rows[os.Args[1]] == nil {
		log.Fatalf("usage: peer ROW")
	}
	if err := run(rows[os.Args[1]]); err != nil {
		log.Fatalf("%s: %v", os.Args[1], err)
	}
}
