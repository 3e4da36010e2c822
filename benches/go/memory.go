package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

const (
	childOption = "--child"
	// addressSpace is enough for a Go program with a channel of millions. A channel that asks for more takes
	// only a child process with it.
	addressSpace = 4 << 30
	// harmless without a limit.
	harmless = 1_000_000
	// childPatience is for one child.
	childPatience = 20 * time.Second
)

// memory is how many bytes the channel takes, just made in a process of its own; or how that process ends.
func memory(contender contender, maxRetries int64) string {
	program, err := os.Executable()
	if err != nil {
		fail("where is this program? %v", err)
	}
	patience, cancel := context.WithTimeout(context.Background(), childPatience)
	defer cancel()
	command := exec.CommandContext(patience, program, childOption, contender.name, strconv.FormatInt(maxRetries, 10))
	var output, message bytes.Buffer
	command.Stdout, command.Stderr = &output, &message
	err = command.Run()
	var ended *exec.ExitError
	switch {
	case patience.Err() != nil:
		return "hangs"
	case err == nil:
		return strings.TrimSpace(output.String())
	case !errors.As(err, &ended):
		fail("no child process: %v", err)
	case !ended.Exited():
		return "killed"
	case strings.Contains(message.String(), "fatal error: "):
		return "aborts"
	case strings.HasPrefix(message.String(), "panic: "):
		return "panics"
	}
	fail("%s, MaxRetries %d: %s", contender.name, maxRetries, message.String())
	return ""
}

// child does what memory asks for.
func child(arguments []string) {
	maxRetries, err := strconv.Atoi(arguments[1])
	if err != nil {
		// No program on this machine can ask for so many.
		fmt.Println("no such number")
		return
	}
	if err := limitAddressSpace(addressSpace); err != nil && maxRetries > harmless {
		fmt.Println("not tried")
		return
	}
	debug.SetGCPercent(-1)
	for _, contender := range contenders {
		if contender.name == arguments[0] {
			before := held()
			channel := contender.open(maxRetries)
			after := held()
			runtime.KeepAlive(channel)
			fmt.Println(after - before)
		}
	}
}

func held() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
