package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ownCPU is the time that this process has used, in seconds.
func ownCPU() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

// daemonCPU is the daemon's, summed over its threads, which stay.
func daemonCPU() (seconds float64) {
	files, _ := filepath.Glob("/proc/" + os.Getenv("BENCH_DAEMON") + "/task/*/schedstat")
	for _, file := range files {
		var nanoseconds float64
		text, _ := os.ReadFile(file)
		fmt.Sscan(string(text), &nanoseconds)
		seconds += nanoseconds / 1e9
	}
	return seconds
}

// ownMemory is the peak of this process's resident set, in KiB, and how many threads it has.
func ownMemory() (rss, threads int) {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		fmt.Sscanf(line, "VmHWM: %d", &rss)
		fmt.Sscanf(line, "Threads: %d", &threads)
	}
	return rss, threads
}

// daemonRPCs is how many calls the daemon has been asked for.
func daemonRPCs() (calls int) {
	response, err := http.Get(os.Getenv("BENCH_METRICS"))
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		var count float64
		if line := lines.Text(); strings.HasPrefix(line, "grpc_server_started_total{") {
			fmt.Sscan(line[strings.LastIndexByte(line, ' '):], &count)
			calls += int(count)
		}
	}
	return calls
}
