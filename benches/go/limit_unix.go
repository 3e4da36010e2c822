//go:build linux || darwin

package main

import "syscall"

// limitAddressSpace is for this process.
func limitAddressSpace(bytes uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: bytes, Max: bytes})
}
