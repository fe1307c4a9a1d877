package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/containerd/containerd"
	"github.com/containerd/containerd/cio"
	"github.com/containerd/containerd/oci"
)

func (b *bench) create(id string, image containerd.Image, opts ...oci.SpecOpts) (containerd.Container, error) {
	opts = append([]oci.SpecOpts{oci.WithImageConfig(image)}, opts...)
	return b.client.NewContainer(b.ctx, id,
		containerd.WithImage(image), containerd.WithNewSnapshot(id, image), containerd.WithNewSpec(opts...))
}

// The image's user is a name; the containers stay.
func newContainer(b *bench) (func() (string, error), error) {
	image, err := b.client.GetImage(b.ctx, b.argument)
	if err != nil {
		return nil, err
	}
	return func() (did string, err error) {
		for i := 0; i < b.count && err == nil; i++ {
			err = b.lap(func() error {
				container, err := b.create(fmt.Sprintf("bench-%d", i), image)
				if err == nil {
					did = container.ID()
				}
				return err
			})
		}
		return did, err
	}, nil
}

// runTask starts a task, calls running, waits for the exit and deletes the task.
func (b *bench) runTask(container containerd.Container, io cio.Creator, running func(containerd.Task) error) (uint32, error) {
	task, err := container.NewTask(b.ctx, io)
	if err != nil {
		return 0, err
	}
	exits, err := task.Wait(b.ctx)
	if err != nil {
		return 0, err
	}
	if err := task.Start(b.ctx); err != nil {
		return 0, err
	}
	if err := running(task); err != nil {
		return 0, err
	}
	exit := <-exits
	_, err = task.Delete(b.ctx)
	return exit.ExitCode(), err
}

func lifecycle(b *bench) (func() (string, error), error) {
	image, err := b.client.GetImage(b.ctx, b.argument)
	if err != nil {
		return nil, err
	}
	once := func() (uint32, error) {
		container, err := b.create("bench", image, oci.WithProcessArgs("true"))
		if err != nil {
			return 0, err
		}
		defer container.Delete(b.ctx, containerd.WithSnapshotCleanup)
		return b.runTask(container, cio.NullIO, func(containerd.Task) error { return nil })
	}
	return func() (did string, err error) {
		for i := 0; i < b.count && err == nil; i++ {
			err = b.lap(func() error {
				code, err := once()
				did = fmt.Sprint(code)
				return err
			})
		}
		return did, err
	}, nil
}

// The example with redis: instead of for three seconds it runs until it's ready.
func redis(b *bench) (func() (string, error), error) {
	return func() (string, error) {
		image, err := b.client.Pull(b.ctx, b.argument, containerd.WithPullUnpack)
		if err != nil {
			return "", err
		}
		container, err := b.create("redis-server", image)
		if err != nil {
			return "", err
		}
		defer container.Delete(b.ctx, containerd.WithSnapshotCleanup)
		out, in := io.Pipe()
		code, err := b.runTask(container, cio.NewCreator(cio.WithStreams(nil, in, io.Discard)), func(task containerd.Task) error {
			lines := bufio.NewScanner(out)
			for lines.Scan() && !strings.Contains(lines.Text(), "Ready to accept") {
			}
			go io.Copy(io.Discard, out)
			return task.Kill(b.ctx, syscall.SIGTERM)
		})
		return fmt.Sprint(code), err
	}, nil
}
