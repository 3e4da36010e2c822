// The two channels that gh-ost's cut-over has had, and what they cost. See run for the output.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// patience is longer than everything takes: a program that is not done by then hangs.
const patience = 2 * time.Minute

func main() {
	arguments := os.Args[1:]
	if len(arguments) > 0 && arguments[0] == childOption {
		child(arguments[1:])
		return
	}
	// So long is each thing measured.
	enough := 700 * time.Millisecond
	for _, argument := range arguments {
		if argument != "--quick" {
			fmt.Fprintf(os.Stderr, "%q is not an option; --quick is\n", argument)
			os.Exit(2)
		}
		enough = 150 * time.Millisecond
	}
	time.AfterFunc(patience, func() { fail("not done after %v", patience) })

	for _, contender := range contenders {
		check(contender)
	}
	emit("version", runtime.Version())
	for _, maxRetries := range []int64{60, 1_000, 1_000_000, 1_000_000_000, 9_999_999_999_999} {
		for _, contender := range contenders {
			emit("memory", contender.name, maxRetries, memory(contender, maxRetries))
		}
	}
	for _, stale := range []int{1, 10, 1_000, 100_000} {
		for _, contender := range contenders {
			emit("fresh", contender.name, stale, nanos(fresh(contender, stale, enough)))
		}
	}
	for _, contender := range contenders {
		emit("send", contender.name, nanos(send(contender, enough)))
	}
	for _, contender := range contenders {
		emit("parked", contender.name, nanos(parked(contender, enough)))
	}
	for _, senders := range []int{2, 4} {
		for _, contender := range contenders {
			lost, sent := crowd(contender, senders, enough)
			emit("lost", contender.name, senders, lost, sent)
		}
	}
}

func emit(kind string, fields ...any) {
	line := kind
	for _, field := range fields {
		line += fmt.Sprintf("\t%v", field)
	}
	fmt.Println(line)
}

func nanos(value float64) string {
	return fmt.Sprintf("%.1f", value)
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
