//! Panics in user code: each loses at most the value it was looking at, drops it once, keeps no wake from other waiters,
//! leaks nothing, and leaves a channel that works.

mod endings;
mod keys;
mod values;
mod wakers;

use overwrite_channel::{Receiver, Sender, TryRecvError, channel};
use std::{fmt::Display, time::Duration};
use support::{
    allocator::measure,
    ledger::{Ledger, Tracked},
    panics::{Bomb, strike},
    sleeper::asleep,
    waker::{Event, Seen, Task},
};

/// What the channel goes through after the panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// It is dropped, and all of its memory is freed.
    AtOnce,
    /// It works, until its senders are dropped.
    SendersFirst,
    /// It works, until its receivers are dropped.
    ReceiversFirst,
}

/// Makes a channel, and lets `body` make user code panic. Afterwards the values of `dropped` are dropped, the slot holds
/// `left`, and the channel works.
#[track_caller]
fn check(
    name: impl Display,
    dropped: &[usize],
    left: Option<usize>,
    body: impl Fn(&mut Sender<Tracked>, &mut Receiver<Tracked>, &Ledger),
) {
    for ending in [Ending::AtOnce, Ending::SendersFirst, Ending::ReceiversFirst] {
        // Shown if the test fails.
        println!("{name}, {ending:?}");
        let ledger = Ledger::new(200);
        let ((), counts) = measure(|| {
            let (mut tx, mut rx) = channel();
            body(&mut tx, &mut rx, &ledger);
            assert_eq!(ledger.dropped(), dropped, "{name}");
            let value = rx.try_recv().ok().map(Tracked::harmless);
            assert_eq!(value.map(|value| value.id()), left, "{name}");
            if ending != Ending::AtOnce {
                still_works(tx, rx, &ledger, ending);
            }
        });
        ledger.assert_each_dropped_once();
        // The other endings make threads, which allocate and free in turns.
        assert!(ending != Ending::AtOnce || counts.live_bytes == 0, "{name}: {counts:?}");
    }
}

/// Checks that the channel, which is empty, sends, receives, waits, clones and closes.
fn still_works(
    mut tx: Sender<Tracked>,
    mut rx: Receiver<Tracked>,
    ledger: &Ledger,
    ending: Ending,
) {
    let new = || {
        let value = ledger.issue();
        (value.id(), value)
    };
    let mut clone = tx.clone();
    let ((first, one), (second, two)) = (new(), new());
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Empty)));
    assert!(tx.send(one).unwrap().is_none());
    assert_eq!(clone.send_newest_by_key(two, Tracked::id).unwrap().unwrap().id(), first);
    assert_eq!(rx.recv().unwrap().id(), second);

    let task = Task::new();
    let mut future = task.waits(rx.recv_async());
    assert_eq!(task.seen(), Seen::CLONED);
    assert!(tx.send(ledger.issue()).unwrap().is_none());
    assert_eq!(task.seen(), Seen::WOKEN);
    assert!(task.poll(&mut future).is_ready());
    drop(future);

    rx.set_spin_limit(0);
    assert!(rx.recv_timeout(Duration::from_micros(1)).is_err());
    let mut other = rx.clone();
    for parks in [&mut rx, &mut other] {
        let (id, value) = new();
        // Much longer than it takes: a wake that is lost fails the test.
        let parks = || parks.recv_timeout(Duration::from_secs(60)).unwrap().id();
        assert_eq!(asleep(parks, || assert!(tx.send(value).unwrap().is_none())), id);
    }

    let (last, value) = new();
    assert!(tx.send(value).unwrap().is_none());
    if ending == Ending::SendersFirst {
        drop((tx, clone));
        assert_eq!(other.recv().unwrap().id(), last);
        assert!(other.recv().is_err() && rx.recv().is_err());
    } else {
        let mut closed = task.waits(tx.closed());
        assert_eq!(task.seen(), Seen::CLONED);
        drop((rx, other));
        assert_eq!(task.seen(), Seen::WOKEN);
        assert!(task.poll(&mut closed).is_ready());
        assert!(tx.is_closed());
    }
}

/// Panics, as a predicate or as a key.
pub(crate) fn strikes<T>(_: &T) -> bool {
    strike();
    true
}

/// Issues a value whose drop panics.
fn bomb(ledger: &Ledger) -> Tracked {
    ledger.issue().panicking_in(Event::Drop)
}

/// Returns the closure with something in it that panics as it is dropped.
fn panicking_in_drop<T, R>(closure: impl Fn(&T) -> R + 'static) -> impl Fn(&T) -> R + 'static {
    let held = Bomb;
    move |value| {
        let _held = &held;
        closure(value)
    }
}
