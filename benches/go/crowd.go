package main

import (
	"sync"
	"time"
)

// crowd is how many values are lost, because neither a receiver nor the sender that displaces them gets them, if
// there are several senders and one receiver.
func crowd(contender contender, senders int, enough time.Duration) (lost, sent uint64) {
	const batch = 1_000
	channel := contender.open(60)
	deadline := time.Now().Add(enough)
	var sending sync.WaitGroup
	var lock sync.Mutex
	var displaced uint64
	for sender := 0; sender < senders; sender++ {
		sending.Add(1)
		go func() {
			defer sending.Done()
			var count uint64
			var sum tally
			for time.Now().Before(deadline) {
				batchSum := contender.send(channel, count, batch)
				count += batch
				sum.displaced += batchSum.displaced
				sum.lost += batchSum.lost
			}
			lock.Lock()
			defer lock.Unlock()
			sent += count
			displaced += sum.displaced
			lost += sum.lost
		}()
	}
	go func() {
		sending.Wait()
		close(channel)
	}()
	var received uint64
	for range channel {
		received++
	}
	if received+displaced+lost != sent {
		fail("%s: of %d, %d were received, %d displaced and %d lost", contender.name, sent, received, displaced, lost)
	}
	return lost, sent
}
