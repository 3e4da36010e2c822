//! Receiving as a task: what each future returns, what is left if it is dropped, and threads and
//! tasks side by side.
#![cfg(feature = "std")]

use futures::{
    FutureExt, executor::block_on, future::LocalBoxFuture, join, stream::FuturesUnordered,
};
use overwrite_channel::{
    ClosedFuture, Receiver, RecvError, RecvFuture, RecvMatchingFuture, SendError, Sender,
    SharedSender, channel,
};
use std::{
    cell::Cell,
    future::Future,
    marker::{PhantomData, PhantomPinned},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    sync::{
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Waker},
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
    waker::{Seen, Task},
    watchdog::watched,
};

type Outcome<'l> = Result<Tracked<'l>, RecvError>;

/// What a future returns that need not wait.
fn at_once<F: Future>(future: F) -> F::Output {
    future.now_or_never().expect("it waits, though there is something")
}

#[test]
fn a_future_takes_what_is_there_and_the_last_value_survives_the_senders() {
    let (mut tx, mut rx) = channel();
    at_once(async {
        tx.send(1).unwrap();
        assert_eq!(rx.recv_async().await, Ok(1));
        tx.send(2).unwrap();
        assert_eq!(tx.send(3), Ok(Some(2)));
        assert_eq!(rx.recv_matching_async(|v| *v == 3).await, Ok(3));
        tx.send(4).unwrap();
        drop(tx);
        assert_eq!(rx.recv_async().await, Ok(4));
        assert_eq!(rx.recv_async().await, Err(RecvError));
        assert_eq!(rx.recv_matching_async(|_| true).await, Err(RecvError));
        assert_eq!(rx.recv_async().await, Err(RecvError), "it stays so");
    });
    assert_eq!(rx.poll_recv(&mut Context::from_waker(Waker::noop())), Poll::Ready(Err(RecvError)));
}

#[test]
fn a_future_that_waits_gets_the_value_or_the_end() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    for sent in 0..3 {
        let mut future = rx.recv_async();
        assert!(task.poll(&mut future).is_pending());
        tx.send(sent).unwrap();
        assert_eq!(task.poll(&mut future), Poll::Ready(Ok(sent)));
        drop(future);

        assert!(rx.poll_recv(&mut task.context()).is_pending());
        tx.send(sent).unwrap();
        assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Ok(sent)));
    }
    let mut other = rx.clone();
    let (mut one, mut two) = (rx.recv_async(), other.recv_matching_async(|_| true));
    assert!(task.poll(&mut one).is_pending());
    assert!(task.poll(&mut two).is_pending());
    tx.send(4).unwrap();
    drop(tx);
    assert_eq!(task.poll(&mut one), Poll::Ready(Ok(4)));
    assert_eq!(task.poll(&mut two), Poll::Ready(Err(RecvError)));
}

#[test]
fn unwanted_values_are_dropped_once_each_and_the_wanted_one_is_returned() {
    let ledger = Ledger::new(10);
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let mut looked = Vec::new();
    let mut future = rx.recv_matching_async(|value: &Tracked<'_>| {
        looked.push(value.id());
        value.id() == 4
    });
    assert!(task.poll(&mut future).is_pending());
    for _ in 0..2 {
        assert!(tx.send(ledger.issue()).unwrap().is_none());
        assert!(task.poll(&mut future).is_pending());
    }
    // Nobody looks at this one: the next one displaces it.
    assert!(tx.send(ledger.issue()).unwrap().is_none());
    let stale = tx.send(ledger.issue()).unwrap().unwrap();
    assert_eq!(stale.id(), 2);
    assert!(task.poll(&mut future).is_pending());
    assert_eq!(ledger.dropped(), [0, 1, 3]);
    drop(stale);
    tx.send(ledger.issue()).unwrap();
    let Poll::Ready(Ok(wanted)) = task.poll(&mut future) else { panic!("it is there") };
    drop(future);
    assert_eq!((wanted.id(), looked), (4, vec![0, 1, 3, 4]));
    assert_eq!(ledger.dropped(), [0, 1, 2, 3]);
    drop(wanted);

    // The end, though the last value was not wanted.
    tx.send(ledger.issue()).unwrap();
    drop(tx);
    assert!(at_once(rx.recv_matching_async(|_| false)).is_err());
    ledger.assert_each_dropped_once();
}

#[test]
fn a_predicate_that_panics_loses_the_value_it_looked_at_and_the_future_goes_on() {
    let ledger = Ledger::new(3);
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let mut future = rx.recv_matching_async(|value: &Tracked<'_>| {
        assert_ne!(value.id(), 0, "a predicate");
        true
    });
    assert!(task.poll(&mut future).is_pending());
    tx.send(ledger.issue()).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| task.poll(&mut future).is_ready())).is_err());
    assert_eq!(ledger.dropped(), [0]);
    assert!(task.poll(&mut future).is_pending());
    task.seen();
    tx.send(ledger.issue()).unwrap();
    assert_eq!(task.seen().woken, 1);
    assert!(task.poll(&mut future).is_ready());
    drop(future);
    drop((tx, rx));
    ledger.assert_each_dropped_once();
}

/// A future that receives any value, in one of three ways.
fn future<'a, 'l>(
    way: usize,
    rx: &'a mut Receiver<Tracked<'l>>,
) -> LocalBoxFuture<'a, Outcome<'l>> {
    match way {
        0 => Box::pin(rx.recv_async()),
        1 => Box::pin(rx.recv_matching_async(|value| value.id() < usize::MAX)),
        _ => Box::pin(async { rx.recv_async().await }),
    }
}

/// What has happened to a future when it is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dropped {
    BeforeItsFirstPoll,
    WhenItWaits,
    WhenItWaitsWithAnotherWaker,
    WhenItWasWoken,
    WhenItWasWokenForAValueThatWasDisplaced,
    WhenItWasWokenForAValueThatWasSnatched,
    WhenItWaitsAgainAfterThat,
    WhenItIsReady,
    WhenTheSendersWent,
}

#[test]
fn a_future_that_is_dropped_at_any_point_loses_no_value_and_no_wake() {
    use Dropped::*;
    for way in 0..3 {
        for point in [
            BeforeItsFirstPoll,
            WhenItWaits,
            WhenItWaitsWithAnotherWaker,
            WhenItWasWoken,
            WhenItWasWokenForAValueThatWasDisplaced,
            WhenItWasWokenForAValueThatWasSnatched,
            WhenItWaitsAgainAfterThat,
            WhenItIsReady,
            WhenTheSendersWent,
        ] {
            drop_at(point, way);
        }
    }
}

fn drop_at(point: Dropped, way: usize) {
    use Dropped::*;
    let ledger = Ledger::new(10);
    let [task, beside] = [(); 2].map(|()| Task::new());
    // The first receiver is notified first.
    let (tx, mut goes) = channel();
    let mut tx = Some(tx);
    let (mut snatches, mut waits) = (goes.clone(), goes.clone());
    let mut other = waits.recv_async();
    assert!(beside.poll(&mut other).is_pending());
    beside.seen();

    let mut going = future(way, &mut goes);
    let send = |tx: &mut Option<Sender<_>>| drop(tx.as_mut().unwrap().send(ledger.issue()));
    if point != BeforeItsFirstPoll {
        assert!(task.poll(&mut going).is_pending());
    }
    if point == WhenItWaitsWithAnotherWaker {
        assert!(Task::new().poll(&mut going).is_pending());
        assert!(task.poll(&mut going).is_pending());
    }
    task.seen();
    if point as u8 >= WhenItWasWoken as u8 {
        send(&mut tx);
        assert_eq!((task.seen().woken, beside.seen().woken), (1, 0), "{point:?}");
    }
    match point {
        WhenItWasWokenForAValueThatWasDisplaced => send(&mut tx),
        WhenItWasWokenForAValueThatWasSnatched => drop(snatches.try_recv().unwrap()),
        WhenItWaitsAgainAfterThat => {
            drop(snatches.try_recv().unwrap());
            assert!(task.poll(&mut going).is_pending());
        }
        WhenItIsReady => assert!(matches!(task.poll(&mut going), Poll::Ready(Ok(_)))),
        WhenTheSendersWent => tx = None,
        _ => {}
    }
    // The send that displaced a value passed the future, which may be stalled; the end wakes every receiver.
    let before = beside.seen().woken;
    let expected = [WhenItWasWokenForAValueThatWasDisplaced, WhenTheSendersWent].contains(&point);
    assert_eq!(before, usize::from(expected), "{point:?}");
    drop(going);

    // The one that waits is woken for the value in the slot, if there is one, and else for the next.
    let woken = before + beside.seen().woken;
    let empty = snatches.is_empty();
    assert!(empty || woken == 1, "{point:?}");
    if empty {
        assert!(woken == 0 || point == WhenItWasWokenForAValueThatWasSnatched, "{point:?}");
        if woken == 1 {
            assert!(beside.poll(&mut other).is_pending());
        }
        beside.seen();
        send(&mut tx);
        assert_eq!(beside.seen().woken, 1, "{point:?}");
    }
    let received = beside.poll(&mut other);
    assert!(matches!(&received, Poll::Ready(Ok(_))), "{point:?}");
    drop(received);
    drop(other);
    drop((tx, waits, snatches, goes));
    ledger.assert_each_dropped_once();
}

/// What the panic of `poll` says.
fn complaint<R>(poll: impl FnOnce() -> R) -> String {
    let poll = AssertUnwindSafe(|| drop(poll()));
    let panic = catch_unwind(poll).expect_err("it did not panic");
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).expect("a panic with a text")
}

#[test]
fn a_future_that_is_polled_after_its_end_says_which_it_is() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    for end in [false, true] {
        if end {
            tx = channel().0;
            rx = channel().1;
        }
        let mut send = || assert_eq!(tx.send(1).is_err(), end);
        send();
        let mut future = rx.recv_async();
        assert!(task.poll(&mut future).is_ready());
        let said = complaint(|| task.poll(&mut future));
        assert_eq!(said, "`RecvFuture` polled after it had finished");
        drop(future);

        send();
        let mut future = rx.recv_matching_async(|_| true);
        assert!(task.poll(&mut future).is_ready());
        let said = complaint(|| task.poll(&mut future));
        assert_eq!(said, "`RecvMatchingFuture` polled after it had finished");
    }
    let mut future = tx.closed();
    assert!(task.poll(&mut future).is_ready());
    let said = complaint(|| task.poll(&mut future));
    assert_eq!(said, "`ClosedFuture` polled after it had finished");
    drop(future);
    // Nothing else is wrong with any of the handles.
    assert_eq!(rx.try_recv(), Err(RecvError.into()));
    assert_eq!(tx.send(2), Err(SendError(2)));
}

/// Is it of that trait? Asked by which of two constants is found.
macro_rules! is {
    ($type:ty: $bound:path) => {{
        trait Otherwise {
            const ANSWER: bool = false;
        }
        struct Ask<T>(PhantomData<T>);
        impl<T> Otherwise for Ask<T> {}
        impl<T: $bound> Ask<T> {
            const ANSWER: bool = true;
        }
        // Both are there; only which one is found differs.
        assert!(<Ask<u8>>::ANSWER && !<Ask<u8> as Otherwise>::ANSWER);
        <Ask<$type>>::ANSWER
    }};
}

#[test]
fn the_futures_are_send_if_the_value_is_and_may_be_moved_in_any_case() {
    type Sends = Cell<u8>; // not `Sync`
    type Stays = Rc<u8>;
    type Wanted<T> = fn(&T) -> bool;

    assert!(is!(RecvFuture<'_, Sends>: Send));
    assert!(is!(RecvFuture<'_, Sends>: Unpin));
    assert!(is!(RecvMatchingFuture<'_, Sends, Wanted<Sends>>: Send));
    assert!(is!(RecvMatchingFuture<'_, Sends, PhantomPinned>: Unpin));
    assert!(is!(RecvFuture<'_, PhantomPinned>: Unpin));
    assert!(is!(Receiver<PhantomPinned>: Unpin));
    assert!(is!(Sender<PhantomPinned>: Unpin));
    assert!(is!(SharedSender<PhantomPinned>: Unpin));
    assert!(is!(ClosedFuture<'_>: Send));
    assert!(is!(ClosedFuture<'_>: Sync));
    assert!(is!(ClosedFuture<'_>: Unpin));

    assert!(!is!(PhantomPinned: Unpin), "the question can be answered with no");
    assert!(!is!(RecvFuture<'_, Stays>: Send));
    assert!(!is!(RecvFuture<'_, Stays>: Sync));
    assert!(!is!(RecvMatchingFuture<'_, Stays, Wanted<Stays>>: Send));
    assert!(!is!(RecvMatchingFuture<'_, Sends, Stays>: Send));
    assert!(!is!(SharedSender<Stays>: Send));
    assert!(!is!(SharedSender<Stays>: Sync));
    assert!(is!(SharedSender<Sends>: Send));
    assert!(is!(SharedSender<Sends>: Sync));
}

#[test]
fn a_predicate_that_may_not_be_moved_is_no_obstacle() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let pinned = (1, PhantomPinned);
    let mut future = rx.recv_matching_async(move |value| {
        let (wanted, PhantomPinned) = &pinned;
        value == wanted
    });
    assert!(task.poll(&mut future).is_pending());
    let mut moved = Box::new(future);
    tx.send(1).unwrap();
    assert_eq!(task.poll(&mut *moved), Poll::Ready(Ok(1)));
}

#[test]
fn values_that_borrow_pass_between_scoped_threads() {
    watched(|watch| {
        let text = String::from("borrowed for longer than the channel lives");
        let (mut tx, mut rx) = channel();
        thread::scope(|scope| {
            let _running = watch.running("both");
            scope.spawn(|| {
                for word in text.split(' ') {
                    tx.send(word).unwrap();
                }
                drop(tx);
            });
            let last = block_on(async {
                let mut last = "";
                while let Ok(word) = rx.recv_async().await {
                    last = word;
                }
                last
            });
            assert_eq!(last, "lives");
        });
    });
}

#[test]
fn a_value_that_stays_in_its_thread_can_be_sent_there() {
    let (mut tx, mut rx) = channel();
    tx.send(Rc::new(1)).unwrap();
    assert_eq!(at_once(rx.recv_async()), Ok(Rc::new(1)));
}

#[test]
fn the_futures_say_what_they_are() {
    struct Mute;
    let (tx, mut rx) = channel::<Mute>();
    assert_eq!(format!("{:?}", rx.recv_async()), "RecvFuture { .. }");
    assert_eq!(format!("{:?}", rx.recv_matching_async(|_| true)), "RecvMatchingFuture { .. }");
    assert_eq!(format!("{:?}", tx.closed()), "ClosedFuture { .. }");
    assert_eq!(format!("{:?}", tx.into_shared()), "SharedSender { .. }");
}

#[test]
fn closed_ends_with_the_last_receiver() {
    let task = Task::new();
    let (mut tx, rx) = channel();
    let mut other = rx.clone();
    tx.send(1).unwrap();
    let sender = tx.clone();
    let shared = tx.clone().into_shared();
    let (mut one, mut two) = (sender.closed(), shared.closed());
    assert!(task.poll(&mut one).is_pending());
    drop(rx);
    assert!(task.poll(&mut one).is_pending());
    assert!(task.poll(&mut two).is_pending());
    assert_eq!(other.try_recv(), Ok(1));
    assert_eq!(tx.send(2), Ok(None), "the futures do not disturb");
    assert!(task.poll(&mut two).is_pending());
    drop(other);
    assert!(task.poll(&mut one).is_ready());
    assert!(task.poll(&mut two).is_ready());
    assert_eq!(tx.send(3), Err(SendError(3)));
    at_once(tx.closed());
}

#[test]
fn closed_shows_what_the_receivers_did() {
    watched(|watch| {
        for round in rounds(500) {
            let _running = watch.running(format!("round {round}"));
            let (tx, rx) = channel::<u8>();
            let done = AtomicUsize::new(0);
            thread::scope(|scope| {
                for rx in [rx.clone(), rx] {
                    scope.spawn(|| {
                        done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        drop(rx);
                    });
                }
                block_on(async { join!(tx.closed(), tx.closed()) });
                assert_eq!(done.load(std::sync::atomic::Ordering::Relaxed), 2);
            });
        }
    });
}

#[test]
fn many_futures_of_one_channel_each_get_a_value() {
    use futures::StreamExt;

    let (mut tx, rx) = channel();
    let mut receivers = vec![rx; 20];
    let mut futures: FuturesUnordered<_> = receivers.iter_mut().map(Receiver::recv_async).collect();
    let task = Task::new();
    assert!(futures.poll_next_unpin(&mut task.context()).is_pending());
    task.seen();
    for sent in 0..20 {
        assert_eq!(tx.send(sent), Ok(None));
        assert_eq!(task.seen().woken, 1, "of value {sent}");
        assert_eq!(futures.poll_next_unpin(&mut task.context()), Poll::Ready(Some(Ok(sent))));
        // The others go on waiting.
        if sent < 19 {
            assert!(futures.poll_next_unpin(&mut task.context()).is_pending());
        }
        task.seen();
    }
    assert!(futures.is_empty());
}

/// What became of the values that each thread had to do with.
#[derive(Default)]
struct Fates {
    sent: AtomicUsize,
    displaced: AtomicUsize,
    returned: AtomicUsize,
    received: AtomicUsize,
    unwanted: AtomicUsize,
}

impl Fates {
    fn send<'l>(&self, tx: &mut Sender<Tracked<'l>>, value: Tracked<'l>) {
        self.sent.fetch_add(1, SeqCst);
        match tx.send(value) {
            Ok(None) => {}
            Ok(Some(stale)) => {
                assert!(stale.id() < usize::MAX);
                self.displaced.fetch_add(1, SeqCst);
            }
            Err(SendError(_)) => {
                self.returned.fetch_add(1, SeqCst);
            }
        }
    }

    fn receive(&self, value: &Tracked<'_>) {
        assert!(value.id() < usize::MAX);
        self.received.fetch_add(1, SeqCst);
    }

    /// When no value is left in the channel.
    fn assert_sum(&self) {
        let [sent, displaced, returned, received, unwanted] =
            [&self.sent, &self.displaced, &self.returned, &self.received, &self.unwanted]
                .map(|count| count.load(SeqCst));
        assert_eq!(sent, displaced + returned + received + unwanted);
    }
}

/// Receives until the end, with `recv_async` and the like in turns.
async fn receive_all(mut rx: Receiver<Tracked<'_>>, fates: &Fates) {
    for round in 0.. {
        let outcome = if round % 3 == 2 {
            let wanted = |value: &Tracked<'_>| {
                let wanted = value.id() % 2 == 0;
                fates.unwanted.fetch_add(usize::from(!wanted), SeqCst);
                wanted
            };
            rx.recv_matching_async(wanted).await
        } else if round % 3 == 1 {
            std::future::poll_fn(|cx| rx.poll_recv(cx)).await
        } else {
            rx.recv_async().await
        };
        match outcome {
            Ok(value) => fates.receive(&value),
            Err(RecvError) => break,
        }
    }
}

#[test]
fn futures_and_a_parked_thread_compete_and_each_value_has_one_fate() {
    const VALUES: usize = 3_000;
    watched(|watch| {
        let ledger = Ledger::new(2 * VALUES);
        let fates = Fates::default();
        let (tx, rx) = channel();
        thread::scope(|scope| {
            let (ledger, fates) = (&ledger, &fates);
            for (name, mut tx) in [("one", tx.clone()), ("other", tx)] {
                scope.spawn(move || {
                    let _running = watch.running(format!("{name} sender"));
                    for _ in rounds(VALUES) {
                        fates.send(&mut tx, ledger.issue());
                        thread::yield_now();
                    }
                });
            }
            let (one, two, three, mut parks) = (rx.clone(), rx.clone(), rx.clone(), rx);
            scope.spawn(move || {
                let _running = watch.running("two futures of one task");
                block_on(async { join!(receive_all(one, fates), receive_all(two, fates)) });
            });
            scope.spawn(move || {
                let _running = watch.running("a future");
                block_on(receive_all(three, fates));
            });
            let _running = watch.running("a thread that parks");
            parks.set_spin_limit(0);
            parks.iter().for_each(|value| fates.receive(&value));
        });
        fates.assert_sum();
        ledger.assert_each_dropped_once();
    });
}

#[test]
fn no_value_and_no_wake_is_lost_to_futures_that_come_and_go() {
    watched(|watch| {
        let ledger = Ledger::new(5_000);
        let fates = Fates::default();
        let (mut tx, rx) = channel();
        let (seen, came) = mpsc::channel();
        thread::scope(|scope| {
            let (ledger, fates) = (&ledger, &fates);
            let (mut parks, mut comes, mut waits) = (rx.clone(), rx.clone(), rx);
            let [one, two, three] = [(); 3].map(|()| seen.clone());
            drop(seen);
            scope.spawn(move || {
                let _running = watch.running("a thread that parks");
                parks.set_spin_limit(0);
                for value in parks {
                    fates.receive(&value);
                    one.send(()).unwrap();
                }
            });
            scope.spawn(move || {
                let _running = watch.running("a task that waits");
                block_on(async {
                    while let Ok(value) = waits.recv_async().await {
                        fates.receive(&value);
                        two.send(()).unwrap();
                    }
                });
            });
            scope.spawn(move || {
                let _running = watch.running("futures that come and go");
                let mut cx = Context::from_waker(Waker::noop());
                while !comes.is_closed() {
                    let mut future = comes.recv_async();
                    for _ in 0..2 {
                        thread::yield_now();
                        if let Poll::Ready(outcome) = Pin::new(&mut future).poll(&mut cx) {
                            if let Ok(value) = outcome {
                                fates.receive(&value);
                                three.send(()).unwrap();
                            }
                            break;
                        }
                    }
                }
            });
            let _running = watch.running("sender");
            for _ in rounds(5_000) {
                fates.send(&mut tx, ledger.issue());
                // Somebody must get it, before the next one comes.
                came.recv().unwrap();
            }
            drop(tx);
        });
        assert_eq!(fates.received.load(SeqCst), fates.sent.load(SeqCst));
        ledger.assert_each_dropped_once();
    });
}

#[test]
fn a_waker_that_outlives_the_channel_may_still_be_woken() {
    let task = Task::new();
    let (tx, mut rx) = channel::<u8>();
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    let kept = task.context().waker().clone();
    drop((tx, rx));
    assert_eq!(task.seen(), Seen { cloned: 2, woken: 1, dropped: 0 });
    kept.wake();
    assert_eq!(task.seen().woken, 1);
}

#[cfg(feature = "stream")]
mod streams {
    use super::*;
    use futures::{Stream, StreamExt, future::FusedFuture, select, stream::FusedStream};

    #[test]
    fn a_stream_yields_the_newest_and_ends_with_the_senders() {
        let task = Task::new();
        let (mut tx, mut rx) = channel();
        let next = |rx: &mut Receiver<_>| Pin::new(rx).poll_next(&mut task.context());
        assert_eq!(next(&mut rx), Poll::Pending);
        tx.send(1).unwrap();
        tx.send(2).unwrap();
        assert_eq!(next(&mut rx), Poll::Ready(Some(2)));
        assert_eq!(next(&mut rx), Poll::Pending);
        assert!(!rx.is_terminated());
        tx.send(3).unwrap();
        drop(tx);
        assert!(!rx.is_terminated(), "the last value is there");
        assert_eq!(next(&mut rx), Poll::Ready(Some(3)));
        assert!(!rx.is_terminated(), "the end has not been returned");
        for _ in 0..3 {
            assert_eq!(next(&mut rx), Poll::Ready(None));
            assert!(rx.is_terminated());
        }
    }

    #[test]
    fn each_receiver_returns_the_end_of_its_stream() {
        let task = Task::new();
        let next = |rx: &mut Receiver<_>| Pin::new(rx).poll_next(&mut task.context());
        let (mut tx, mut rx) = channel();
        let mut other = rx.clone();
        tx.send(1).unwrap();
        drop(tx);
        assert_eq!(other.try_recv(), Ok(1));
        assert!(!rx.is_terminated() && !other.is_terminated());
        assert_eq!(next(&mut rx), Poll::Ready(None));
        assert!(rx.is_terminated() && !other.is_terminated());
        let mut clone = rx.clone();
        assert!(!clone.is_terminated(), "a clone is a stream of its own");
        assert_eq!(next(&mut clone), Poll::Ready(None));
        assert!(clone.is_terminated());

        // Other calls that report the end are not the stream.
        assert_eq!(other.poll_recv(&mut task.context()), Poll::Ready(Err(RecvError)));
        assert_eq!(at_once(other.recv_async()), Err(RecvError));
        assert_eq!(other.recv(), Err(RecvError));
        assert!(!other.is_terminated());
        assert_eq!(at_once(other.collect::<Vec<_>>()), []);
    }

    #[test]
    fn a_select_returns_the_end_of_each_stream_once() {
        let (tx, mut rx) = channel::<u8>();
        let (other_tx, mut other) = channel::<u8>();
        drop((tx, other_tx));
        at_once(async {
            let mut ends = [0; 2];
            loop {
                select! {
                    value = rx.next() => {
                        assert_eq!(value, None);
                        ends[0] += 1;
                    }
                    value = other.next() => {
                        assert_eq!(value, None);
                        ends[1] += 1;
                    }
                    complete => break,
                }
            }
            assert_eq!(ends, [1; 2]);
        });
    }

    #[test]
    fn a_stream_that_ends_between_the_question_and_the_poll_may_be_polled() {
        let task = Task::new();
        let (mut tx, mut rx) = channel();
        let mut some = rx.select_next_some();
        assert!(!some.is_terminated());
        drop(tx);
        assert!(!some.is_terminated());
        assert!(task.poll(&mut some).is_pending());
        assert!(some.is_terminated());
        assert_eq!(task.seen().woken, 1, "`select!` asks again");

        // The last value, taken by another receiver in between.
        (tx, rx) = channel();
        let mut other = rx.clone();
        tx.send(1).unwrap();
        drop(tx);
        let mut some = rx.select_next_some();
        assert!(!some.is_terminated());
        assert_eq!(other.try_recv(), Ok(1));
        assert!(task.poll(&mut some).is_pending());
        assert!(some.is_terminated());
    }

    #[test]
    fn a_select_completes_whenever_the_last_sender_goes() {
        const ROUNDS: usize = 2000;
        watched(|watch| {
            let _running = watch.running("select");
            for round in rounds(ROUNDS) {
                let (mut tx, mut rx) = channel();
                let sender = thread::spawn(move || {
                    (0..round % 64).for_each(|_| std::hint::spin_loop());
                    tx.send(round).unwrap();
                });
                let mut values = Vec::new();
                block_on(async {
                    loop {
                        select! {
                            value = rx.select_next_some() => values.push(value),
                            complete => break,
                        }
                    }
                });
                assert_eq!(values, [round]);
                sender.join().unwrap();
            }
        });
    }

    #[test]
    fn the_futures_are_terminated_when_they_have_returned_and_not_before() {
        let task = Task::new();
        let (mut tx, mut rx) = channel();
        let mut one = rx.recv_async();
        assert!(!one.is_terminated());
        assert!(task.poll(&mut one).is_pending());
        assert!(!one.is_terminated());
        tx.send(1).unwrap();
        assert!(!one.is_terminated());
        assert!(task.poll(&mut one).is_ready());
        assert!(one.is_terminated());
        drop(one);

        let mut one = rx.recv_matching_async(|value| *value == 3);
        assert!(!one.is_terminated());
        tx.send(2).unwrap();
        assert!(task.poll(&mut one).is_pending());
        assert!(!one.is_terminated());
        tx.send(3).unwrap();
        assert!(task.poll(&mut one).is_ready());
        assert!(one.is_terminated());
        drop(one);

        let mut one = tx.closed();
        assert!(!one.is_terminated());
        assert!(task.poll(&mut one).is_pending());
        assert!(!one.is_terminated());
        drop(rx);
        assert!(!one.is_terminated());
        assert!(task.poll(&mut one).is_ready());
        assert!(one.is_terminated());

        // The other end, too.
        let (tx, mut rx) = channel::<u8>();
        drop(tx);
        let mut one = rx.recv_async();
        assert!(task.poll(&mut one).is_ready() && one.is_terminated());
        drop(one);
        let mut one = rx.recv_matching_async(|_| true);
        assert!(task.poll(&mut one).is_ready() && one.is_terminated());
    }

    #[test]
    fn a_select_over_three_channels_gets_all_values_and_completes() {
        const ROUNDS: usize = 300;
        watched(|watch| {
            let ledger = Ledger::new(3 * ROUNDS);
            let fates = Fates::default();
            let ((a_tx, mut a), (b_tx, mut b), (c_tx, mut c)) = (channel(), channel(), channel());
            thread::scope(|scope| {
                let (ledger, fates) = (&ledger, &fates);
                for (at, mut tx) in [a_tx, b_tx, c_tx].into_iter().enumerate() {
                    scope.spawn(move || {
                        let _running = watch.running(format!("sender {at}"));
                        // They end one after the other.
                        for _ in rounds(ROUNDS / (at + 1)) {
                            fates.send(&mut tx, ledger.issue());
                            thread::yield_now();
                        }
                    });
                }
                let _running = watch.running("select");
                let mut ends = 0;
                block_on(async {
                    loop {
                        let value: Option<Tracked<'_>> = select! {
                            value = a.next() => value,
                            value = b.next() => value,
                            value = c.next() => value,
                            complete => break,
                        };
                        match value {
                            Some(value) => fates.receive(&value),
                            None => ends += 1,
                        }
                    }
                });
                assert_eq!(ends, 3, "each stream returns its end once");
            });
            assert!([a, b, c].iter().all(FusedStream::is_terminated));
            fates.assert_sum();
            ledger.assert_each_dropped_once();
        });
    }

    #[test]
    fn a_select_of_futures_drops_the_losers_and_loses_nothing() {
        at_once(async {
            let ((mut a_tx, mut a), (mut b_tx, mut b)) = (channel(), channel());
            for sent in 0..20 {
                if sent % 2 == 0 { a_tx.send(sent) } else { b_tx.send(sent) }.unwrap();
                let got = select! {
                    value = a.recv_async() => value,
                    value = b.recv_matching_async(|_| true) => value,
                };
                assert_eq!(got, Ok(sent));
            }
            a_tx.send(20).unwrap();
            b_tx.send(21).unwrap();
            let mut both = [0, 0].map(|_: u8| 0);
            for got in &mut both {
                *got = select! {
                    value = a.recv_async() => value.unwrap(),
                    value = b.recv_async() => value.unwrap(),
                };
            }
            both.sort_unstable();
            assert_eq!(both, [20, 21]);
            // Finished futures are left out, until none is left.
            let (mut one, mut two) = (a.recv_async(), b.recv_async());
            drop((a_tx, b_tx));
            let mut ends = 0;
            for _ in 0..3 {
                select! {
                    end = one => ends += usize::from(end.is_err()),
                    end = two => ends += usize::from(end.is_err()),
                    complete => ends += 10,
                }
            }
            assert_eq!(ends, 12);
        });
    }
}

#[cfg(feature = "sink")]
mod sinks {
    use super::*;
    use futures::{Sink, SinkExt};

    /// Whatever was sent, at once: a sink that is never full.
    fn displaces<'l, S>(mut sink: S, mut rx: Receiver<Tracked<'l>>, ledger: &'l Ledger)
    where
        S: Sink<Tracked<'l>, Error = SendError<Tracked<'l>>> + Unpin,
    {
        let mut cx = Context::from_waker(Waker::noop());
        for sent in 0..4 {
            assert!(matches!(Pin::new(&mut sink).poll_ready(&mut cx), Poll::Ready(Ok(()))));
            assert!(Pin::new(&mut sink).start_send(ledger.issue()).is_ok());
            assert!(matches!(Pin::new(&mut sink).poll_flush(&mut cx), Poll::Ready(Ok(()))));
            assert_eq!(ledger.dropped(), (0..sent).collect::<Vec<_>>(), "what it displaced");
        }
        assert!(matches!(Pin::new(&mut sink).poll_close(&mut cx), Poll::Ready(Ok(()))));
        assert!(!rx.is_closed(), "closing a sink is not dropping it");
        assert_eq!(rx.try_recv().unwrap().id(), 3);
        at_once(async {
            assert!(sink.send(ledger.issue()).await.is_ok());
            assert!(sink.close().await.is_ok());
            assert!(sink.send(ledger.issue()).await.is_ok(), "it is open");
            assert_eq!(rx.recv_async().await.unwrap().id(), 5);
            drop(rx);
            let Err(SendError(back)) = sink.send(ledger.issue()).await else {
                panic!("nobody can receive it");
            };
            assert_eq!(back.id(), 6);
        });
        drop(sink);
        ledger.assert_each_dropped_once();
    }

    #[test]
    fn a_sender_is_a_sink_that_is_always_ready() {
        let ledger = Ledger::new(7);
        let (tx, rx) = channel();
        displaces(tx, rx, &ledger);
    }

    #[test]
    fn a_shared_sender_is_one_too() {
        let ledger = Ledger::new(7);
        let (tx, rx) = channel();
        displaces(tx.into_shared(), rx, &ledger);
    }
}
