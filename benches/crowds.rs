//! What waiting costs where there are many receivers, and what becomes of the receivers that wait.
//!
//! *Making* receivers and *waking* one task among many are timed in interleaved short rounds, as ratios to tokio's
//! `watch` in the same round; *polling* as a ratio to a bare swap, so that two builds can be compared.
//!
//! *Fairness* counts how many of 2,000 slow sends each of four waiting receivers gets. *Stalled* counts the sends
//! until a receiver is woken, after one has notified a task that is not polled again. *Real-time* measures the
//! processor time of `recv_timeout` on a thread that shares its core with the sender and has precedence over it.
//! *Allocations* counts what a channel, a clone and a wait ask of the allocator.
//!
//! The last table compares the figures with their goals. A missed goal does not fail the bench, because it may be
//! the machine's fault. A wrong value fails it.
//!
//! ```text
//! cargo bench --bench crowds                      # under two minutes
//! cargo bench --bench crowds -- --quick           # half a minute
//! cargo bench --bench crowds -- --only "fairness" # the parts with this in their names
//! cargo bench --bench crowds -- --test            # one small round: does everything run?
//! ```

mod asleep;
#[path = "memory/counting.rs"]
mod counting;
#[path = "crowds/mod.rs"]
mod crowds;
#[allow(dead_code, reason = "what only other benches use")]
mod table;
#[allow(dead_code, reason = "what only other benches use")]
mod tasks;

use counting::Counting;

/// It counts only while a part asks it to: otherwise it is one relaxed load more.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    crowds::run();
}
