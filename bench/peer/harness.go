package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/containerd/containerd"
	"github.com/containerd/containerd/namespaces"
)

type bench struct {
	ctx      context.Context
	client   *containerd.Client
	count    int
	argument string // an image's reference, a file's path or a blob's digest
	laps     []time.Duration
}

// A row prepares what isn't measured and returns what is, which tells what it did.
type row func(b *bench) (func() (string, error), error)

// lap measures one of many; their median is the row's time then.
func (b *bench) lap(work func() error) error {
	began := time.Now()
	err := work()
	b.laps = append(b.laps, time.Since(began))
	return err
}

func (b *bench) seconds(total time.Duration) float64 {
	if len(b.laps) == 0 {
		return total.Seconds()
	}
	sort.Slice(b.laps, func(i, j int) bool { return b.laps[i] < b.laps[j] })
	return b.laps[len(b.laps)/2].Seconds()
}

func run(r row) error {
	namespace := os.Getenv("CONTAINERD_NAMESPACE")
	client, err := containerd.New(os.Getenv("CONTAINERD_ADDRESS"), containerd.WithDefaultNamespace(namespace))
	if err != nil {
		return err
	}
	defer client.Close()
	count, err := strconv.Atoi(os.Getenv("BENCH_COUNT"))
	if err != nil {
		return err
	}
	b := &bench{
		ctx:      namespaces.WithNamespace(context.Background(), namespace),
		client:   client,
		count:    count,
		argument: os.Getenv("BENCH_ARGUMENT"),
	}
	work, err := r(b)
	if err != nil {
		return err
	}
	return b.measure(work)
}

func (b *bench) measure(work func() (string, error)) error {
	rpcs := daemonRPCs()
	daemon, own, began := daemonCPU(), ownCPU(), time.Now()
	did, err := work()
	if err != nil {
		return err
	}
	seconds := b.seconds(time.Since(began))
	cpu, daemon := ownCPU()-own, daemonCPU()-daemon
	rss, threads := ownMemory()
	fmt.Printf("seconds=%.9f cpu=%.6f daemon=%.6f rss=%d threads=%d rpcs=%d did=%s\n",
		seconds, cpu, daemon, rss, threads, daemonRPCs()-rpcs, did)
	return nil
}
