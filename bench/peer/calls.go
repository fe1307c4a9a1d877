package main

import (
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"
)

const flights = 8

func version(b *bench) (func() (string, error), error) {
	return func() (did string, err error) {
		for i := 0; i < b.count && err == nil; i++ {
			err = b.lap(func() error {
				answer, err := b.client.Version(b.ctx)
				did = answer.Version
				return err
			})
		}
		return did, err
	}, nil
}

func inflight(b *bench) (func() (string, error), error) {
	return func() (string, error) {
		var group errgroup.Group
		for i := 0; i < flights; i++ {
			group.Go(func() error {
				for i := 0; i < b.count/flights; i++ {
					if _, err := b.client.Version(b.ctx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return fmt.Sprint(b.count), group.Wait()
	}, nil
}

// What counts is when the first line comes out of the process.
func start(b *bench) (func() (string, error), error) {
	answer, err := b.client.Version(b.ctx)
	if err != nil {
		return nil, err
	}
	fmt.Println(answer.Version)
	os.Stdout.Sync()
	return func() (string, error) { return answer.Version, nil }, nil
}
