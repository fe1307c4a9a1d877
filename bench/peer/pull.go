package main

import (
	"fmt"

	"github.com/containerd/containerd"
)

// A warm pull is this row on what an earlier pull left.
func pull(b *bench) (func() (string, error), error) {
	return func() (string, error) {
		var image containerd.Image
		for i := 0; i < b.count; i++ {
			if err := b.lap(func() (err error) {
				image, err = b.client.Pull(b.ctx, b.argument, containerd.WithPullUnpack)
				return err
			}); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("%s,%s", image.Name(), image.Target().Digest), nil
	}, nil
}
