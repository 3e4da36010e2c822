//! Sends through one shared sender that meet: each further one takes room for as long as they last.

use super::NO_ROOM;
use overwrite_channel::{Receiver, SharedSender, StaticChannel};
use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, ScopedJoinHandle},
};
use support::{
    ledger::{Fate, Ledger, Totals, Tracked},
    panics::message,
    rounds::rounds,
    waker::{Event, Task},
};

/// What is done in the middle of a send, with the same sender.
type Inner = fn(&SharedSender<u32>);
/// Sends, calls that in the middle, and leaves a value unread.
type Outer = fn(&Arc<SharedSender<u32>>, &mut Receiver<u32>, Inner);

/// With the value that is unread in the end, if the inner send is made.
const OUTERS: [(&str, Outer, u32); 3] = [
    (
        "key",
        |shared, _, inner| {
            let mut is_first = true;
            let key = |value: &u32| {
                if mem::take(&mut is_first) {
                    inner(shared);
                }
                *value
            };
            shared.send_newest_by_key(8, key).unwrap();
        },
        8,
    ),
    (
        "merge",
        |shared, _, inner| {
            let mut is_first = true;
            let merge = |unread, value| {
                if mem::take(&mut is_first) {
                    inner(shared);
                }
                unread + value
            };
            shared.send(3).unwrap();
            assert_eq!(shared.send_merged(5, merge), Ok(true));
        },
        9,
    ),
    (
        "waker",
        |shared, rx, inner| {
            let sends = Arc::clone(shared);
            let task = Task::acting_in(Event::Wake, move || inner(&sends));
            assert!(rx.poll_recv(&mut task.context()).is_pending());
            assert_eq!(shared.send(8), Ok(None));
            assert_eq!(task.seen().woken, 1);
        },
        1,
    ),
];

#[test]
fn a_send_in_the_middle_of_a_send_takes_room_until_both_end() {
    static CHANNEL: StaticChannel<u32, 3> = StaticChannel::new();
    let (tx, mut rx) = CHANNEL.split().unwrap();
    let shared = Arc::new(tx.into_shared());
    for (name, outer, unread) in OUTERS {
        assert!(shared.try_clone().is_some(), "before {name}");
        outer(&shared, &mut rx, |shared| {
            for _ in 0..3 {
                assert!(shared.send(1).is_ok());
                assert!(shared.try_clone().is_none());
            }
        });
        assert_eq!(rx.try_recv(), Ok(unread), "{name}");
        assert!(shared.try_clone().is_some(), "after {name}");
    }
}

#[test]
fn a_send_in_the_middle_of_a_send_panics_if_there_is_no_room() {
    static CHANNEL: StaticChannel<u32, 2> = StaticChannel::new();
    let (tx, mut rx) = CHANNEL.split().unwrap();
    let shared = Arc::new(tx.into_shared());
    for (name, outer, _) in OUTERS {
        // It sends nothing. The outer send goes on.
        outer(&shared, &mut rx, |shared| {
            assert_eq!(message(|| shared.send(1)), NO_ROOM);
            if shared.is_empty() {
                assert_eq!(shared.withdraw(), None);
            } else {
                assert_eq!(message(|| shared.withdraw()), NO_ROOM);
            }
        });
        assert_eq!(rx.try_recv(), Ok(8), "{name}");
        assert_eq!((shared.sender_count(), shared.receiver_count()), (1, 1), "{name}");
    }
}

/// Threads send through one sender. Returns what became of the values, and how many sends found no room.
fn meet<const HANDLES: usize>(
    channel: &'static StaticChannel<Tracked, HANDLES>,
    threads: usize,
) -> (Totals, usize) {
    const SENDS: usize = if cfg!(miri) { 10 } else { 300 };
    let ledger = Ledger::new(threads * SENDS);
    let refused = AtomicUsize::new(0);
    let (tx, mut rx) = channel.split().unwrap();
    let shared = tx.into_shared();
    thread::scope(|scope| {
        let senders: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    for _ in rounds(SENDS) {
                        // Other threads send meanwhile.
                        let key = |value: &Tracked| {
                            thread::yield_now();
                            value.id()
                        };
                        let send = || shared.send_newest_by_key(ledger.issue(), key).unwrap();
                        match catch_unwind(AssertUnwindSafe(send)) {
                            Ok(stale) => stale.into_iter().for_each(|it| it.meets(Fate::Displaced)),
                            Err(panic) => {
                                assert_eq!(panic.downcast_ref::<String>().unwrap(), NO_ROOM);
                                refused.fetch_add(1, Relaxed);
                            }
                        }
                    }
                })
            })
            .collect();
        while !senders.iter().all(ScopedJoinHandle::is_finished) {
            rx.try_iter().for_each(|value| value.meets(Fate::Received));
            thread::yield_now();
        }
    });
    drop((shared, rx));
    (ledger.totals(), refused.into_inner())
}

#[test]
fn threads_that_share_a_sender_need_room_for_a_send_of_each() {
    static ROOM_FOR_FOUR: StaticChannel<Tracked, 5> = StaticChannel::new();
    static ROOM_FOR_TWO: StaticChannel<Tracked, 3> = StaticChannel::new();
    let (totals, refused) = meet(&ROOM_FOR_FOUR, 4);
    assert_eq!((refused, totals.lost), (0, 0));
    let (totals, refused) = meet(&ROOM_FOR_TWO, 4);
    assert_eq!(refused, totals.lost);
    assert!(cfg!(miri) || refused > 0, "they met");
}
