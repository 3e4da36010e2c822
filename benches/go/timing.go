package main

import (
	"runtime"
	"sort"
	"sync/atomic"
	"time"
)

// repeated is the median of as many measurements as fit, and at least three.
func repeated(enough time.Duration, measure func() float64) float64 {
	var found []float64
	for start := time.Now(); len(found) < 3 || time.Since(start) < enough; {
		found = append(found, measure())
	}
	sort.Float64s(found)
	return found[len(found)/2]
}

func since(start time.Time, count int) float64 {
	return float64(time.Since(start).Nanoseconds()) / float64(count)
}

// fresh is how long the receiver takes until it has the current sentinel, after so many stale ones.
func fresh(contender contender, stale int, enough time.Duration) float64 {
	// Many stale values take long enough for the clock. Else the receiver goes through several channels.
	const staleValues, mostChannels, many = 256, 32, 10_000
	count := mostChannels
	if contender.keepsAll {
		count = staleValues / stale
	} else if stale > many {
		count /= 4
	}
	if count < 1 {
		count = 1
	} else if count > mostChannels {
		count = mostChannels
	}
	skipped := uint64(0)
	if contender.keepsAll {
		skipped = uint64(stale)
	}
	channels := make([]chan sentinel, count)
	for i := range channels {
		channels[i] = contender.open(stale + 1)
	}
	got := make([]uint64, count)
	current := uint64(stale)
	return repeated(enough, func() float64 {
		onAnotherThread(func() {
			for _, channel := range channels {
				contender.send(channel, 0, stale)
			}
			// Long after those, so that it is as fresh after many.
			for _, channel := range channels {
				contender.send(channel, current, 1)
			}
		})
		start := time.Now()
		for i, channel := range channels {
			got[i] = waitFor(channel, current)
		}
		nanos := since(start, count)
		for _, got := range got {
			if got != skipped {
				fail("%s: %d came before the current one, not %d", contender.name, got, skipped)
			}
		}
		return nanos
	})
}

// onAnotherThread returns when the work is done. Meanwhile the calling thread stays awake.
func onAnotherThread(work func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var done atomic.Bool
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		work()
		done.Store(true)
	}()
	for !done.Load() {
		runtime.Gosched()
	}
}

// send is the time of a send, without a receiver.
func send(contender contender, enough time.Duration) float64 {
	const count = 1_000
	channel := contender.open(count)
	return repeated(enough, func() float64 {
		start := time.Now()
		total := contender.send(channel, 0, count)
		nanos := since(start, count)
		left := uint64(len(channel))
		for len(channel) > 0 {
			<-channel
		}
		if left+total.displaced != count || total.lost != 0 {
			fail("%s: of %d, %d are there and %v", contender.name, count, left, total)
		}
		return nanos
	})
}

// parked is a round trip between two goroutines, of which one waits at any time.
func parked(contender contender, enough time.Duration) float64 {
	const count = 1_000
	there, back := contender.open(60), contender.open(60)
	defer close(there)
	go func() {
		for got := range there {
			contender.send(back, got.challenge, 1)
		}
	}()
	return repeated(enough, func() float64 {
		start := time.Now()
		for i := uint64(0); i < count; i++ {
			contender.send(there, i, 1)
			if got := <-back; got != sentinelOf(i) {
				fail("%s: %v came back for %d", contender.name, got, i)
			}
		}
		return since(start, count)
	})
}
