package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/containerd/containerd/content"
	digest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// The argument is the file's path and its digest.
func ingest(b *bench) (func() (string, error), error) {
	words := strings.Fields(b.argument)
	file, err := os.Open(words[0])
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	blob := ocispec.Descriptor{Digest: digest.Digest(words[1]), Size: info.Size()}
	return func() (string, error) {
		defer file.Close()
		label := content.WithLabels(map[string]string{"containerd.io/gc.root": "bench"})
		err := content.WriteBlob(b.ctx, b.client.ContentStore(), "bench", file, blob, label)
		return fmt.Sprintf("%s,%d", blob.Digest, blob.Size), err
	}, nil
}

// Each ReadAt is a call, so large pieces are the fastest way.
func read(b *bench) (func() (string, error), error) {
	return func() (string, error) {
		blob := ocispec.Descriptor{Digest: digest.Digest(b.argument)}
		reader, err := b.client.ContentStore().ReaderAt(b.ctx, blob)
		if err != nil {
			return "", err
		}
		defer reader.Close()
		var size int64
		piece := make([]byte, 1<<20)
		for size < reader.Size() {
			count, err := reader.ReadAt(piece, size)
			size += int64(count)
			if err != nil && err != io.EOF {
				return "", err
			}
		}
		return fmt.Sprint(size), nil
	}, nil
}
