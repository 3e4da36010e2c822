//! Receivers of `watch` that wait: each sees the last value, none an older one after a newer one.

use crate::{
    crowds::size,
    schedules::{dice, explore, join, or_else, poll_and_drop, poll_and_forget},
};
use overwrite_channel_shuttle::{
    RecvError,
    watch::{Receiver, Sender, channel},
};
use shuttle::{
    future::block_on,
    sync::mpsc,
    thread::{JoinHandle, spawn},
};

const EACH: u64 = 2;

/// A way to wait for a change.
type Wait = fn(&mut Receiver<u64>) -> Result<(), RecvError>;

const AS_TASK: Wait = |rx| block_on(rx.changed());

/// Drops a first future.
const AFTER_A_DROP: Wait = |rx| or_else(poll_and_drop(rx.changed()), || block_on(rx.changed()));

/// Forgets a first future.
const AFTER_A_FORGOTTEN_ONE: Wait =
    |rx| or_else(poll_and_forget(rx.changed()), || rx.blocking_changed());

/// Drops a first future, and waits as another receiver.
const AS_A_CLONE: Wait = |rx| {
    or_else(poll_and_drop(rx.changed()), || {
        *rx = rx.clone();
        block_on(rx.changed())
    })
};

const WAITS: [Wait; 5] =
    [Receiver::blocking_changed, AS_TASK, AFTER_A_DROP, AFTER_A_FORGOTTEN_ONE, AS_A_CLONE];

/// Threads that change the value: each change adds one, so that the value is its version.
fn count_up(tx: &Sender<u64>, senders: u64) -> impl Iterator<Item = JoinHandle<()>> {
    (0..senders).map(|_| {
        let tx = tx.clone();
        spawn(move || (0..EACH).for_each(|_| tx.send_modify(|count| *count += 1)))
    })
}

const SENDERS: u64 = 3;
const LAST: u64 = SENDERS * EACH;

/// A kind of receiver, which ends with the senders.
#[derive(Clone, Copy)]
enum Kind {
    /// Looks at the value after each change.
    Looks(Wait),
    /// Every change is either reported or counted as skipped, if nothing but `changed` looks.
    Counts,
    /// Waits for the last value only.
    WaitsForTheLast,
}

impl Kind {
    fn watch(self, mut rx: Receiver<u64>) {
        match self {
            Self::Looks(wait) => {
                let (mut newest, mut changes) = (0, 0);
                while wait(&mut rx).is_ok() {
                    let count = *rx.borrow_and_update();
                    assert!(count >= newest, "{count} after {newest}");
                    newest = count;
                    changes += 1;
                }
                assert_eq!(*rx.borrow(), LAST);
                assert_eq!(newest, LAST, "the last change was not reported");
                assert!(changes + rx.skipped() <= 2 * LAST);
            }
            Self::Counts => {
                let mut changes = 0;
                while rx.blocking_changed().is_ok() {
                    changes += 1;
                }
                assert_eq!(changes + rx.skipped(), LAST);
            }
            Self::WaitsForTheLast => {
                let last = block_on(rx.wait_for(|count| *count == LAST)).map(|count| *count);
                assert_eq!(last, Ok(LAST));
            }
        }
    }
}

fn see_all(kinds: [Kind; 3]) {
    let (tx, rx) = channel(0);
    let receivers = kinds.map(|kind| {
        let rx = rx.clone();
        spawn(move || kind.watch(rx))
    });
    let threads: Vec<_> = receivers.into_iter().chain(count_up(&tx, SENDERS)).collect();
    drop((tx, rx));
    join(threads);
}

#[test]
fn each_of_three_sees_the_last_change() {
    let [thread, task, drops] =
        [Receiver::blocking_changed, AS_TASK, AFTER_A_DROP].map(Kind::Looks);
    let cases = [
        [thread; 3],
        [task; 3],
        [drops, thread, drops],
        [Kind::Counts, Kind::WaitsForTheLast, thread],
    ];
    for (case, kinds) in cases.into_iter().enumerate() {
        println!("case {case}");
        explore(move || see_all(kinds));
    }
}

/// The next change comes when every receiver has seen the last one. So each must wake all that are asleep, and
/// no other call will.
#[test]
fn each_change_wakes_every_receiver() {
    explore(|| {
        let (tx, rx) = channel(0);
        let (seen, has_seen) = mpsc::channel();
        let waits: [Wait; 3] = [Receiver::blocking_changed, AS_TASK, AS_TASK];
        let receivers = waits.map(|wait| {
            let (mut rx, seen) = (rx.clone(), seen.clone());
            spawn(move || {
                for count in 1..=2 {
                    assert_eq!(wait(&mut rx), Ok(()));
                    assert_eq!(*rx.borrow(), count);
                    seen.send(()).expect("the sender waits for it");
                }
            })
        });
        for count in 1..=2 {
            tx.send(count).expect("there are receivers");
            for _ in &receivers {
                has_seen.recv().expect("the receivers stay");
            }
        }
        join(receivers);
    });
}

/// A crowd, of which some leave: each receiver that stays sees the last change, though the senders' end does not wake it.
#[test]
fn a_crowd_sees_the_last_change() {
    explore(|| {
        const LAST: u64 = 2 * EACH;
        let mut dice = dice();
        let (tx, rx) = channel(0);
        let receivers = (0..size(&mut dice)).map(|at| {
            let (mut rx, leaves, mut dice) = (rx.clone(), at > 1 && dice.one_in(3), dice.split());
            spawn(move || {
                if leaves {
                    let _ = poll_and_drop(rx.changed());
                    return;
                }
                let mut seen = 0;
                while seen < LAST {
                    dice.pick(&WAITS)(&mut rx).expect("a sender stays");
                    let now = *rx.borrow_and_update();
                    assert!(now > seen, "{now} after {seen}");
                    seen = now;
                }
            })
        });
        join(receivers.chain(count_up(&tx, 2)));
        drop((tx, rx));
    });
}
