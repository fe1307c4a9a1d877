// A registry that is far away: throttle HOST:PORT prints the address of a proxy in front of it, whose every connection gives
// 5 MB/s at a round trip of 40 ms.
package main

import (
	"fmt"
	"log"
	"net"
	"os"
	"time"
)

const (
	bytesPerSecond = 5_000_000
	oneWay         = 20 * time.Millisecond
	pieceSize      = 16 << 10
	windowPieces   = 64 // what is under way: more than the line holds at that speed and delay
)

type piece struct {
	bytes []byte
	due   time.Time
}

// carry copies what comes on one side to the other, late, and at most so many bytes a second (0: at any speed).
func carry(to, from *net.TCPConn, speed int) {
	line := make(chan piece, windowPieces)
	go func() {
		defer close(line)
		free := time.Now() // when the line has sent what it was given
		for {
			buffer := make([]byte, pieceSize)
			count, err := from.Read(buffer)
			if err != nil {
				return
			}
			if now := time.Now(); free.Before(now) {
				free = now
			}
			if speed > 0 {
				free = free.Add(time.Duration(count) * time.Second / time.Duration(speed))
			}
			line <- piece{buffer[:count], free.Add(oneWay)}
		}
	}()
	for p := range line {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.bytes); err != nil {
			from.CloseRead()
			break
		}
	}
	to.CloseWrite()
	for range line { // until the reader has seen that it's over
	}
}

func serve(client *net.TCPConn, registry *net.TCPAddr) {
	defer client.Close()
	time.Sleep(2 * oneWay) // for the connection itself
	server, err := net.DialTCP("tcp", nil, registry)
	if err != nil {
		return
	}
	defer server.Close()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		carry(server, client, 0)
	}()
	carry(client, server, bytesPerSecond)
	client.CloseRead()
	<-asked
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: throttle HOST:PORT")
	}
	registry, err := net.ResolveTCPAddr("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	for {
		client, err := listener.AcceptTCP()
		if err != nil {
			log.Fatal(err)
		}
		go serve(client, registry)
	}
}
