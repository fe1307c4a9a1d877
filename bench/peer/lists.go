package main

import (
	"fmt"

	"github.com/containerd/containerd/content"
)

const listings = 15

// repeat lists several times; list returns how many there are.
func (b *bench) repeat(list func() (int, error)) (func() (string, error), error) {
	return func() (did string, err error) {
		for i := 0; i < listings && err == nil; i++ {
			err = b.lap(func() error {
				count, err := list()
				did = fmt.Sprint(count)
				return err
			})
		}
		return did, err
	}, nil
}

func containers(b *bench) (func() (string, error), error) {
	return b.repeat(func() (int, error) {
		list, err := b.client.Containers(b.ctx)
		return len(list), err
	})
}

func imageList(b *bench) (func() (string, error), error) {
	return b.repeat(func() (int, error) {
		list, err := b.client.ListImages(b.ctx)
		return len(list), err
	})
}

func walk(b *bench) (func() (string, error), error) {
	return b.repeat(func() (count int, err error) {
		err = b.client.ContentStore().Walk(b.ctx, func(content.Info) error {
			count++
			return nil
		})
		return count, err
	})
}
