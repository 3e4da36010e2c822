//! Sending through `&self`: the same results as a `Sender`'s, by any number of threads at once.
#![cfg(feature = "std")]

use futures::FutureExt;
use overwrite_channel::{Receiver, SendError, Sender, SharedSender, TryRecvError, channel};
use proptest::{collection::vec, prelude::*, sample::select};
use std::{
    cell::Cell,
    iter,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    thread,
};

mod common {
    pub(crate) mod rounds;
    pub(crate) mod tracked;
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    rounds::rounds,
    tracked::{Ledger, Tracked},
    waker::{Event, Task},
    watchdog::watched,
};

#[test]
fn into_shared_keeps_the_channel_and_its_value() {
    let (mut tx, mut rx) = channel();
    tx.send(1).unwrap();
    let shared = tx.into_shared();
    assert!(!rx.is_closed() && !shared.is_closed());
    assert_eq!(shared.send(2), Ok(Some(1)));
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(shared.send(3), Ok(None));
    drop(shared);
    assert!(rx.is_closed());
    assert_eq!(rx.try_recv(), Ok(3));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn the_last_sender_of_either_kind_closes_the_channel() {
    let (tx, rx) = channel::<u8>();
    let plain = tx.clone();
    let shared = tx.into_shared();
    let clone = shared.clone();
    let other = plain.clone().into_shared();
    assert!(shared.same_channel(&clone) && shared.same_channel(&other));
    assert!(!shared.same_channel(&channel().0.into_shared()));
    let senders: [Box<dyn Drops>; 4] =
        [Box::new(shared), Box::new(plain), Box::new(clone), Box::new(other)];
    for sender in senders {
        assert!(!rx.is_closed());
        drop(sender);
    }
    assert!(rx.is_closed());
}

/// Something that is only ever dropped.
trait Drops {}
impl<T> Drops for T {}

#[test]
fn without_receivers_every_send_gives_the_value_back() {
    let (tx, rx) = channel();
    let shared = tx.into_shared();
    shared.send(1).unwrap();
    drop(rx);
    assert!(shared.is_closed());
    assert_eq!(shared.send(2), Err(SendError(2)));
    assert_eq!(shared.send_newest(3), Err(SendError(3)));
    assert_eq!(shared.send_newest_by_key(4, |_| -> u8 { unreachable!() }), Err(SendError(4)));
    assert_eq!(shared.closed().now_or_never(), Some(()));
}

#[test]
fn it_may_be_shared_between_threads_if_the_value_may_be_sent() {
    fn is_both<T: Send + Sync + Clone + 'static>(_: &T) {}
    let (tx, mut rx) = channel::<Cell<u8>>(); // not `Sync`
    let shared = Arc::new(tx.into_shared());
    is_both(&*shared);
    let callback: Box<dyn Fn(u8) + Send + Sync> = Box::new({
        let shared = shared.clone();
        move |value| assert_eq!(shared.send(Cell::new(value)), Ok(None))
    });
    thread::scope(|scope| drop(scope.spawn(|| callback(1))));
    assert_eq!(rx.try_recv(), Ok(Cell::new(1)));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Send,
    Newest,
    NewestByKey,
    /// The key is the other way round.
    OldestByKey,
    Receive,
    /// The clone goes on, or the original does.
    Clone(bool),
}

/// What `send_newest_by_key` leaves in the slot, and what it returns.
fn newest(slot: &mut Option<u8>, value: u8, key: impl Fn(u8) -> u8) -> Option<u8> {
    let displaced = slot.replace(value)?;
    if key(displaced) > key(value) { slot.replace(displaced) } else { Some(displaced) }
}

proptest! {
    #[test]
    fn each_operation_returns_what_it_does_of_a_sender_and_of_a_plain_model(
        steps in vec(
            (
                select(vec![
                    Step::Send,
                    Step::Newest,
                    Step::NewestByKey,
                    Step::OldestByKey,
                    Step::Receive,
                    Step::Clone(true),
                    Step::Clone(false),
                ]),
                0_u8..4,
            ),
            0..40,
        ),
        end: bool,
    ) {
        let ((tx, mut rx), (mut plain, mut plain_rx)) = (channel(), channel());
        let mut shared = tx.into_shared();
        let mut slot = None;
        let reverse = |value: &u8| u8::MAX - value;
        for (step, value) in steps {
            let (got, of_plain, of_model) = match step {
                Step::Send => (shared.send(value), plain.send(value), slot.replace(value)),
                Step::Newest => (
                    shared.send_newest(value),
                    plain.send_newest(value),
                    newest(&mut slot, value, |value| value),
                ),
                Step::NewestByKey => (
                    shared.send_newest_by_key(value, |value| value / 2),
                    plain.send_newest_by_key(value, |value| value / 2),
                    newest(&mut slot, value, |value| value / 2),
                ),
                Step::OldestByKey => (
                    shared.send_newest_by_key(value, reverse),
                    plain.send_newest_by_key(value, reverse),
                    newest(&mut slot, value, |value| u8::MAX - value),
                ),
                Step::Receive => {
                    (Ok(rx.try_recv().ok()), Ok(plain_rx.try_recv().ok()), slot.take())
                }
                Step::Clone(goes_on) => {
                    let mut clone = shared.clone();
                    if goes_on {
                        std::mem::swap(&mut shared, &mut clone);
                    }
                    plain = plain.clone();
                    continue;
                }
            };
            prop_assert_eq!(&got, &of_plain);
            prop_assert_eq!(got, Ok(of_model));
        }
        if end {
            drop(rx);
            prop_assert_eq!(shared.send_newest(9), Err(SendError(9)));
        } else {
            drop(shared);
            let last = rx.try_recv();
            prop_assert_eq!(last, slot.ok_or(TryRecvError::Disconnected));
        }
    }
}

/// What became of the values.
#[derive(Default)]
struct Fates {
    sent: AtomicUsize,
    displaced: AtomicUsize,
    returned: AtomicUsize,
    received: AtomicUsize,
}

impl Fates {
    fn note<'l>(&self, outcome: Result<Option<Tracked<'l>>, SendError<Tracked<'l>>>) {
        self.sent.fetch_add(1, SeqCst);
        match outcome {
            Ok(None) => {}
            Ok(Some(stale)) => {
                assert!(stale.id() < usize::MAX);
                self.displaced.fetch_add(1, SeqCst);
            }
            Err(SendError(value)) => {
                assert!(value.id() < usize::MAX);
                self.returned.fetch_add(1, SeqCst);
            }
        }
    }

    fn assert_sum(&self, ledger: &Ledger, left: usize) {
        let [sent, displaced, returned, received] =
            [&self.sent, &self.displaced, &self.returned, &self.received]
                .map(|count| count.load(SeqCst));
        assert_eq!(sent, displaced + returned + received + left);
        ledger.assert_each_dropped_once();
    }
}

fn send_all<'l>(tx: &SharedSender<Tracked<'l>>, ledger: &'l Ledger, fates: &Fates, values: usize) {
    for round in rounds(values) {
        let value = ledger.issue();
        fates.note(match round % 3 {
            0 => tx.send(value),
            1 => tx.send_newest_by_key(value, Tracked::id),
            // Others may send through this handle while it looks.
            _ => tx.send_newest_by_key(value, |value| {
                thread::yield_now();
                value.id()
            }),
        });
    }
}

fn receive_all(mut rx: Receiver<Tracked<'_>>, fates: &Fates) {
    rx.set_spin_limit(0);
    for value in rx {
        assert!(value.id() < usize::MAX);
        fates.received.fetch_add(1, SeqCst);
    }
}

#[test]
fn each_value_that_threads_send_through_one_handle_or_clones_has_one_fate() {
    const VALUES: usize = 3_000;
    watched(|watch| {
        for (threads, clones, receivers) in
            [(2, false, 1), (4, false, 2), (2, true, 1), (4, true, 2), (3, false, 0)]
        {
            let ledger = Ledger::new(threads * VALUES);
            let fates = Fates::default();
            let (tx, rx) = channel();
            let mut kept = (receivers == 0).then(|| rx.clone());
            thread::scope(|scope| {
                let (ledger, fates) = (&ledger, &fates);
                let shared = Arc::new(tx.into_shared());
                for at in 0..threads {
                    let one_handle = shared.clone();
                    scope.spawn(move || {
                        let _running = watch.running(format!("sender {at} of {threads}"));
                        if clones {
                            send_all(&SharedSender::clone(&one_handle), ledger, fates, VALUES);
                        } else {
                            send_all(&one_handle, ledger, fates, VALUES);
                        }
                    });
                }
                drop(shared);
                for (at, rx) in iter::repeat_n(rx, receivers).enumerate() {
                    scope.spawn(move || {
                        let _running = watch.running(format!("receiver {at}"));
                        receive_all(rx, fates);
                    });
                }
            });
            let left = kept.as_mut().map_or(0, |rx| rx.try_iter().count());
            assert_eq!(left, usize::from(receivers == 0));
            fates.assert_sum(&ledger, left);
        }
    });
}

#[test]
fn the_receivers_may_go_while_threads_send() {
    const VALUES: usize = 200;
    watched(|watch| {
        for round in rounds(100) {
            let _running = watch.running(format!("round {round}"));
            let ledger = Ledger::new(2 * VALUES);
            let fates = Fates::default();
            let (tx, mut rx) = channel();
            let shared = tx.into_shared();
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| send_all(&shared, &ledger, &fates, VALUES));
                }
                scope.spawn(|| {
                    for _ in 0..round {
                        let received = rx.try_recv().is_ok();
                        fates.received.fetch_add(received.into(), SeqCst);
                    }
                    drop(rx);
                });
            });
            assert!(shared.is_closed());
            // One may lie in the slot; it goes with the channel.
            drop(shared);
            let fates = [&fates.sent, &fates.displaced, &fates.returned, &fates.received]
                .map(|count| count.load(SeqCst));
            let left = fates[0] - fates[1] - fates[2] - fates[3];
            assert!(left <= 1, "{fates:?}");
            ledger.assert_each_dropped_once();
        }
    });
}

#[test]
fn the_newest_of_all_threads_is_never_lost() {
    const VALUES: usize = 500;
    watched(|watch| {
        for round in rounds(40) {
            let _running = watch.running(format!("round {round}"));
            let (tx, mut rx) = channel();
            let shared = tx.into_shared();
            thread::scope(|scope| {
                for at in 0..3 {
                    let shared = &shared;
                    scope.spawn(move || {
                        for value in (0..VALUES).rev() {
                            shared.send_newest(3 * value + at).unwrap();
                        }
                    });
                }
            });
            assert_eq!(rx.try_recv(), Ok(3 * VALUES - 1));
        }
    });
}

#[test]
fn a_key_may_send_through_the_same_handle() {
    // What lies in the slot, what the outer call sends, at which look at a value the inner one sends
    // what; what the inner and the outer call return, and what lies in the slot at last.
    for (before, outer, look, inner, inner_out, outer_out, after) in [
        (None, 5, 1, 1, None, Some(1), 5),
        (None, 5, 1, 9, None, Some(5), 9),
        (Some(3), 5, 1, 4, Some(3), Some(4), 5),
        (Some(3), 5, 2, 9, Some(5), Some(3), 9),
        (Some(9), 5, 2, 7, Some(5), Some(7), 9),
        (Some(9), 5, 3, 7, Some(9), Some(5), 7),
    ] {
        let (tx, mut rx) = channel();
        let shared = tx.into_shared();
        if let Some(value) = before {
            shared.send(value).unwrap();
        }
        let looks = Cell::new(0);
        let got = shared.send_newest_by_key(outer, |value| {
            looks.set(looks.get() + 1);
            if looks.get() == look {
                assert_eq!(shared.send(inner), Ok(inner_out));
            }
            *value
        });
        assert!(looks.get() >= look, "of {before:?}, {outer}, {look}");
        assert_eq!(got, Ok(outer_out), "of {before:?}, {outer}, {look}");
        assert_eq!(rx.try_recv(), Ok(after), "of {before:?}, {outer}, {look}");
        assert_eq!(shared.send(1), Ok(None));
        assert_eq!(rx.try_recv(), Ok(1));
    }
}

#[test]
fn keys_may_send_inside_one_another() {
    const DEPTH: usize = 20;
    fn nest<'l>(shared: &SharedSender<Tracked<'l>>, ledger: &'l Ledger, depth: usize) {
        let looked = Cell::new(false);
        let outcome = shared.send_newest_by_key(ledger.issue(), |value| {
            if !looked.replace(true) && depth > 0 {
                nest(shared, ledger, depth - 1);
            }
            value.id()
        });
        // The inner ones send first, and are newer.
        assert_eq!(outcome.unwrap().is_some(), depth > 0);
    }
    let ledger = Ledger::new(DEPTH + 1);
    let (tx, mut rx) = channel();
    let shared = tx.into_shared();
    nest(&shared, &ledger, DEPTH);
    assert_eq!(rx.try_recv().unwrap().id(), DEPTH);
    drop((shared, rx));
    ledger.assert_each_dropped_once();
}

#[test]
fn a_waker_may_send_through_the_same_handle() {
    let (tx, mut rx) = channel();
    let shared = Arc::new(tx.into_shared());
    let task = Task::with({
        let shared = Arc::downgrade(&shared);
        move |event| {
            if event == Event::Wake {
                assert_eq!(shared.upgrade().unwrap().send(2), Ok(Some(1)));
            }
        }
    });
    let mut future = rx.recv_async();
    assert!(task.poll(&mut future).is_pending());
    task.seen();
    assert_eq!(shared.send(1), Ok(None));
    assert_eq!(task.seen().woken, 1);
    assert_eq!(Task::new().poll(&mut future), Poll::Ready(Ok(2)));
    assert_eq!(shared.send(3), Ok(None));
}

#[test]
fn a_key_that_panics_leaves_the_handle_and_the_channel_whole() {
    // With and without a value in the slot, at each look that there is.
    for (before, look) in [(false, 1), (true, 1), (true, 2)] {
        let ledger = Ledger::new(10);
        let (tx, mut rx) = channel();
        let shared = tx.into_shared();
        if before {
            shared.send(ledger.issue()).ok().unwrap();
        }
        let looks = Cell::new(0);
        let panic = catch_unwind(AssertUnwindSafe(|| {
            shared.send_newest_by_key(ledger.issue(), |value| {
                looks.set(looks.get() + 1);
                assert!(looks.get() < look, "a key");
                value.id()
            })
        }));
        assert!(panic.is_err());
        // The value that the key was looking at is gone: the second look is at the displaced one.
        let (lost, left) =
            if look == 2 { (0, Some(1)) } else { (usize::from(before), before.then_some(0)) };
        assert_eq!(ledger.dropped(), [lost]);
        assert_eq!(rx.try_recv().ok().map(|value| value.id()), left);

        let mut next = || {
            let value = ledger.issue();
            let id = value.id();
            assert!(shared.send(value).unwrap().is_none());
            assert_eq!(rx.try_recv().unwrap().id(), id);
        };
        next();
        next();
        let clone = shared.clone();
        assert!(clone.send(ledger.issue()).unwrap().is_none());
        drop((shared, clone, rx));
        ledger.assert_each_dropped_once();
    }
}

/// All orders of five.
fn orders() -> impl Iterator<Item = [usize; 5]> {
    (0..5_usize.pow(5))
        .map(|code| [code % 5, code / 5 % 5, code / 25 % 5, code / 125 % 5, code / 625])
        .filter(|order: &[usize; 5]| (0..5).all(|handle| order.contains(&handle)))
}

#[test]
fn it_may_be_dropped_in_any_order_with_other_handles() {
    assert_eq!(orders().count(), 120);
    for order in orders() {
        for sends in 0..5 {
            let ledger = Ledger::new(sends);
            let (tx, mut rx) = channel();
            let other_rx = rx.clone();
            let mut plain: Sender<_> = tx.clone();
            let shared = tx.into_shared();
            let clone = shared.clone();
            // So that the nodes have changed hands.
            for sent in 0..sends {
                match sent % 3 {
                    0 => shared.send(ledger.issue()),
                    1 => plain.send(ledger.issue()),
                    _ => clone.send(ledger.issue()),
                }
                .unwrap();
                if sent == 2 {
                    rx.try_recv().unwrap();
                }
            }
            let mut handles: [Option<Box<dyn Drops + '_>>; 5] = [
                Some(Box::new(shared)),
                Some(Box::new(clone)),
                Some(Box::new(plain)),
                Some(Box::new(rx)),
                Some(Box::new(other_rx)),
            ];
            for handle in order {
                handles[handle] = None;
            }
            ledger.assert_each_dropped_once();
        }
    }
}
