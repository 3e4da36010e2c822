package main

// sentinel says "all events up to the lock are applied"; 16 bytes, as in the Rust benchmarks.
type sentinel struct {
	// Of the attempt that asked for it.
	challenge uint64
	// Where in the log the challenge stands.
	coordinates uint64
}

func sentinelOf(challenge uint64) sentinel {
	return sentinel{challenge, ^challenge}
}

// tally is what became of the values of some sends, beside those that lie in the channel or were received.
type tally struct {
	// Taken out to make room.
	displaced uint64
	// Sent, and never in the channel.
	lost uint64
}

// contender is a way of telling the receiver. Whole loops are behind the function pointer, so that calling
// through it is not measured.
type contender struct {
	name string
	// Does the receiver get every value, the oldest first?
	keepsAll bool
	// For so many attempts.
	open func(maxRetries int) chan sentinel
	// Sends the challenges from first on.
	send func(channel chan sentinel, first uint64, count int) tally
}

var contenders = []contender{buffered, drained}

// As it was: room for a sentinel of every attempt, so that the worker never waits.
var buffered = contender{
	name:     "Go chan(MaxRetries)",
	keepsAll: true,
	open:     func(maxRetries int) chan sentinel { return make(chan sentinel, maxRetries) },
	send: func(channel chan sentinel, first uint64, count int) tally {
		for i := 0; i < count; i++ {
			channel <- sentinelOf(first + uint64(i))
		}
		return tally{}
	},
}

// As it was mended: room for one value, and a sender that finds it taken makes room.
var drained = contender{
	name:     "Go chan(1), drained first",
	keepsAll: false,
	open:     func(int) chan sentinel { return make(chan sentinel, 1) },
	send: func(channel chan sentinel, first uint64, count int) tally {
		var sum tally
		for i := 0; i < count; i++ {
			value := sentinelOf(first + uint64(i))
			select {
			case channel <- value:
				continue
			default:
			}
			select {
			case <-channel:
				sum.displaced++
			default:
			}
			select {
			case channel <- value:
			default:
				// Another sender was faster.
				sum.lost++
			}
		}
		return sum
	},
}

// waitFor receives until the challenge comes, and says how many others came before it.
func waitFor(channel chan sentinel, challenge uint64) (skipped uint64) {
	for {
		if got := <-channel; got.challenge == challenge {
			return skipped
		}
		skipped++
	}
}
