package main

import (
	"fmt"
	"syscall"
	"time"

	"github.com/containerd/containerd"
	"github.com/containerd/containerd/api/events"
	"github.com/containerd/typeurl"
)

// Waits, so many times, for a task that runs, which is ended then.
func await(b *bench) (func() (string, error), error) {
	container, err := b.client.LoadContainer(b.ctx, b.argument)
	if err != nil {
		return nil, err
	}
	task, err := container.Task(b.ctx, nil)
	if err != nil {
		return nil, err
	}
	return func() (string, error) {
		var exits []<-chan containerd.ExitStatus
		for i := 0; i < b.count; i++ {
			exit, err := task.Wait(b.ctx)
			if err != nil {
				return "", err
			}
			exits = append(exits, exit)
		}
		if err := task.Kill(b.ctx, syscall.SIGKILL); err != nil {
			return "", err
		}
		var code uint32
		for _, exit := range exits {
			status := <-exit
			if status.Error() != nil {
				return "", status.Error()
			}
			code = status.ExitCode()
		}
		return fmt.Sprint(len(exits), ",", code), nil
	}, nil
}

// Receives what the daemon holds back: what is published before anybody reads.
func receiveEvents(b *bench) (func() (string, error), error) {
	service := b.client.EventService()
	envelopes, failures := service.Subscribe(b.ctx, `topic=="/bench/probe"`, `topic=="/bench/exit"`)
	event := &events.TaskExit{ContainerID: "bench", ID: "bench", Pid: 1, ExitStatus: 3, ExitedAt: time.Now()}
	for subscribed := false; !subscribed; { // the daemon doesn't say when it is
		if err := service.Publish(b.ctx, "/bench/probe", event); err != nil {
			return nil, err
		}
		select {
		case <-envelopes:
			subscribed = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	for i := 0; i < b.count; i++ {
		if err := service.Publish(b.ctx, "/bench/exit", event); err != nil {
			return nil, err
		}
	}
	return func() (string, error) {
		received, status := 0, uint32(0)
		for received < b.count {
			select {
			case envelope := <-envelopes:
				if envelope.Topic != "/bench/exit" {
					continue
				}
				decoded, err := typeurl.UnmarshalAny(envelope.Event)
				if err != nil {
					return "", err
				}
				status = decoded.(*events.TaskExit).ExitStatus
				received++
			case err := <-failures:
				return "", err
			}
		}
		return fmt.Sprint(received, ",", status), nil
	}, nil
}
