package main

import "runtime"

// check ends the program unless the contender does what it is measured for: one sender's values arrive in
// their order, none twice, the newest in any case, and each is received, displaced or, where nothing is to be
// displaced, all are received.
func check(contender contender) {
	const count = 20_000
	channel := contender.open(60)
	sum := make(chan tally, 1)
	go func() {
		var total tally
		for first, size := 1, 1; first <= count; first, size = first+size, size%3+1 {
			if size > count-first+1 {
				size = count - first + 1
			}
			batch := contender.send(channel, uint64(first), size)
			total.displaced += batch.displaced
			total.lost += batch.lost
			// So that the receiver comes in between.
			runtime.Gosched()
		}
		close(channel)
		sum <- total
	}()
	var received, newest uint64
	for got := range channel {
		if got != sentinelOf(got.challenge) {
			fail("%s: %v was never sent", contender.name, got)
		}
		if got.challenge <= newest {
			fail("%s: %d came after %d", contender.name, got.challenge, newest)
		}
		newest = got.challenge
		received++
	}
	total := <-sum
	if newest != count {
		fail("%s: the newest is %d and never came, %d did", contender.name, count, newest)
	}
	if received+total.displaced != count || total.lost != 0 {
		fail("%s: of %d, %d were received and %v", contender.name, count, received, total)
	}
	if contender.keepsAll && received != count {
		fail("%s: of %d, %d were received", contender.name, count, received)
	}
}
